import {stepUtils} from "@web_tour/tour_utils";

const CHAIR = '.o_field_widget[name="order_line"] .o_data_row:contains("Chair")';

/** A step that looks and does nothing. */
export function see(content, trigger) {
    return {content, trigger};
}

export function click(content, trigger) {
    return {content, trigger, run: "click"};
}

export function type(content, trigger, text) {
    return {content, trigger, run: `edit ${text}`};
}

/** A key pressed once the trigger is there. */
export function press(content, trigger, key) {
    return {content, trigger, run: `press ${key}`};
}

/** Neither shown nor in a menu of buttons. */
export function seeNoButton(name) {
    return see(
        `There is no ${name} button`,
        `.o_form_view:not(:has(button[name="${name}"]))`
    );
}

export function openFromApps(root, section, menu) {
    return [
        stepUtils.showAppsMenuItem(),
        click("Open the app", `.o_app[data-menu-xmlid="crm_extension.${root}"]`),
        click("Open the section", `button[data-menu-xmlid="crm_extension.${section}"]`),
        click("Open the menu", `[data-menu-xmlid="crm_extension.${menu}"]`),
    ];
}

/** A line at full price, waited for until its price has come. */
export function addLine(product, price) {
    return [
        click("Add a line", 'a:contains("Add a product")'),
        type(
            `Look for ${product}`,
            '.o_selected_row [name="product_template_id"] input',
            product
        ),
        click(`Take ${product}`, `ul.ui-autocomplete a:contains("${product}")`),
        see(
            `It costs ${price}`,
            `.o_selected_row td[name="price_subtotal"]:contains("${price}")`
        ),
        ...leaveLine(),
    ];
}

function leaveLine() {
    return [
        click("Leave the line", 'a[name="order_lines"]'),
        see("The line is left", '[name="order_line"]:not(:has(.o_selected_row))'),
    ];
}

export function setDiscount(percent) {
    return [
        click("Open the chair's discount", `${CHAIR} td[name="discount"]`),
        type("Type it", '.o_selected_row td[name="discount"] input', percent),
        ...leaveLine(),
    ];
}

/** What the line itself says of its discount. */
export function seeRoom(text) {
    return see(
        `The line says ${text}`,
        `${CHAIR} td[name="discount"] .badge:contains("${text}")`
    );
}

/** The banner at the top of the quotation, in a state and with a text. */
export function seeBanner(state, text) {
    return see(
        `The banner is ${state}: ${text}`,
        `.o_crm_banner[data-state="${state}"]:contains("${text}")`
    );
}

/** A point of the drawn route, in a state and with a text. */
export function seePoint(state, name, text) {
    return see(
        `${name} is ${state}: ${text}`,
        `.o_crm_route_point[data-state="${state}"]:contains("${name}"):contains("${text}")`
    );
}

/** The stages of the order from the question to the payment, by their states. */
export function seeStages(states) {
    return Object.entries(states).map(([name, state]) =>
        see(
            `${name} is ${state}`,
            `.o_crm_progress [data-stage="${name}"][data-state="${state}"]`
        )
    );
}

/** One of the figures an approver decides on. */
export function seeFigure(label, value) {
    return see(
        `${label} is ${value}`,
        `.o_crm_figures .col:contains("${label}"):contains("${value}")`
    );
}

/** A message of the server, closed again. */
export function seeMessage(text) {
    return [
        see(`The message says ${text}`, `.modal .modal-body:contains("${text}")`),
        click("Close the message", ".modal .modal-footer button:contains(Close)"),
        see("The message is gone", "body:not(:has(.modal))"),
    ];
}
