import {click, see, type} from "./approval_tour_utils.esm";
import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

const card = (name) => `.o_kanban_record:contains("${name}")`;

tours.add("crm_extension_salesperson_takes_a_customer", {
    steps: () => [
        click("Take it", `${card("Free Mill")} button[name="action_crm_claim"]`),
        see(
            "It is in the pool no longer",
            `.o_kanban_view:not(:has(${card("Free Mill")}))`
        ),
    ],
});

tours.add("crm_extension_leader_hands_customers_over", {
    steps: () => [
        click("Who leaves?", '[name="from_id"] input'),
        click("The salesperson", `.modal:not(.o_inactive_modal) ${card("Sales")}`),
        see("The opportunity goes along", `${card("Sam's Mill")}:contains("Hall")`),
        see("The new one, too", card("Free Mill")),
        click("Open one of them", card("Sam's Mill")),
        click("Who gets it?", '.modal:not(.o_inactive_modal) [name="to_id"] input'),
        click("A colleague", `.modal:not(.o_inactive_modal) ${card("Sales3")}`),
        click("Keep that", ".modal:not(.o_inactive_modal) .o_form_button_save"),
        see("It goes to the colleague", `${card("Sam's Mill")}:contains("Sales3")`),
        type("Why", '[name="note"] input', "Leaves in March"),
        click("Hand over", 'button[name="action_hand_over"]'),
        see("Done", "body:not(:has(.modal))"),
    ],
});
