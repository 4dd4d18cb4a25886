import {registry} from "@web/core/registry";
import saleTourUtils from "@sale/js/tours/tour_utils";
import {
    addLine,
    click,
    openFromApps,
    see,
    seeBanner,
    seeFigure,
    seeMessage,
    seeNoButton,
    seePoint,
    seeRoom,
    seeStages,
    setDiscount,
    type,
} from "./approval_tour_utils.esm";

const tours = registry.category("web_tour.tours");
const REASON = "They open their new library in March";
const ASKED = "Azure Interior: 25 % on Chair";

const toInbox = () =>
    openFromApps(
        "crm_extension_menu_root",
        "crm_approval_menu",
        "crm_approval_item_menu"
    );

tours.add("crm_extension_salesperson_asks", {
    steps: () => [
        ...saleTourUtils.selectCustomer("Azure Interior"),
        ...addLine("Desk", "450.00"),
        ...addLine("Chair", "120.00"),
        ...addLine("Cabinet", "300.00"),
        see("Confirm is offered", 'button[name="action_confirm"]'),
        see("Nothing is said", ".o_form_view:not(:has(.o_crm_banner))"),
        ...setDiscount(25),

        see("Nothing is saved yet", ".o_form_status_indicator_buttons:not(.invisible)"),
        seeBanner("needed", "Needs approval"),
        seeBanner("needed", "“Chair” gives 25 %; 10 % may be given without asking"),
        see("First the manager", '.o_crm_banner .badge:first:contains("Sales Manager")'),
        see("Then finance", '.o_crm_banner .badge:last:contains("Finance Officer")'),
        seeRoom("needs Finance Officer"),
        seeNoButton("action_confirm"),

        click("Ask without a reason", 'button[name="action_approval_request"]'),
        ...seeMessage("why"),
        see("The discount is still there", 'td[name="discount"]:contains("25.00")'),
        type("Say why", '[name="crm_approval_reason"] textarea', REASON),
        click("Ask", 'button[name="action_approval_request"]'),

        seeBanner("pending", "Waiting for approval"),
        seeBanner("pending", REASON),
        seePoint("waiting", "Sales Manager", "Manager"),
        seePoint("later", "Finance Officer", "Finance"),
        ...seeStages({asked: "done", decided: "now", ordered: "later"}),
        see("He may change his mind", 'button[name="action_approval_recall"]'),
        seeNoButton("action_approval_request"),
        seeNoButton("action_confirm"),
    ],
});

tours.add("crm_extension_manager_approves", {
    steps: () => [
        click("Open the activities", '.o_menu_systray i[aria-label="Activities"]'),
        see("One is new", '.o-mail-ActivityGroup:contains("Sales Order"):contains("1 Today")'),
        click("See them all", '.o-mail-ActivityMenu :text("View all activities")'),
        see("It says what is asked", `.o_data_row:contains("${ASKED}")`),

        ...toInbox(),
        see("Who asks", `.o_data_row:contains("${ASKED}"):contains("Sales")`),
        click("Open it", `.o_data_row td:contains("${ASKED}")`),
        see("What is asked", `.o_form_view h3:contains("${ASKED}")`),
        seeFigure("Untaxed amount", "840.00"),
        seeFigure("Given away", "30.00"),
        seeFigure("Margin", "340.00"),
        seeFigure("Margin", "40.5 %"),
        see(
            "The line above the limit stands out",
            '.o_crm_figures tr.table-warning:contains("Chair"):contains("25 %")'
        ),
        see("The reason", `.o_crm_route:contains("${REASON}")`),
        seePoint("waiting", "Sales Manager", "Manager"),
        click("Look at the quotation", 'button[name="action_open_document"]'),
        seeBanner("pending", "Waiting for approval"),
        click("Back to the decision", ".o_crm_banner .o_crm_decide"),
        see("What is asked, again", `.o_form_view h3:contains("${ASKED}")`),
        type("Say something", ".o_crm_comment textarea", "Good for the launch"),
        click("Approve", 'button[name="action_approve"]'),
        see("The inbox is empty", '.o_nocontent_help:contains("Nothing waits")'),
    ],
});

tours.add("crm_extension_finance_approves", {
    steps: () => [
        ...toInbox(),
        click("Open it", `.o_data_row td:contains("${ASKED}")`),
        seePoint("approved", "Sales Manager", "Good for the launch"),
        seePoint("waiting", "Finance Officer", "Finance"),
        seeFigure("Margin", "40.5 %"),
        seeFigure("Owes", "3,100.00"),
        seeFigure("Overdue", "3,100.00"),
        seeFigure("Overdue", "for 12 days"),
        see("Overdue stands out", '.o_crm_figures .text-danger:contains("Overdue")'),
        seeFigure("Exposure", "3,940.00"),
        type("Say something", ".o_crm_comment textarea", "They pay in the end"),
        click("Approve", 'button[name="action_approve"]'),
        see("The inbox is empty", '.o_nocontent_help:contains("Nothing waits")'),
    ],
});

