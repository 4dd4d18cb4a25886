import {registry} from "@web/core/registry";
import {
    click,
    see,
    seeBanner,
    seeMessage,
    seePoint,
    type,
} from "./approval_tour_utils.esm";

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

/** The cursor stands in a field, once whatever moves it has done so. */
function seeCursor(name) {
    return {
        content: `The cursor is in ${name}`,
        trigger: `.o_field_widget[name="${name}"]`,
        async run({anchor}) {
            for (let turn = 0; turn < 50; turn++) {
                if (anchor.contains(document.activeElement)) {
                    return;
                }
                await new Promise((resolve) => setTimeout(resolve, 100));
            }
            throw new Error(`The cursor is in ${document.activeElement?.outerHTML}`);
        },
    };
}

tours.add("crm_extension_salesperson_is_led_to_what_is_missing", {
    steps: () => [
        click("Ask for the release", 'button[name="action_approval_request"]'),
        ...seeMessage("Reference, Street"),
        // On a page of the form that was not open.
        seeCursor("ref"),
        type("Fill it in", '.o_field_widget[name="ref"] input', "A-1"),
        click("Ask again", 'button[name="action_approval_request"]'),
        ...seeMessage("Street"),
        seeCursor("street"),
    ],
});

const TIER = '.modal .o_data_row:contains("Agreed Tier")';
const UNTIL = '.modal .o_data_row:contains("Agreed until")';

tours.add("crm_extension_salesperson_requests_a_tier", {
    steps: () => [
        click("Why this tier", '.nav-link[name="crm_tier"]'),
        see("The points are told", ".o_crm_tier_panel"),
        click(
            "Ask for another one",
            'button[name="action_approval_propose_change"]:contains("Request a tier")'
        ),
        click("The new tier", `${TIER} td[name="value_reference"]`),
        type("Type it", `${TIER} td[name="value_reference"] input`, "Gold"),
        click("Choose it", '.o-autocomplete--dropdown-item:contains("Gold")'),
        type("Say why", '.modal [name="reason"] textarea', "They open three shops"),
        see("Who is asked", '.modal [name="preview"]:contains("Manager")'),
        click("Ask", '.modal button[name="action_ask"]'),
        // The dialog stays, with everything that was entered.
        see("It wants an end", '.modal .modal-body:contains("Until when")'),
        click("Close the message", ".modal:not(:has([name=reason])) .modal-footer button"),
        see("What was typed is there", `${TIER}:contains("Gold")`),
        click("The last day", `${UNTIL} td[name="value_date"]`),
        type("Type it", `${UNTIL} td[name="value_date"] input`, "12/31/2099"),
        click("Ask again", '.modal button[name="action_ask"]'),
        seeBanner("pending", "Gold"),
        seePoint("waiting", "Sales Manager", "Manager"),
    ],
});

const row = (name) => `.o_data_row:contains("${name}")`;

tours.add("crm_extension_customers_are_seen_side_by_side", {
    steps: () => [
        see("Tier and points", `${row("Azure Interior")}:contains("Gold"):contains("75")`),
        see("The points rise", `${row("Azure Interior")}:contains("Rising")`),
        see("Somebody else is there", row("Lumber Inc")),
        click("Only those of a tier", '.o_search_panel_category_value header:contains("Gold")'),
        see("The others are gone", `.o_list_view:not(:has(${row("Lumber Inc")}))`),
        see("It is still there", row("Azure Interior")),
        click("By tier", ".o_switch_view.o_kanban"),
        see(
            "It stands below its tier",
            '.o_kanban_group:contains("Gold") .o_kanban_record:contains("Azure Interior")'
        ),
        click("Open it", '.o_kanban_record:contains("Azure Interior")'),
        see("The form is open", '.o_form_view [name="child_ids"]'),
    ],
});
