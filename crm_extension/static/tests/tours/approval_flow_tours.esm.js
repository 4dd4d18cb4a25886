import {registry} from "@web/core/registry";
import {click, see, seeBanner, seeNoButton, seePoint, type} from "./approval_tour_utils.esm";

const tours = registry.category("web_tour.tours");
const TERM = '.modal .o_data_row:contains("Payment Terms")';

/** The one thing that waits, opened from the inbox, with what is asked. */
const open = (text) => [
    click("Open it", `.o_crm_inbox .o_data_row td[name="summary"]:contains("${text}")`),
    see("What is asked", `.o_form_view h3:contains("${text}")`),
];

const approve = (comment) => [
    type("Say something", ".o_crm_comment textarea", comment),
    click("Approve", 'button[name="action_approve"]'),
    see("The inbox is empty", '.o_nocontent_help:contains("Nothing waits")'),
];

tours.add("crm_extension_accountant_asks_for_a_credit_note", {
    steps: () => [
        seeBanner("needed", "Credits"),
        seeNoButton("action_post"),
        type("Say why", '[name="crm_approval_reason"] textarea', "A desk came back"),
        click("Ask", 'button[name="action_approval_request"]'),
        seeBanner("pending", "A desk came back"),
        seePoint("waiting", "Manager", "Chief_accountant"),
        seePoint("skipped", "Director", "Not needed"),
        seeNoButton("action_post"),
        seeNoButton("action_approval_request"),
        see("It may be taken back", 'button[name="action_approval_recall"]'),
    ],
});

tours.add("crm_extension_chief_accountant_approves_the_credit_note", {
    steps: () => [...open("Credits"), ...approve("Checked with the warehouse")],
});

tours.add("crm_extension_accountant_posts_the_credit_note", {
    steps: () => [
        seeBanner("granted", "Approved"),
        seePoint("approved", "Manager", "Checked with the warehouse"),
        click("Confirm", 'button[name="action_post"]:contains("Confirm")'),
        see("It is posted", '.o_arrow_button_current:contains("Posted")'),
    ],
});

tours.add("crm_extension_salesperson_asks_for_a_payment_term", {
    steps: () => [
        see("Nothing waits", ".o_form_view:not(:has(.o_crm_banner))"),
        click("What is agreed", '.nav-link[name="sales_purchases"]'),
        see(
            "Not by hand",
            '.o_form_view:has([name="property_payment_term_id"].o_readonly_modifier)'
        ),
        see("It says how", '.o_form_view:contains("change by request")'),
        click(
            "Ask for a change",
            'button[name="action_approval_propose_change"]:contains("Request a change")'
        ),
        see(
            "Nothing that is not used",
            ".modal:has(.o_data_row):not(:has(.o_data_row ~ .o_data_row ~ .o_data_row))"
        ),
        click("The new term", `${TERM} td[name="value_reference"]`),
        type("Type it", `${TERM} td[name="value_reference"] input`, "45 Days"),
        click("Choose it", '.o-autocomplete--dropdown-item:contains("45 Days")'),
        type("Say why", '.modal [name="reason"] textarea', "They buy twice as much"),
        see("Who is asked", '.modal [name="preview"]:contains("Marketing")'),
        click("Ask", '.modal button[name="action_ask"]'),
        seeBanner("pending", "45 Days"),
        seePoint("waiting", "Marketing Department Manager", "Marketing_manager"),
        seePoint("later", "Chief Accountant", "Chief_accountant"),
        seeNoButton("action_approval_propose_change"),
    ],
});

tours.add("crm_extension_marketing_approves_the_payment_term", {
    steps: () => [
        ...open("45 Days"),
        see("From and to, first", '.o_crm_figures > .o_crm_changes:first-child:contains("45 Days")'),
        ...approve("They are worth it"),
    ],
});

tours.add("crm_extension_chief_accountant_approves_the_payment_term", {
    steps: () => [
        ...open("45 Days"),
        seePoint("approved", "Marketing Department Manager", "They are worth it"),
        ...approve("They have always paid"),
    ],
});

tours.add("crm_extension_customer_has_the_payment_term", {
    steps: () => [
        see("Nothing waits", ".o_form_view:not(:has(.o_crm_banner))"),
        see("What was asked", '.oe_stat_button:contains("Approvals"):contains("1")'),
        click("What is agreed", '.nav-link[name="sales_purchases"]'),
        see("The new term", '[name="property_payment_term_id"]:contains("45 Days")'),
        see("Another change may be asked", 'button[name="action_approval_propose_change"]'),
    ],
});
