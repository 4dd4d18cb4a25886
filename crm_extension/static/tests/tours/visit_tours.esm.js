import {browser} from "@web/core/browser/browser";
import {click, see, type} from "./approval_tour_utils.esm";
import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

/** Tests fail for whatever the browser reports; this is meant to happen. */
function expectLostConnection() {
    const report = console.error;
    console.error = (...words) =>
        String(words[0]).includes("ConnectionLostError") || report(...words);
}

/** The next save reaches the server, and its answer does not reach the form. */
function loseNextAnswer() {
    const Heard = browser.XMLHttpRequest;
    browser.XMLHttpRequest = class extends Heard {
        open(method, url, ...rest) {
            if (url.includes("/crm.visit/web_save")) {
                this.isLost = true;
                browser.XMLHttpRequest = Heard;
            }
            super.open(method, url, ...rest);
        }

        addEventListener(name, listener, ...rest) {
            const heard = (event) =>
                this.isLost
                    ? this.dispatchEvent(new ProgressEvent("error"))
                    : listener(event);
            super.addEventListener(name, name === "load" ? heard : listener, ...rest);
        }
    };
}

tours.add("crm_extension_salesperson_saves_where_there_is_no_net", {
    steps: () => [
        type("A name", '[name="partner_name"] input', "Somebody New"),
        click("What it is", '[name="subject"] .form-check:contains("first contact") input'),
        type("Why", '[name="purpose"] textarea', "Show the samples"),
        {
            content: "The answer of the first save is lost",
            trigger: ".o_form_button_save",
            async run(helpers) {
                expectLostConnection();
                loseNextAnswer();
                await helpers.click();
            },
        },
        see("It says so", '.o_notification:contains("Connection lost")'),
        see("What was typed is there", '[name="purpose"] textarea:value("samples")'),
        type("More is told", '[name="next_step"] input', "Call about them"),
        click("Save again", ".o_form_button_save"),
        see(
            "It is saved",
            ".o_form_status_indicator:has(.o_form_status_indicator_buttons.invisible)"
        ),
        see("Once", '.o_breadcrumb:contains("Somebody New")'),
    ],
});

const row = (name) => `.o_data_row:contains("${name}")`;

function openVisits(menu) {
    return [
        click("Open the section", 'button[data-menu-xmlid="crm_extension.crm_visit_menu"]'),
        click("Open the menu", `[data-menu-xmlid="crm_extension.${menu}"]`),
    ];
}

tours.add("crm_extension_salesperson_plans_the_week", {
    steps: () => [
        click("Choose who is due", `${row("Lumber Inc")} .o_list_record_selector input`),
        click("Plan the week", 'button[name="action_plan_week"]'),
        see("It is planned", '.o_notification:contains("Visits planned: 1")'),
        see("It is in the calendar", ".o_calendar_view"),

        ...openVisits("crm_visit_due_menu"),
        click("Open the plan", 'button[name="action_open_plan"]'),
        see("Today's visit is in it", `[name="visit_ids"] ${row("Azure Interior")}`),
        type("Say the goals", '[name="goals"] textarea', "Win the library"),
        click("Save it", ".o_form_button_save"),
        click("Hand it in", 'button[name="action_submit"]'),
        see("It is submitted", '.o_arrow_button_current:contains("Submitted")'),
    ],
});

/** A phone that knows where it is. */
function findPlace() {
    const position = {latitude: 38.0117, longitude: 112.4423, accuracy: 12};
    Object.defineProperty(navigator, "geolocation", {
        configurable: true,
        value: {
            getCurrentPosition: (found) =>
                found({coords: position, timestamp: Date.now()}),
        },
    });
}

tours.add("crm_extension_salesperson_tells_a_visit_at_the_door", {
    steps: () => [
        {
            content: "Open the next visit of the round",
            trigger: '.o_kanban_record:contains("Azure Interior")',
            async run({click: tap}) {
                findPlace();
                await tap();
            },
        },
        click("Check in", '.o_form_view button:contains("Check in")'),
        see("The place is kept", '[name="check_in_note"]:contains("accuracy 12 m")'),
        type("What it is for", '[name="purpose"] textarea', "Show the samples"),
        click("Whom we met", '[name="person_ids"] .o-kanban-button-new'),
        type("The name", '.modal [name="name"] input', "Wang Fang"),
        type("The role", '.modal [name="role"] input', "Buyer"),
        click("Keep it", ".modal .o_form_button_save"),
        see("She stands there", '[name="person_ids"]:contains("Wang Fang")'),
        type("What came of it", '[name="result"] textarea', "She likes the oak"),
        type("What comes next", '[name="next_step"] input', "Send the offer"),
        click("It is done", 'button[name="action_done"]'),
        see("It is", '.o_statusbar_status button:contains("Done")'),
        {
            content: "Nothing is wider than the phone",
            trigger: ".o_form_view",
            run() {
                const {scrollWidth, clientWidth} = document.documentElement;
                if (scrollWidth > clientWidth) {
                    throw new Error(`The page is ${scrollWidth} wide`);
                }
            },
        },
    ],
});

tours.add("crm_extension_manager_reviews_and_sees_the_team", {
    steps: () => [
        see("What was told is there", '[name="result"] textarea:value("She likes the oak")'),
        click("It is valid", 'button[name="action_valid"]'),
        see("It is said", '[name="review"]:contains("Valid")'),

        ...openVisits("crm_visit_week_menu"),
        see("It counts", `${row("Sales")} .o_progressbar:contains("1")`),
        see("The week is still open", `${row("Sales")}:contains("Open")`),

        ...openVisits("crm_work_plan_menu_review"),
        click(
            "Open the plan that was submitted",
            '.o_kanban_group:contains("Submitted") .o_kanban_record:contains("Sales")'
        ),
        type("Say what one thinks", '[name="review_note"] textarea', "Good"),
        click("Agree", 'button[name="action_agree"]'),
        see("It is agreed", '.o_arrow_button_current:contains("Agreed")'),
    ],
});
