"""The story in the browser: each person on the screens of the job."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import wraps
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from lxml import html

from odoo import Command, fields
from odoo.tests import tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME, ChromeBrowser

from .common import TAGS, ApprovalCommon, BrowserCase
from .test_named_flows import NamedFlowsCommon

INBOX = "/odoo/approvals"
DELIVERIES = "/odoo/deliveries"


@tagged(*TAGS)
@pytest.mark.browser
class TestStoryInTheBrowser(ApprovalCommon, BrowserCase):
    """A quotation that needs two people, from the question to the payment."""

    def make_overdue_invoice(self, amount, days):
        due = fields.Date.context_today(self.customer) - timedelta(days=days)
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_date": due - timedelta(days=30),
                "invoice_date_due": due,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create({"name": "Before", "price_unit": amount})
                ],
            }
        )
        invoice.line_ids.tax_ids = False
        invoice.action_post()

    def invoice_and_pay(self, order):
        invoices = order.sudo()._create_invoices()
        invoices.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoices.ids
        ).create({})._create_payments()

    def url_of(self, order):
        return f"/odoo/sales/{order.id}"

    def test_from_the_question_to_the_payment(self):
        # Without a deadline an activity is for today, whatever the weekday.
        self.change_policy(require_reason=True, points={"deadline_hours": 0})
        self.make_overdue_invoice(3100, days=12)

        self.tour("salesperson_asks", self.sales, "/odoo/sales/new")
        order = self.env["sale.order"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(order.crm_approval_state, "pending")
        self.tour("manager_approves", self.manager)
        self.tour("finance_approves", self.finance)
        self.assertEqual(order.crm_approval_state, "granted")
        self.tour("salesperson_confirms", self.sales, self.url_of(order))
        self.assertEqual(order.state, "sale")
        self.tour("warehouse_delivers", self.warehouse, DELIVERIES)
        self.assertEqual(order.picking_ids.state, "done")
        self.invoice_and_pay(order)
        self.tour("salesperson_sees_all_done", self.sales, self.url_of(order))

    def test_beyond_the_floor_the_form_offers_no_way(self):
        order = self.make_order(0, 25, 0)
        self.tour("salesperson_meets_the_floor", self.sales, self.url_of(order))
        self.assertEqual(order.order_line[1].discount, 25)

    def test_a_rejection_needs_a_comment_and_gives_the_quotation_back(self):
        order = self.make_order(0, 25, 0)
        order.action_approval_request()
        self.tour("manager_rejects", self.manager, INBOX)
        self.tour("salesperson_is_rejected", self.sales, self.url_of(order))

    def test_the_salesperson_cannot_decide(self):
        self.make_order(0, 25, 0).action_approval_request()
        self.tour("salesperson_cannot_decide", self.sales)

    def change_behind(self, method, *orders):
        """Each time a screen has read its items, the salesperson gives more on the
        next of the orders."""
        items = self.env.registry["crm.approval.item"]
        read, orders = getattr(items, method), list(orders)

        @wraps(read)
        def read_and_change(records, *args, **kwargs):
            answer = read(records, *args, **kwargs)
            if orders:
                order = orders.pop(0).with_env(records.env).with_user(self.sales)
                order.order_line[1].discount = 30
            return answer

        read_and_change._readonly = False
        return patch.object(items, method, read_and_change)

    def test_a_screen_that_shows_what_has_changed_does_not_approve_it(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        item = self.items_of(self.manager)
        revision = item.revision
        with self.change_behind("web_read", order):
            self.tour(
                "manager_decides_on_what_has_changed",
                self.manager,
                f"{INBOX}/{item.id}",
            )
        self.assertGreater(item.revision, revision)
        said = order.sudo().crm_approval_request_ids.decision_ids.sorted("id")
        self.assertEqual(said.mapped("verb").count("approve"), 1)
        self.assertEqual(said[-1].verb, "approve")

    def test_a_list_that_shows_what_has_changed_decides_the_others(self):
        orders = self.make_three_waiting()
        with self.change_behind("web_search_read", orders[0], orders[1]):
            self.tour("manager_decides_in_a_list_that_has_changed", self.manager, INBOX)
        self.assertEqual(
            orders.mapped("crm_approval_state"), ["rejected", "pending", "rejected"]
        )

    def make_three_waiting(self):
        """Three quotations that wait for the manager, the most urgent first."""
        orders = self.env["sale.order"]
        for name in ("Adams", "Brown", "Clark"):
            customer = self.env["res.partner"].create({"name": name})
            orders |= self.make_order(0, 25, partner_id=customer.id)
        orders.with_user(self.sales).action_approval_request()
        return orders

    def test_a_manager_decides_with_the_keys(self):
        orders = self.make_three_waiting()
        self.tour("manager_works_with_the_keys", self.manager)
        self.assertEqual(
            orders.mapped("crm_approval_state"), ["pending", "rejected", "pending"]
        )
        said = orders.sudo().crm_approval_request_ids.decision_ids
        self.assertIn("Not for this customer", said.mapped("comment"))
        self.assertEqual(
            self.items_of(self.manager, "approved").mapped("name"),
            [
                orders[0].name,
                orders[2].name,
            ],
        )

    def test_a_manager_decides_several_and_reads_the_report(self):
        orders = self.make_three_waiting()
        # Meanwhile the manager has become the salesperson of the third.
        orders[2].sudo().user_id = self.manager
        self.tour("manager_decides_several", self.manager)
        self.assertEqual(len(self.items_of(self.manager, "approved")), 2)

    def test_after_a_decision_the_next_one_is_shown(self):
        self.make_three_waiting()
        self.tour("manager_goes_on_to_the_next", self.manager)

    def test_a_manager_decides_on_cards_with_the_keys(self):
        orders = self.make_three_waiting()
        self.tour("manager_works_with_the_keys_on_cards", self.manager)
        self.assertEqual(
            orders.mapped("crm_approval_state"), ["pending", "rejected", "pending"]
        )

    def test_the_number_in_the_menu_follows_what_others_do(self):
        """A colleague asks from elsewhere while the manager looks at a page: the
        number is there without a reload. Asked only when the browser says so."""
        order = self.make_order(0, 25)
        # All that is sent is read here: the thread has no cursor of its own.
        calls = list(self.calls_from_elsewhere(order))
        handle = ChromeBrowser._handle_console
        asking = []

        def ask():
            with requests.Session() as session:
                session.cookies[TEST_CURSOR_COOKIE_NAME] = self.http_request_key
                for url, body in calls:
                    session.post(url, json=body, timeout=60).raise_for_status()

        def listen(browser, **message):
            said = [argument.get("value") for argument in message["args"]]
            if "a colleague asks now" in said:
                asking.append(colleague.submit(ask))
            elif asking and any("tour succeeded" in str(value) for value in said):
                # With the end of the tour the server hears nobody any more.
                asking[0].result()
            handle(browser, **message)

        with (
            ThreadPoolExecutor(1) as colleague,
            patch.object(ChromeBrowser, "_handle_console", listen),
        ):
            self.tour("manager_sees_the_number_change", self.manager, "/odoo/discuss")
        self.env.invalidate_all()
        self.assertEqual(order.crm_approval_state, "pending")

    def calls_from_elsewhere(self, order):
        """Addresses and bodies by which the salesperson asks, takes it back and asks
        again, from a computer of their own: what is said while a browser is still
        being heard for the first time may pass it by."""
        login = self.sales.login
        deeds = [
            (
                "session/authenticate",
                # The password as Odoo's tests make it.
                {
                    "db": self.cr.dbname,
                    "login": login,
                    "password": login.ljust(8, "x"),
                },
            )
        ] + [
            (
                f"dataset/call_kw/sale.order/{method}",
                {
                    "model": "sale.order",
                    "method": method,
                    "args": [order.ids],
                    "kwargs": {},
                },
            )
            for method in (
                "action_approval_request",
                "action_approval_recall",
                "action_approval_request",
            )
        ]
        for path, parameters in deeds:
            yield (
                f"{self.base_url()}/web/{path}",
                {"jsonrpc": "2.0", "method": "call", "params": parameters},
            )

    def mail_link(self):
        """The link of the one mail that asks the manager."""
        self.manager.write({"notification_type": "email", "email": "m@example.com"})
        self.make_order(0, 25).action_approval_request()
        mail = self.env["mail.mail"].search(
            [("subject", "like", "Your answer is needed")]
        )
        links = html.fromstring(mail.body_html).xpath("//a/@href")
        self.assertEqual(len(links), 1)
        return links[0]

    def log_in_at(self, answer, user):
        """Fill in the login form that a link has led to."""
        form = html.fromstring(answer.content).find_class("oe_login_form")
        values = dict(form[0].form_values())
        return self.url_open(
            "/web/login" + form[0].get("action", "").removeprefix("/web/login"),
            data=values | {"login": user.login, "password": user.login},
        )

    def test_the_link_of_the_mail_opens_the_item_after_the_login(self):
        link = self.mail_link()
        self.authenticate(None, None)
        answer = self.url_open(link)
        login = urlsplit(answer.url)
        self.assertEqual(login.path, "/web/login")
        path = urlsplit(link).path
        self.assertIn(path, parse_qs(login.query)["redirect"][0])
        arrived = self.log_in_at(answer, self.manager)
        self.assertEqual(urlsplit(arrived.url).path, path)
        self.tour("manager_arrives_by_mail", self.manager, path)

    def test_the_link_of_the_mail_tells_others_that_it_is_not_theirs(self):
        path = urlsplit(self.mail_link()).path
        self.tour("somebody_else_arrives_by_mail", self.finance, path)
        self.tour("somebody_else_arrives_by_mail", self.warehouse, path)

    def test_a_policy_reads_in_words(self):
        self.tour("administrator_reads_the_policy", self.env.ref("base.user_admin"))


@tagged(*TAGS)
@pytest.mark.browser
class TestNamedFlowsInTheBrowser(NamedFlowsCommon, BrowserCase):
    """Flows on other documents: a credit note, and a customer's payment term."""

    def test_a_credit_note_is_asked_for_approved_and_posted(self):
        self.switch_on("refund")
        chief = self.people["chief_accountant"]
        refund = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.customer.id,
                "invoice_date": fields.Date.context_today(self.customer),
                "invoice_line_ids": [
                    Command.create({"product_id": self.desk.id, "tax_ids": False})
                ],
            }
        )
        url = f"/odoo/customer-invoices/{refund.id}"
        self.tour("accountant_asks_for_a_credit_note", self.accountant, url)
        self.assertEqual(refund.crm_approval_state, "pending")
        self.tour("chief_accountant_approves_the_credit_note", chief, INBOX)
        self.assertEqual(refund.crm_approval_state, "granted")
        self.tour("accountant_posts_the_credit_note", self.accountant, url)
        self.assertEqual(refund.state, "posted")

    def test_a_payment_term_is_asked_for_and_written_by_the_last_approval(self):
        self.switch_on("terms")
        url = f"/odoo/contacts/{self.customer.id}"
        term = self.env.ref("account.account_payment_term_45days")
        self.tour("salesperson_asks_for_a_payment_term", self.sales, url)
        self.assertFalse(self.customer.property_payment_term_id)
        marketing = self.people["marketing_manager"]
        self.tour("marketing_approves_the_payment_term", marketing, INBOX)
        self.assertFalse(self.customer.property_payment_term_id)
        chief = self.people["chief_accountant"]
        self.tour("chief_accountant_approves_the_payment_term", chief, INBOX)
        self.assertEqual(self.customer.property_payment_term_id, term)
        self.tour("customer_has_the_payment_term", self.sales, url)
