import {registry} from "@web/core/registry";
import {click, press, see, type} from "./approval_tour_utils.esm";

const tours = registry.category("web_tour.tours");

const BADGE = ".o_crm_inbox_systray .o_crm_inbox_button";
const row = (name) => `.o_crm_inbox .o_data_row:contains("${name}")`;
const atHand = (name) => `${row(name)}:has(td:focus)`;

const openByBadge = (count) => [
    see(`${count} wait`, `.o_crm_inbox_systray .badge:contains("${count}")`),
    click("Open the inbox by its number", BADGE),
    see("As many on the tab", `.nav-link.active .badge:contains("${count}")`),
];

tours.add("crm_extension_manager_works_with_the_keys", {
    steps: () => [
        ...openByBadge(3),
        see("The keys are told", '.o_crm_keys:contains("approve")'),
        press("Take the first", ".o_crm_inbox .o_list_renderer", "j"),
        see("It is at hand", atHand("Adams")),
        press("The next", atHand("Adams"), "j"),
        press("And back", atHand("Brown"), "k"),
        press("Approve it", atHand("Adams"), "a"),
        see("It is gone", `.o_crm_inbox:not(:has(.o_data_row:contains("Adams")))`),
        see("Two wait", '.o_crm_inbox_systray .badge:contains("2")'),
        see("The next is at hand", atHand("Brown")),

        press("Reject it", atHand("Brown"), "r"),
        see("No reason, no rejection", ".modal .btn-danger:disabled"),
        type("Say why", ".modal .o_crm_reason", "Not for this customer"),
        click("Reject", ".modal .btn-danger:enabled"),
        see("It is gone", `.o_crm_inbox:not(:has(.o_data_row:contains("Brown")))`),

        see("The last is at hand", atHand("Clark")),
        press("Read it", atHand("Clark"), "Enter"),
        see("Its figures", ".o_form_view .o_crm_figures"),
        press("Reject it here", ".o_form_view", "r"),
        click("Or rather not", '.modal .btn-secondary:contains("Cancel")'),
        see("The question is gone", "body:not(:has(.modal))"),
        press("Approve it", ".o_form_view", "a"),
        see("Back in the empty inbox", '.o_nocontent_help:contains("Nothing waits")'),
        see("No number any more", ".o_crm_inbox_systray:not(:has(.badge))"),
    ],
});

tours.add("crm_extension_manager_decides_several", {
    steps: () => [
        ...openByBadge(3),
        click("Tick all", ".o_list_view thead .o_list_record_selector input"),
        click("Approve them", '.o_crm_approve_ticked:contains("Approve 3")'),
        see("A line for each", ".o_crm_report li:nth-child(3)"),
        see("One was refused", '.o_crm_report li[data-ok="no"]:contains("gain from it")'),
        see("Two were done", '.modal-header:contains("2 of 3 done")'),
        click("Close the report", ".modal .btn-primary"),
        see("One is left", '.nav-link.active .badge:contains("1")'),

        click("What was decided", '.nav-link[data-tab="decided"]'),
        see("Both are there", ".o_crm_inbox .o_data_row:nth-child(2)"),
        see("The tab is open", '.nav-link.active[data-tab="decided"]'),
        click("What the team is asked", '.nav-link[data-tab="team"]'),
        see("Nothing", '.o_nocontent_help:contains("Nobody in your team")'),
        click("What was asked", '.nav-link[data-tab="asked"]'),
        see("Nothing either", '.o_nocontent_help:contains("not asked for anything")'),
        see("The tabs are here too", '.nav-link[data-tab="mine"] .badge:contains("1")'),
        click("Back", '.nav-link[data-tab="mine"]'),
        see("The one that is left", row("Clark")),
    ],
});

tours.add("crm_extension_manager_goes_on_to_the_next", {
    steps: () => [
        ...openByBadge(3),
        click("Open the first", `${row("Adams")} td[name="summary"]`),
        press("Turn the page", '.o_form_view:contains("Adams")', "j"),
        press("And back", '.o_form_view:contains("Brown")', "k"),
        see("The first again", '.o_form_view:contains("Adams")'),
        click("Approve", 'button[name="action_approve"]'),
        see("The next is here", '.o_form_view:contains("Brown")'),
        see("He is told", '.o_notification:contains("Approved")'),
        click("Reject it", 'button[name="action_reject"]'),
        type("Say why", ".modal .o_crm_reason", "Not for this customer"),
        click("Reject", ".modal .btn-danger:enabled"),
        see("And the next", '.o_form_view:contains("Clark")'),
    ],
});

