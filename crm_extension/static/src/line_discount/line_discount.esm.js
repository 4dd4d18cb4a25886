import {FloatField, floatField} from "@web/views/fields/float/float_field";
import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const LOOKS = {
    within: "text-bg-success",
    above: "text-bg-warning",
    refused: "text-bg-danger",
};

/**
 * What room a line of a quotation leaves. A confirmed order shows none: it has been
 * decided.
 */
export class DiscountBadge extends Component {
    static template = "crm_extension.DiscountBadge";
    static props = {record: Object};

    get badge() {
        const {crm_discount_badge: badge, state} = this.props.record.data;
        return state !== "sale" && badge;
    }

    get look() {
        return LOOKS[this.badge.state];
    }

    get why() {
        return this.badge.why.join("\n");
    }
}

export class DiscountBadgeField extends Component {
    static template = "crm_extension.DiscountBadgeField";
    static components = {DiscountBadge};
    static props = {...standardFieldProps};
}

/**
 * A line's discount, and below it what room it leaves. A column of its own would not fit
 * beside the conversation.
 */
export class LineDiscountField extends FloatField {
    static template = "crm_extension.LineDiscountField";
    static components = {DiscountBadge};
}

const state = {name: "state", type: "selection"};

registry.category("fields").add("crm_discount_badge", {
    component: DiscountBadgeField,
    supportedTypes: ["json"],
    fieldDependencies: [state],
});

registry.category("fields").add("crm_line_discount", {
    ...floatField,
    component: LineDiscountField,
    fieldDependencies: [{name: "crm_discount_badge", type: "json"}, state],
});
