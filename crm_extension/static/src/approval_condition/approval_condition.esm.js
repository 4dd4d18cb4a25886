import {DomainField, domainField} from "@web/views/fields/domain/domain_field";
import {DomainSelector} from "@web/core/domain_selector/domain_selector";
import {registry} from "@web/core/registry";

/** What can be compared without being searched for. */
const FIGURES = new Set(["boolean", "float", "integer", "monetary", "selection"]);

/** Lists the figures that no search can look for among the fields to choose from. */
export class ApprovalConditionSelector extends DomainSelector {
    /** @override */
    getPathEditorInfo(...args) {
        const info = super.getPathEditorInfo(...args);
        return {
            ...info,
            extractProps: (params) => ({
                ...info.extractProps(params),
                filter: ({searchable, type}) =>
                    FIGURES.has(type) ||
                    (searchable && type !== "json" && type !== "separator"),
            }),
        };
    }
}

/**
 * A condition on documents. The server evaluates it on the document in hand, so it may
 * name figures that no search can look for; Odoo's own widget would call it invalid.
 */
export class ApprovalConditionField extends DomainField {
    static template = "crm_extension.ApprovalConditionField";
    static components = {
        ...DomainField.components,
        DomainSelector: ApprovalConditionSelector,
    };

    /** @override: no search, so no count */
    async checkProps(props = this.props) {
        const isValid = await this.quickValidityCheck(props);
        this.updateState({isValid, recordCount: 0});
    }

    /** @override: the server says what is wrong with it when it is saved */
    async quickValidityCheck(props) {
        return Boolean(this.getResModel(props)) && !this.getEvaluatedDomain(props).isInvalid;
    }
}

registry.category("fields").add("crm_approval_condition", {
    ...domainField,
    component: ApprovalConditionField,
});
