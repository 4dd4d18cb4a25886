import {FloatField, floatField} from "@web/views/fields/float/float_field";
import {registry} from "@web/core/registry";

const LOOKS = {
    within: "text-bg-success",
    above: "text-bg-warning",
    refused: "text-bg-danger",
};

/**
 * A line's discount, and below it what room it leaves. A column of its own would not fit
 * beside the conversation.
 */
export class LineDiscountField extends FloatField {
    static template = "crm_extension.LineDiscountField";

    /** Of a quotation only: a confirmed order has been decided. */
    get note() {
        const {crm_discount_note: note, state} = this.props.record.data;
        return state !== "sale" && note;
    }

    get look() {
        return LOOKS[this.props.record.data.crm_discount_state];
    }
}

registry.category("fields").add("crm_line_discount", {
    ...floatField,
    component: LineDiscountField,
    fieldDependencies: [
        {name: "crm_discount_note", type: "char"},
        {name: "crm_discount_state", type: "selection"},
        {name: "state", type: "selection"},
    ],
});