const STALE = '.o_notification:contains("has changed since you opened it")';

tours.add("crm_extension_manager_decides_on_what_has_changed", {
    steps: () => [
        see("What was asked", '.o_form_view h3:contains("25 % on Chair")'),
        type("A word on it", '[name="comment"] textarea', "Fine by me"),
        click("Approve", 'button[name="action_approve"]'),
        see("It is not what it was", STALE),
        see("What is asked now", '.o_form_view h3:contains("30 % on Chair")'),
        press("Approve that", ".o_form_view", "a"),
        see("Now it is done", '.o_notification:contains("Approved")'),
    ],
});

tours.add("crm_extension_manager_decides_in_a_list_that_has_changed", {
    steps: () => [
        click("Approve one", `${row("Adams")} .o_crm_approve`),
        see("It is not what it was", STALE),
        see("The list is read anew", '.o_data_row:contains("30 % on Chair")'),
        click("Tick all", ".o_list_view thead .o_list_record_selector input"),
        click("Reject them", '.o_crm_reject_ticked:contains("Reject 3")'),
        type("Say why", ".modal .o_crm_reason", "Not for these customers"),
        click("Reject", ".modal .btn-danger:enabled"),
        see("One has changed", '.o_crm_report li[data-ok="no"]:contains("has changed")'),
        see("Two were done", '.modal-header:contains("2 of 3 done")'),
    ],
});

const card = (name) => `.o_crm_inbox_cards .o_kanban_record:contains("${name}")`;
const cardAtHand = (name) => `${card(name)}:focus`;

tours.add("crm_extension_manager_works_with_the_keys_on_cards", {
    steps: () => [
        ...openByBadge(3),
        click("As cards", "button.o_switch_view.o_kanban"),
        see("The keys are told here too", '.o_crm_keys:contains("approve")'),
        press("Take the first", card("Adams"), "j"),
        see("It is at hand", cardAtHand("Adams")),
        press("The next", cardAtHand("Adams"), "j"),
        press("And back", cardAtHand("Brown"), "k"),
        press("Approve it", cardAtHand("Adams"), "a"),
        see("It is gone", '.o_crm_inbox_cards:not(:contains("Adams"))'),
        see("The next is at hand", cardAtHand("Brown")),
        press("Reject it", cardAtHand("Brown"), "r"),
        type("Say why", ".modal .o_crm_reason", "Not for this customer"),
        click("Reject", ".modal .btn-danger:enabled"),
        see("It is gone", '.o_crm_inbox_cards:not(:contains("Brown"))'),
        see("The last is at hand", cardAtHand("Clark")),
        press("Read it", cardAtHand("Clark"), "Enter"),
        see("Its figures", ".o_form_view .o_crm_figures"),
    ],
});

/** From now on what the server says arrives: the connection stands. */
async function waitUntilHeard() {
    const bus = odoo.__WOWL_DEBUG__.root.env.services.bus_service;
    while (bus.workerState !== "CONNECTED") {
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

tours.add("crm_extension_manager_sees_the_number_change", {
    steps: () => [
        {
            content: "The server can say what changes",
            trigger: ".o_crm_inbox_systray:not(:has(.badge))",
            run: () => waitUntilHeard(),
        },
        {
            content: "Nothing waits; now a colleague asks",
            trigger: ".o_crm_inbox_systray:not(:has(.badge))",
            run: () => console.log("a colleague asks now"),
        },
        {
            ...see("The number is there", '.o_crm_inbox_systray .badge:contains("1")'),
            // The colleague's request waits until the server has made its files.
            timeout: 40000,
        },
    ],
});

tours.add("crm_extension_manager_arrives_by_mail", {
    steps: () => [
        see("What is asked", '.o_form_view h3:contains("25 % on Chair")'),
        see("He may answer", 'button[name="action_approve"]'),
        click("The inbox is one step up", '.o_breadcrumb a:contains("Approvals")'),
        see("The same item", '.o_crm_inbox .o_data_row:contains("Chair")'),
    ],
});

tours.add("crm_extension_somebody_else_arrives_by_mail", {
    steps: () => [
        see("He is told", '.o_notification:contains("asked of somebody else")'),
    ],
});
