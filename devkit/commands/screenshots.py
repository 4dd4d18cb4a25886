"""Make the pictures of the screens in docs/.

Makes a demo database of its own, plays the story of the README in it, each person in a
browser of their own, and takes a picture of each screen on the way.
"""

import contextlib
import re
import socket
import subprocess
import time

from .. import addon, browser, fonts, home, process, workspace
from ..chromium import Chromium
from ..errors import DevError
from ..progress import Progress
from .run import HOST, START_TIMEOUT, answers, tail

DOCS = home.REPOSITORY / "docs"
SCREEN = (1400, 900)
PHONE = (390, 844)
TALL = (1400, 1250)  # a rule with its points and its check
# Odoo's own lines of an order are wider than their place once it is confirmed; a board
# goes on to the right.
WIDE = ("order-done", "orders-board")
TIMEZONE = "Asia/Shanghai"
REASON = (
    "The university opens its new library in March and compares us with two others."
)
SHRINK = """
import sys
from PIL import Image
for path in sys.argv[1:]:
    image = Image.open(path).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
"""


def add_arguments(parser):
    """The options of `./dev screenshots`."""
    parser.add_argument(
        "names", nargs="*", help="only these pictures, e.g. `inbox` (default: all)"
    )


def run(arguments):
    """:return: 1 when a screen is wider than its window. :raises DevError: anything"""
    progress = Progress(workspace.STEPS + 6)
    space = workspace.prepare(progress)
    program = browser.ensure(space.home, progress.step("Chromium"))
    environment = fonts.ensure(space.home, progress.step("Chinese font"))
    template = space.dependencies_database(
        progress.step("Demo data of Odoo's own apps"), demo=True
    )
    step = progress.step("Demo database")
    with space.databases.temporary("screenshots") as database:
        with step:
            space.databases.copy(template, database)
            space.server.install(
                database, [addon.NAME], step, "install-screenshots", demo=True
            )
        profile = space.home.path(f"chromium-{database}")
        with (
            serve(space, database, progress.step("Web server")) as address,
            Chromium(program, profile, environment) as chromium,
            progress.step("Pictures") as step,
        ):
            story = Story(space, database, address, chromium, step, arguments.names)
            play(story)
    shrink(space, story.taken)
    for problem in story.problems:
        progress.say(f"dev: {problem}")
    return 1 if story.problems else 0


