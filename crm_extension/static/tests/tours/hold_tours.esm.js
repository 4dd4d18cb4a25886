import {click, see, seeNoButton, type} from "./approval_tour_utils.esm";
import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

tours.add("crm_extension_warehouse_asks_for_a_held_delivery", {
    steps: () => [
        click("It is in the list", '.o_data_row:contains("Azure Interior") .o_data_cell'),
        see("It says why", '.alert-warning:contains("over the credit limit")'),
        seeNoButton("button_validate"),
        type("Say why it should leave", '[name="crm_approval_reason"] textarea', "Truck waits"),
        click("Ask", 'button[name="action_approval_request"]:contains("Ask for release")'),
        see("Finance has it now", '.alert-warning:contains("It waits for Finance")'),
    ],
});

tours.add("crm_extension_finance_releases_a_delivery", {
    steps: () => [
        click("Open the inbox", ".o_crm_inbox_systray .o_crm_inbox_button"),
        click("Read it", '.o_data_row:contains("Azure Interior") td[name="summary"]'),
        see("By how much", '.o_crm_figures:contains("Over the credit limit")'),
        click("Approve", 'button[name="action_approve"]'),
        see("Nothing is left", '.o_nocontent_help:contains("Nothing waits")'),
    ],
});

tours.add("crm_extension_warehouse_validates_what_is_released", {
    steps: () => [
        see("Nothing is held", '.o_form_view:not(:has(.alert-warning))'),
        click("Validate", 'button[name="button_validate"]:visible'),
        see("It has left", '.o_arrow_button_current:contains("Done")'),
    ],
});