tours.add("crm_extension_salesperson_confirms", {
    steps: () => [
        seeBanner("granted", "Approved"),
        seePoint("approved", "Sales Manager", "Good for the launch"),
        seePoint("approved", "Finance Officer", "They pay in the end"),
        ...seeStages({asked: "done", decided: "done", ordered: "now"}),
        seeNoButton("action_approval_request"),
        click("Confirm", 'button[name="action_confirm"]'),
        see("It is an order", '.o_arrow_button_current:contains("Sales Order")'),
        ...seeStages({
            asked: "done",
            decided: "done",
            ordered: "done",
            delivered: "now",
            invoiced: "later",
            paid: "later",
        }),
    ],
});

tours.add("crm_extension_warehouse_delivers", {
    steps: () => [
        click("Open the delivery", '.o_data_row td:contains("Azure Interior")'),
        see(
            "Who approved the order",
            '.o_form_view .alert-success:contains("Order approved by Manager, Finance on")'
        ),
        see("The goods", '.o_data_row:contains("Chair")'),
        click("Deliver", 'button[name="button_validate"]'),
        see("It is delivered", '.o_arrow_button_current:contains("Done")'),
    ],
});

tours.add("crm_extension_salesperson_sees_all_done", {
    steps: () =>
        seeStages({
            asked: "done",
            decided: "done",
            ordered: "done",
            delivered: "done",
            invoiced: "done",
            paid: "done",
        }),
});

tours.add("crm_extension_salesperson_meets_the_floor", {
    steps: () => [
        see("Asking is offered", 'button[name="action_approval_request"]'),
        ...setDiscount(45),
        seeBanner("refused", "Not possible"),
        seeBanner("refused", "“Chair” gives 45 %, and the company's floor"),
        seeBanner("refused", "lower the discount to 40 % or less"),
        see("Nobody is asked", ".o_crm_banner:not(:has(.badge))"),
        seeNoButton("action_confirm"),
        seeNoButton("action_approval_request"),
        ...setDiscount(10),
        see("Nothing is said", ".o_form_view:not(:has(.o_crm_banner))"),
        see("Confirm is offered", 'button[name="action_confirm"]'),
        click("Leave it as it was", ".o_form_button_cancel"),
        seeBanner("needed", "“Chair” gives 25 %"),
    ],
});

tours.add("crm_extension_manager_rejects", {
    steps: () => [
        click("Open it", `.o_data_row td:contains("${ASKED}")`),
        click("Reject without a word", 'button[name="action_reject"]'),
        see("He is asked why", '.modal:contains("Why?") .btn-danger:disabled'),
        click("Not yet", '.modal .btn-secondary:contains("Cancel")'),
        see("It is still open", 'button[name="action_reject"]'),
        type("Say why", ".o_crm_comment textarea", "Not for this customer"),
        click("Reject", 'button[name="action_reject"]'),
        see("The inbox is empty", '.o_nocontent_help:contains("Nothing waits")'),
    ],
});

tours.add("crm_extension_salesperson_is_rejected", {
    steps: () => [
        seeBanner("rejected", "Rejected as it stands"),
        seePoint("rejected", "Sales Manager", "Not for this customer"),
        see("It is a quotation", '.o_arrow_button_current:contains("Quotation")'),
        see("As it was", '.o_data_row:contains("Chair"):contains("25.00")'),
        ...seeStages({asked: "done", decided: "refused"}),
        see("He may ask again", 'button[name="action_approval_request"]'),
        seeNoButton("action_confirm"),
        ...setDiscount(10),
        see("Or give less", 'button[name="action_confirm"]'),
        click("Leave it as it was", ".o_form_button_cancel"),
        seeBanner("rejected", "Rejected as it stands"),
    ],
});

tours.add("crm_extension_salesperson_cannot_decide", {
    steps: () => [
        ...openFromApps(
            "crm_extension_menu_root",
            "crm_approval_menu",
            "crm_approval_request_menu"
        ),
        see(
            "There is no inbox for him",
            'body:not(:has([data-menu-xmlid="crm_extension.crm_approval_item_menu"]))'
        ),
        click("Open what he asked", `.o_data_row td:contains("${ASKED}")`),
        seePoint("waiting", "Sales Manager", "Manager"),
        see("He may take it back", 'button[name="action_recall"]'),
        seeNoButton("action_approve"),
        seeNoButton("action_reject"),
    ],
});

tours.add("crm_extension_administrator_reads_the_policy", {
    steps: () => [
        ...openFromApps(
            "crm_extension_menu_root",
            "crm_extension_menu_config",
            "crm_approval_policy_menu"
        ),
        click("Open it", '.o_data_row td:contains("Discount approval")'),
        see(
            "When it applies, in words",
            '[name="condition_domain"] .o_facet_value:contains("Above the Limit")'
        ),
        see("Which is not called wrong", '.o_form_view:not(:contains("Invalid domain"))'),
        click("Open a point", '.o_crm_points_card:contains("Finance Officer") .card-body'),
        see(
            "When it is asked",
            '.modal [name="condition_domain"] .o_facet_value:contains("Highest Discount")'
        ),
        click("Close it", ".modal .o_form_button_cancel"),
        see("It is closed", "body:not(:has(.modal))"),
    ],
});
