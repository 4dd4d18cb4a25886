import {DomainField, domainField} from "@web/views/fields/domain/domain_field";
import {registry} from "@web/core/registry";

/**
 * A condition on documents. The server evaluates it on the document in hand, so it may
 * name figures that no search can look for; Odoo's own widget would call it invalid.
 */
export class ApprovalConditionField extends DomainField {
    static template = "crm_extension.ApprovalConditionField";

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
