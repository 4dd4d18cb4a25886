import {click, openFromApps, see, seeBanner, seeNoButton} from "./approval_tour_utils.esm";
import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

/** Where the return stands. */
const seeState = (name) =>
    see(`It is ${name}`, `.o_form_view .o_arrow_button_current:contains("${name}")`);

const openReturns = (menu) =>
    openFromApps("crm_extension_menu_root", "crm_return_menu", menu);

tours.add("crm_extension_salesperson_asks_for_a_return", {
    steps: () => [
        click("Return", 'button[name="action_crm_return"]'),
        see("What may come back", '.o_data_row:contains("Desk"):contains("10.00")'),
        click("Why", '[name="reason_id"] input'),
        click("It is broken", 'ul.ui-autocomplete a:contains("Defective")'),
        click("Open the quantity", '.o_data_row td[name="quantity"]'),
        {
            content: "Four of them",
            trigger: '.o_selected_row [name="quantity"] input',
            run: "edit 4",
        },
        click("Leave the line", 'a[name="lines"]'),
        see("What it is worth", '.o_data_row:contains("1,620.00")'),
        click("Save", ".o_form_button_save"),
        seeBanner("needed", "Needs approval"),
        seeNoButton("action_release"),
        click("Ask", 'button[name="action_approval_request"]'),
        seeBanner("pending", "Waiting for approval"),
        seeState("To Approve"),
        seeNoButton("action_refund"),
    ],
});

tours.add("crm_extension_finance_agrees_on_a_return", {
    steps: () => [
        click("Open it", '.o_data_row td:contains("Defective")'),
        see("How much", '.o_crm_figures:contains("1,620.00")'),
        see("Of which", '.o_crm_figures tr:contains("Desk"):contains("4")'),
        click("Approve", 'button[name="action_approve"]'),
        see("The inbox is empty", '.o_nocontent_help:contains("Nothing waits")'),
    ],
});

tours.add("crm_extension_warehouse_receives_a_return", {
    steps: () => [
        ...openReturns("crm_return_order_menu_receive"),
        click("Open it", '.o_data_row td:contains("Azure Interior")'),
        seeState("To Receive"),
        seeNoButton("action_cancel"),
        click("The receipt", 'button[name="action_view_receipts"]'),
        see("Which return", '[name="crm_return_id"]:contains("RET/")'),
        click("It has come", 'button[name="button_validate"]:visible'),
        see("It is in", '.o_arrow_button_current:contains("Done")'),
    ],
});

tours.add("crm_extension_finance_refunds_a_return", {
    steps: () => [
        ...openReturns("crm_return_order_menu_refund"),
        click("Open it", '.o_data_row td:contains("Azure Interior")'),
        seeState("To Refund"),
        click("Credit it", 'button[name="action_credit"]'),
        see("What is credited", '[name="invoice_line_ids"]:contains("1,620.00")'),
        click("Post it", 'button[name="action_post"]'),
        see("It is posted", '.o_arrow_button_current:contains("Posted")'),
        click("Back to the return", '.o_back_button, .o_breadcrumb a:contains("RET/")'),
        click("Refund", 'button[name="action_refund"]'),
        click("Pay", '.modal button[name="action_create_payments"]'),
        seeState("Done"),
        see(
            "Nothing is open",
            '.o_crm_return_account [name="amount_refunded"]:contains("1,620.00")'
        ),
    ],
});
