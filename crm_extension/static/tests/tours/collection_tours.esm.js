import {click, see, type} from "./approval_tour_utils.esm";
import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const LINES = '[name="crm_collection_line_ids"]';
const line = (number) => `${LINES} .o_data_row:eq(${number})`;

tours.add("crm_extension_salesperson_plans_the_collection", {
    steps: () => [
        click("Open the collection", 'a[name="crm_collection"]'),
        click("Make the plan", 'button[name="action_crm_plan_from_terms"]'),
        see(
            "What came in pays the first line",
            `${line(0)}:contains("1,350.00"):contains("Received")`
        ),
        see("The second is open", `${line(1)}:contains("3,150.00"):contains("Not Due")`),
        see("What was paid is told", '[name="crm_amount_paid"]:contains("1,350.00")'),
        click("Change the second line", `${line(1)} td[name="amount"]`),
        type(
            "Less of it in April",
            `${LINES} .o_selected_row [name="amount"] input`,
            "3000"
        ),
        click("Leave the line", 'a[name="crm_collection"]'),
        see(
            "The rest is not planned yet",
            '[name="crm_collection_difference"]:contains("150.00")'
        ),
        click("Add a line", `${LINES} .o_field_x2many_list_row_add a`),
        see(
            "It takes what is missing",
            `${LINES} .o_selected_row [name="amount"] input:value("150.00")`
        ),
        type("What it is for", `${LINES} .o_selected_row [name="note"] input`, "Setup"),
        click("Leave the line", 'a[name="crm_collection"]'),
        click("Save", ".o_form_button_save"),
        see("It is saved", ".o_form_saved, .o_form_status_indicator_buttons.invisible"),
    ],
});
