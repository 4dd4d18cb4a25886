import {registry} from "@web/core/registry";
import {click, openFromApps, see} from "./approval_tour_utils.esm";

const row = (text, more) =>
    `.o_field_widget[name="line_ids"] .o_data_row:contains("${text}"):contains("${more}")`;

registry.category("web_tour.tours").add("crm_extension_warehouse_shares_scarce_stock", {
    steps: () => [
        ...openFromApps(
            "crm_extension_menu_root",
            "crm_delivery_menu",
            "crm_scarce_stock_menu"
        ),
        see("Five are left", '.o_data_row:contains("Chair"):contains("12.00")'),
        click(
            "Who gets them?",
            '.o_data_row:contains("Chair") button[name="action_propose"]'
        ),
        see("Nothing has changed", '.alert-info:contains("nothing has changed yet")'),
        see("The best customer first", row("Customer A", "All of it")),
        see("And why", row("Customer A", "customer tier A before B")),
        see("What is left", row("Customer B", "A part")),
        see("Nothing for the last", row("Customer C", "Nothing is left")),
        click("Apply it", 'button[name="action_apply"]'),
        click("For sure", ".modal .btn-primary"),
        see("It is applied", '.o_arrow_button_current:contains("Applied")'),
        see("Once only", '.o_form_view:not(:has(button[name="action_apply"]))'),
    ],
});

registry.category("web_tour.tours").add("crm_extension_warehouse_sees_who_came_first", {
    steps: () => [
        click("Why so few?", 'button[name="action_crm_who_first"]'),
        see("Others came first", '.o_data_row:contains("Nothing is left")'),
    ],
});
