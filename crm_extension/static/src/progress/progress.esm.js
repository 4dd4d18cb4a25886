import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const LOOKS = {
    done: {icon: "fa-check-circle", css: "text-success"},
    now: {icon: "fa-dot-circle-o", css: "text-info"},
    refused: {icon: "fa-times-circle", css: "text-danger"},
    later: {icon: "fa-circle-o", css: "text-muted"},
};

/** How far an order has got, from the question to the payment. */
export class ProgressField extends Component {
    static template = "crm_extension.ProgressField";
    static props = {...standardFieldProps};

    get stages() {
        return this.props.record.data[this.props.name] || [];
    }

    look(stage) {
        return LOOKS[stage.state];
    }
}

registry.category("fields").add("crm_progress", {
    component: ProgressField,
    supportedTypes: ["json"],
});
