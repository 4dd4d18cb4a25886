import {click, see} from "./approval_tour_utils.esm";
import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("crm_extension_salesperson_starts_the_day", {
    steps: () => [
        see("Who it is", '.o_crm_start h1:contains("Sales")'),
        click("What is late", '.o_crm_start_card[data-card="late"]'),
        see("The board of it", ".o_kanban_view .o_kanban_record, .o_list_view .o_data_row"),
        see("Filtered", '.o_searchview_facet:contains("Late")'),
    ],
});