@contextlib.contextmanager
def serve(space, database, step):
    """Odoo on a free port, for as long as the block runs. :return: its address"""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    address = f"http://{HOST}:{port}"
    log = space.home.log("screenshots")
    with open(log, "w") as file:
        child = process.start(
            space.server.command(
                "server",
                *("-d", database, "--db-filter", f"^{database}$"),
                *("--http-interface", HOST, "--http-port", port),
                *("--workers", "0", "--max-cron-threads", "0"),
                *("--limit-time-real", "0", "--limit-time-cpu", "0"),
            ),
            env=space.server.environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
        try:
            with step:
                deadline = time.monotonic() + START_TIMEOUT
                while not answers(address):
                    if child.poll() is not None or time.monotonic() > deadline:
                        raise DevError("Odoo did not start", f"see {log}", tail(log))
                    time.sleep(0.2)
            yield address
        finally:
            process.stop(child)


def shrink(space, paths):
    """Few colours are enough for screens, and a third of the size."""
    process.run(
        [space.env.python, "-c", SHRINK, *paths],
        "the pictures could not be made smaller",
        space.home.log("shrink"),
    )


class Story:
    """Everybody's page, the records of the demo, and the pictures taken.

    :param names: the pictures wanted; none means all
    """

    def __init__(self, space, database, address, chromium, step, names):
        self.space = space
        self.database = database
        self.address = address
        self.chromium = chromium
        self.step = step
        self.names = names
        self.pages = {}
        self.taken = []
        self.problems = []

    def record(self, name):
        """The id of a demo record by its name in the add-on's data."""
        return int(
            self.space.postgres.sql(
                "SELECT res_id FROM ir_model_data"
                f" WHERE module = '{addon.NAME}' AND name = '{name}'",
                self.database,
            )
        )

    def page(self, login):
        """The browser of a person, who is logged in."""
        if login not in self.pages:
            page = self.chromium.page(TIMEZONE)
            page.resize(*SCREEN)
            page.log_in(self.address, self.database, login)
            self.pages[login] = page
        return self.pages[login]

    def call(self, login, model, method, *arguments, **keywords):
        """A deed of a person. :return: Odoo's answer"""
        return self.page(login).call(model, method, *arguments, **keywords)

    def open(self, login, path, sign, size=SCREEN):
        """Go to a screen and wait until `sign` is to be seen. :return: the page"""
        page = self.page(login)
        page.resize(*size)
        page.open(f"{self.address}/odoo/{path}", sign)
        return page

    def shoot(self, name, login, path, sign, size=SCREEN, clicks=()):
        """The picture docs/`name`.png of a screen.

        :param clicks: what is clicked there, one after the other; the last of them is
            only waited for
        """
        if not self.wants(name):
            return
        page = self.open(login, path, sign, size)
        for number, sign in enumerate(clicks, start=1):
            if number < len(clicks):
                page.click(sign)
            else:
                page.wait_for(sign)
        self.keep(name, page)

    def wants(self, name):
        """Whether this picture was asked for."""
        return not self.names or name in self.names

    def keep(self, name, page):
        """Take the picture, and note what does not fit."""
        self.step.show(len(self.taken), 0, name)
        picture = page.picture()
        wide = {} if name in WIDE else page.sideways()
        for part, pixels in wide.items():
            self.problems.append(
                f"{name}: {re.sub(' .*', '', part)} scrolls sideways by {pixels} pixels"
            )
        path = DOCS / f"{name}.png"
        DOCS.mkdir(exist_ok=True)
        path.write_bytes(picture)
        self.taken.append(path)


def play(story):
    """The story of the README, from the question to the payment."""
    order = story.record("sale_order_sxu_3")
    other = story.record("sale_order_cedar_3")
    quotation = f"sales/{order}"

    salesperson_asks(story, order, quotation)
    salesperson_asks_for_another(story, other)
    approvers_decide(story, order)
    manager_proposes(story, other)
    salesperson_meets_the_floor(story, other)

    story.shoot(
        "quotation-approved", "sales", quotation, ".o_crm_banner[data-state=granted]"
    )
    story.call("sales", "sale.order", "action_confirm", [order])
    warehouse_delivers(story, order)
    finance_invoices(story, order)
    story.shoot(
        "order-done",
        "sales",
        quotation,
        ".o_crm_progress [data-stage=paid][data-state=done]",
    )
    story.shoot("concessions", "finance", "concessions", ".o_pivot td")
    story.shoot("asked-by-me", "sales", "approvals-asked", ".o_data_row")
    salesperson_asks_for_a_change(story, story.record("res_partner_nuc"))
    roles_begin(story)
    policies(story)
    story.shoot(
        "evidence",
        "operations",
        "approvals-evidence",
        ".o_data_row",
        clicks=("button[name=action_verify]", ".modal .alert-success"),
    )


def salesperson_asks(story, order, quotation):
    """What the quotation says before and after, also on a phone and in Chinese."""
    needed, pending = (
        f".o_crm_banner[data-state={state}]" for state in ("needed", "pending")
    )
    story.call("sales", "sale.order", "write", [order], {"crm_approval_reason": REASON})
    story.shoot("quotation-needs-approval", "sales", quotation, needed)
    story.shoot("quotation-needs-approval-phone", "sales", quotation, needed, PHONE)
    story.call("sales", "sale.order", "action_approval_request", [order])
    story.shoot("quotation-waiting", "sales", quotation, pending)
    if story.wants("quotation-waiting-zh_CN"):
        user = story.record("user_sales")
        story.call("sales", "res.users", "write", [user], {"lang": "zh_CN"})
        story.shoot("quotation-waiting-zh_CN", "sales", quotation, pending)
        story.call("sales", "res.users", "write", [user], {"lang": "en_US"})


def salesperson_asks_for_another(story, order):
    """A second row in the inbox."""
    line = story.call("sales", "sale.order", "read", [order], ["order_line"])[0]
    story.call(
        "sales", "sale.order.line", "write", line["order_line"][-1:], {"discount": 15}
    )
    story.call(
        "sales",
        "sale.order",
        "write",
        [order],
        {"crm_approval_reason": "They take all their chairs from us if we match 15 %."},
    )
    story.call("sales", "sale.order", "action_approval_request", [order])


def approvers_decide(story, order):
    """The inbox, and what each approver decides on."""
    story.shoot("inbox", "sales_manager", "approvals", ".o_data_row")
    story.shoot(
        "inbox-cards",
        "sales_manager",
        "approvals",
        ".o_data_row",
        clicks=(".o_switch_view.o_kanban", ".o_kanban_record"),
    )
    story.shoot("inbox-phone", "sales_manager", "approvals", ".o_kanban_record", PHONE)
    comments = {
        "sales_manager": "The library is worth it: they will furnish the whole campus.",
        "finance": "Fine, if they pay what is overdue before we deliver.",
    }
    for login, comment in comments.items():
        name = f"inbox-{login.split('_')[-1]}"
        item = find_item(story, login, order)
        if login == "sales_manager":
            story.shoot(
                "ask-somebody",
                login,
                f"approvals/{item[0]}",
                ".o_crm_figures",
                clicks=("button[name=action_ask]", ".modal [name=user_id]"),
            )
        if story.wants(name):
            page = story.open(login, f"approvals/{item[0]}", ".o_crm_figures")
            page.type(".o_crm_comment textarea", comment)
            story.keep(name, page)
        story.call(login, "crm.approval.item", "write", item, {"comment": comment})
        story.call(login, "crm.approval.item", "action_approve", item)


def find_item(story, login, order):
    """What a person is asked about an order, as a list of one id."""
    return story.call(
        login,
        "crm.approval.item",
        "search",
        [
            ["request_id.res_model", "=", "sale.order"],
            ["request_id.res_id", "=", order],
            ["user_id.login", "=", login],
            ["state", "=", "open"],
        ],
    )[:1]


def manager_proposes(story, order):
    """Other values than those asked, and what the salesperson sees of them."""
    item = find_item(story, "sales_manager", order)
    page = story.open("sales_manager", f"approvals/{item[0]}", ".o_crm_figures")
    page.click("button[name=action_counter]")
    # The last line of the order is the one with the discount.
    value = ".modal .o_data_row:nth-last-child(2 of .o_data_row) td[name=value_number]"
    page.click(value)
    page.type(f"{value} input", "12")
    page.type(".modal .o_field_text[name=comment] textarea", "I can carry 12 %.")
    if story.wants("counter-proposal"):
        story.keep("counter-proposal", page)
    page.click(".modal footer button[name=action_apply]:not(.d-none)")
    page.wait_for("body:not(:has(.modal)) .o_crm_inbox")
    story.shoot("counter-received", "sales", f"sales/{order}", ".o_crm_counter")


def salesperson_asks_for_a_change(story, customer):
    """The payment term of a customer changes by request."""
    if not story.wants("change-request"):
        return
    page = story.open("sales", f"contacts/{customer}", ".o_form_view")
    page.click("button[name=action_approval_propose_change]")
    # Below the highest discount.
    term = ".modal .o_data_row + .o_data_row td[name=value_reference]"
    page.click(term)
    page.type(f"{term} input", "45 Days", leave=False)
    page.choose(".o-autocomplete--dropdown-item a", "45 Days")
    page.type(
        ".modal [name=reason] textarea",
        "They order for three more schools and pay on time.",
    )
    page.wait_for(".modal button[name=action_ask]")
    story.keep("change-request", page)


def salesperson_meets_the_floor(story, order):
    """More than anybody may give."""
    story.call("sales", "sale.order", "action_approval_recall", [order])
    line = story.call("sales", "sale.order", "read", [order], ["order_line"])[0]
    story.call(
        "sales", "sale.order.line", "write", line["order_line"][-1:], {"discount": 45}
    )
    story.shoot(
        "quotation-refused",
        "sales",
        f"sales/{order}",
        ".o_crm_banner[data-state=refused]",
    )


def warehouse_delivers(story, order):
    """The delivery says that the order was approved."""
    delivery = story.call(
        "warehouse", "stock.picking", "search", [["sale_id", "=", order]]
    )
    story.shoot(
        "delivery",
        "warehouse",
        f"deliveries/{delivery[0]}",
        ".alert-success [name=crm_approval_note]",
    )
    # The first delivery of a company would offer to send text messages.
    context = {"skip_sms": True}
    story.call(
        "warehouse", "stock.picking", "button_validate", delivery, context=context
    )


def finance_invoices(story, order):
    """The salesperson makes the invoice, the accountant posts it and is paid."""
    with_order = {"active_model": "sale.order", "active_ids": [order]}
    wizard, model = "sale.advance.payment.inv", "account.payment.register"
    made = story.call("sales", wizard, "create", [{}], context=with_order)
    story.call("sales", wizard, "create_invoices", made, context=with_order)
    found = story.call("sales", "sale.order", "read", [order], ["invoice_ids"])
    invoices = found[0]["invoice_ids"]
    login = "chief_accountant"
    story.call(login, "account.move", "action_post", invoices)
    with_invoices = {"active_model": "account.move", "active_ids": invoices}
    payment = story.call(login, model, "create", [{}], context=with_invoices)
    story.call(login, model, "action_create_payments", payment, context=with_invoices)


def roles_begin(story):
    """What each role starts with, and what it opens from there."""
    for login in ("sales", "finance", "warehouse"):
        story.shoot(f"start-{login}", login, "crm-start", ".o_crm_start_card")
    for name, login, action, sign in (
        (
            "orders-board",
            "sales",
            "crm_order_execution_action_board",
            "o_kanban_record",
        ),
        ("deliveries-held", "warehouse", "stock_picking_action_held", "o_data_row"),
        ("scarce-stock", "warehouse", "crm_scarce_stock_action", "o_data_row"),
        ("arrears", "finance", "crm_collection_due_action_arrears", "o_group_header"),
        ("returns", "sales", "crm_return_order_action", "o_data_row"),
    ):
        story.shoot(name, login, f"action-{addon.NAME}.{action}", f".{sign}")


def policies(story):
    """What the administrator sets."""
    for name, record, sign, size in (
        ("approval", "crm_approval_policy_discount", ".o_crm_check li", TALL),
        ("discount", "crm_discount_policy_company", ".o_data_row", SCREEN),
    ):
        story.shoot(
            f"{name}-policy",
            "admin",
            f"action-{addon.NAME}.crm_{name}_policy_action/{story.record(record)}",
            f".o_form_view {sign}",
            size,
        )
