import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const LEVELS = {
    attention: {css: "text-warning-emphasis", icon: "fa-exclamation-circle"},
    bad: {css: "text-danger", icon: "fa-exclamation-triangle"},
};

/** The few figures an approver decides on, as the document declares them. */
export class ApprovalFiguresField extends Component {
    static template = "crm_extension.ApprovalFiguresField";
    static props = {...standardFieldProps};

    get figures() {
        return this.props.record.data[this.props.name];
    }

    /** What a change request asks for. */
    get changes() {
        return this.figures.changes || [];
    }

    look(level) {
        return LEVELS[level] || {css: "", icon: ""};
    }
}

registry.category("fields").add("crm_approval_figures", {
    component: ApprovalFiguresField,
    supportedTypes: ["json"],
});
