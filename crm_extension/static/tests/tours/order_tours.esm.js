import {click, openFromApps, see} from "./approval_tour_utils.esm";
import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const column = (name) => `.o_kanban_group:has(.o_column_title:contains("${name}"))`;

tours.add("crm_extension_salesperson_opens_a_late_order", {
    url: "/odoo",
    steps: () => [
        ...openFromApps(
            "crm_extension_menu_root",
            "crm_order_menu",
            "crm_order_execution_menu_board"
        ),
        see("Nothing is held", `${column("Blocked")}:not(:has(.o_kanban_record))`),
        see(
            "What is late says why",
            `${column("Late")} .o_kanban_record:contains("Delivered 3 of 5, 2 reserved")`
        ),
        click(
            "Open the late one",
            `${column("Late")} .o_kanban_record:contains("Azure Interior")`
        ),
        see(
            "It is delivered in part",
            '.o_crm_progress [data-stage="delivered"][data-state="now"]:contains("3 of 5")'
        ),
        see("The rest is there", '[data-stage="reserved"][data-state="done"]'),
        see("What comes next", '.o_crm_next_step:contains("Deliver 2, due on")'),
        click("Back to the board", ".o_breadcrumb .o_back_button, .o_back_button"),
        see("It is still late", `${column("Late")} .o_kanban_record`),
    ],
});
