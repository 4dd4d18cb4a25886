import {registry} from "@web/core/registry";
import {click, see, type} from "./approval_tour_utils.esm";

const tours = registry.category("web_tour.tours");

const person = (name) => `.o_crm_tree_person:contains("${name}")`;
const below = (superior, name) =>
    `.o_crm_tree_branch:has(> ${person(superior)}) > ul > .o_crm_tree_branch > ${person(name)}`;

/** As the browser does it, with a burden that the helpers of tours do not carry. */
function drag(from, to) {
    const carried = {bubbles: true, cancelable: true, dataTransfer: new DataTransfer()};
    from.dispatchEvent(new DragEvent("dragstart", carried));
    const over = new DragEvent("dragover", carried);
    to.dispatchEvent(over);
    if (over.defaultPrevented) {
        to.dispatchEvent(new DragEvent("drop", carried));
    }
    from.dispatchEvent(new DragEvent("dragend", carried));
}

tours.add("crm_extension_salesperson_draws_who_decides", {
    steps: () => [
        see("Nobody is above Ms Wang", `.o_crm_tree_tops > li > ${person("Wang")}`),
        type("Something that is not saved", '[name="website"] input', "azure.example.com"),

        click("Open the choice", `${person("Li")} .o_crm_tree_edit`),
        {
            content: "Choose the superior",
            trigger: ".o_crm_tree_choice select",
            run: "selectByLabel Wang",
        },
        see("Mr Li stands below her", below("Wang", "Li")),

        {
            content: "Put Ms Zhou on Mr Li",
            trigger: person("Zhou"),
            run(helpers) {
                drag(helpers.anchor, helpers.queryOne(person("Li")));
            },
        },
        see("She stands below him", below("Li", "Zhou")),

        click("Open the choice of Ms Wang", `${person("Wang")} .o_crm_tree_edit`),
        see(
            "Nobody below her is offered",
            '.o_crm_tree_choice select:not(:has(option:contains("Li")))'
        ),
        see(
            "What was typed is saved",
            ".o_form_status_indicator:has(.o_form_status_indicator_buttons.invisible)"
        ),
    ],
});

tours.add("crm_extension_colleague_looks_up_a_customer", {
    steps: () => [
        type("Look for it", ".o_searchview_input", "Newcomer"),
        {content: "Search", trigger: ".o_searchview_input", run: "press Enter"},
        see(
            "Who looks after it is told",
            '.o_data_row:contains("Newcomer Ltd"):contains("Sales"):contains("Not released yet")'
        ),
    ],
});
