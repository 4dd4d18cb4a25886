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
