"""What customers are worth, from real orders and invoices (FEATURES C02.6, C02.8)."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.crm_extension.models.tier.crm_customer_standing import (
    CrmCustomerStanding,
)
from odoo.addons.crm_extension.models.tier.crm_tier_rating import CrmTierRating

from .common import SALES, TAGS, ApprovalCommon

# Half by turnover up to 1000, and for paying in time.
WEIGHTS = (("turnover", 50, 1000), ("overdue", 50, 100))
LADDER = (70, 40, 0)


class TierCommon(ApprovalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.administrator = cls.administrators[0]
        cls.core, cls.promising, cls.general = cls.env["crm.customer.tier"].create(
            [
                {"name": name, "sequence": number}
                for number, name in enumerate(("Gold", "Silver", "Bronze"))
            ]
        )
        cls.scheme = cls.put_in_force(cls.make_scheme())
        cls.customer.property_payment_term_id = False

    @classmethod
    def make_scheme(cls, weights=WEIGHTS, ladder=LADDER, **values):
        tiers = cls.core | cls.promising | cls.general
        return cls.env["crm.tier.scheme"].create(
            {
                "name": "Turnover and payment",
                "hysteresis": 5,
                "grace_days": 30,
                "weight_ids": [
                    Command.create({"indicator": name, "weight": weight, "mark": mark})
                    for name, weight, mark in weights
                ],
                "rung_ids": [
                    Command.create({"tier_id": tier.id, "threshold": threshold})
                    for tier, threshold in zip(tiers, ladder, strict=False)
                ],
            }
            | values
        )

    @classmethod
    def put_in_force(cls, scheme):
        own = scheme.with_user(cls.administrator)
        own.action_try()
        own.action_publish()
        return scheme

    def bill(self, amount, days=0, partner=None, kind="out_invoice", **values):
        """A posted invoice of so many days ago, due on that day."""
        day = self.today - timedelta(days)
        move = self.env["account.move"].create(
            {
                "move_type": kind,
                "partner_id": (partner or self.customer).id,
                "invoice_date": day,
                "invoice_date_due": day,
                "date": day,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Desk", "price_unit": amount, "tax_ids": False}
                    )
                ],
            }
            | values
        )
        move.action_post()
        return move

    def pay(self, move):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        wizard.create({}).action_create_payments()

    def sell(self, *discounts, days=0, **values):
        order = self.make_order(
            *discounts, user=self.env.ref("base.user_admin"), **values
        )
        order.action_confirm()
        order.date_order = fields.Datetime.now() - timedelta(days)
        return order

    def figures(self, partner=None, company=None):
        company = company or self.company
        customer = (partner or self.customer).commercial_partner_id
        scheme = self.env["crm.tier.scheme"]._get_published(company) or self.scheme
        query = customer._crm_query_figures(
            company, self.today, scheme.window_days, customer.ids
        )
        names = (
            *("id", "invoiced", "credited", "margin", "orders", "frequency"),
            *("last_on", "first_on", "overdue_on"),
        )
        (row,) = self.env.execute_query(query)
        return dict(zip(names, row, strict=True))

    def run_all(self):
        """A whole nightly run, without its commits."""
        with patch.object(
            self.registry["ir.cron"], "_commit_progress", return_value=60.0
        ):
            self.env["crm.tier.scheme"]._cron_work_out()

    def history(self, partner=None):
        return self.env["crm.customer.tier.history"].search(
            [("partner_id", "=", (partner or self.customer).id)], order="id"
        )

    def panel(self, user, partner=None):
        self.env.invalidate_all()
        partner = (partner or self.customer).with_user(user)
        return " ".join(str(partner.crm_tier_panel).split())

    def many(self, count):
        """So many customers, with an invoice each."""
        partners = self.env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(count)]
        )
        for partner in partners:
            self.bill(800, 3, partner)
        return partners


@tagged(*TAGS)
class TestFigures(TierCommon, TransactionCase):
    def test_turnover_is_what_was_invoiced_less_what_was_credited(self):
        self.bill(300, 10)
        self.bill(50, 5, kind="out_refund")
        self.bill(999, 400)  # before the window
        figures = self.figures()
        self.assertEqual((figures["invoiced"], figures["credited"]), (300, 50))
        self.assertEqual(figures["last_on"], self.today - timedelta(10))
        self.assertEqual(figures["first_on"], self.today - timedelta(400))

    def test_an_invoice_dated_ahead_counts_on_its_day(self):
        self.bill(300, -5)
        self.assertEqual(self.figures()["invoiced"], 0)
        self.assertFalse(self.figures()["first_on"])
        self.today += timedelta(5)
        self.assertEqual(self.figures()["invoiced"], 300)

    def test_an_invoice_dated_back_counts_on_the_day_it_bears(self):
        self.bill(300, 364)
        self.assertEqual(self.figures()["invoiced"], 300)
        self.bill(300, 365)
        self.assertEqual(self.figures()["invoiced"], 300)

    def test_drafts_cancelled_ones_and_bills_of_vendors_do_not_count(self):
        self.bill(70, 1, kind="in_invoice")
        self.bill(70, 1).button_draft()
        move = self.bill(70, 1)
        move.button_draft()
        move.button_cancel()
        figures = self.figures()
        self.assertEqual(figures["invoiced"], 0)
        self.assertIsNone(figures["last_on"])

    def test_more_can_come_back_than_was_sold(self):
        self.bill(100, 3)
        self.bill(400, 2, kind="out_refund")
        self.scheme._work_out(self.customer.ids)
        self.assertEqual(self.customer.crm_tier_id, self.promising)  # 0 + 100 points

    def test_contacts_and_archived_ones_count_for_their_company(self):
        contact = self.env["res.partner"].create(
            {"name": "Someone", "parent_id": self.customer.id, "active": False}
        )
        self.bill(100, 10, contact)
        self.bill(30, 10, self.env["res.partner"].create({"name": "Other"}))
        self.assertEqual(self.figures()["invoiced"], 100)

    def test_orders_and_months_and_what_orders_earn(self):
        order = self.sell(0, days=40)
        self.sell(0, days=1)
        self.sell(0, days=500)
        self.make_order(0)  # a quotation
        order.order_line.purchase_price = 1  # what it cost is kept
        figures = self.figures()
        self.assertEqual(figures["orders"], 2)
        self.assertEqual(figures["frequency"], 2)
        self.assertEqual(figures["margin"], 2 * 10 * (450 - 250))
        self.assertEqual(figures["first_on"], self.today - timedelta(500))

    def test_what_contacts_order_earns_for_their_company(self):
        contact = self.env["res.partner"].create(
            {"name": "Someone", "parent_id": self.customer.id}
        )
        self.sell(0, days=3)
        self.sell(0, days=2).partner_id = contact
        self.sell(0, days=1).partner_id = self.env["res.partner"].create(
            {"name": "Other"}
        )
        figures = self.figures()
        self.assertEqual(figures["orders"], 2)
        self.assertEqual(figures["margin"], 2 * 10 * (450 - 250))

    def test_months_are_counted_once_over_orders_and_invoices(self):
        day = self.today.replace(day=1)
        self.bill(10, (self.today - day).days)
        self.sell(0)
        self.assertEqual(self.figures()["frequency"], 1)
        self.bill(10, (self.today - day).days + 1)
        self.assertEqual(self.figures()["frequency"], 2)

    def test_an_order_without_a_rate_has_no_margin_and_breaks_nothing(self):
        order = self.sell(0)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order SET currency_rate = 0 WHERE id = %s", [order.id]
        )
        figures = self.figures()
        self.assertEqual((figures["orders"], figures["margin"]), (1, 0))

    def test_another_currency_is_converted(self):
        currency = self.env["res.currency"].create(
            {
                "name": "TTT",
                "symbol": "T",
                "rate_ids": [
                    Command.create({"name": self.today - timedelta(90), "rate": 4})
                ],
            }
        )
        self.bill(400, 2, currency_id=currency.id)
        self.assertEqual(self.figures()["invoiced"], 100)

    def test_the_oldest_unpaid_debt(self):
        old, young = self.bill(100, 40), self.bill(100, 10)
        self.bill(100, 0)  # due today
        self.assertEqual(self.figures()["overdue_on"], self.today - timedelta(40))
        self.pay(old)
        self.assertEqual(self.figures()["overdue_on"], self.today - timedelta(10))
        self.pay(young)
        self.assertIsNone(self.figures()["overdue_on"])

    def test_a_payment_that_is_taken_back_leaves_the_debt(self):
        move = self.bill(100, 40)
        self.pay(move)
        move.line_ids.remove_move_reconcile()
        self.assertEqual(self.figures()["overdue_on"], self.today - timedelta(40))


@tagged(*TAGS)
class TestRun(TierCommon, TransactionCase):
    def test_a_night_gives_tiers_and_says_why(self):
        self.pay(self.bill(1000, 20))
        other = self.many(1)  # 40 + 48.5 points
        self.run_all()
        self.assertEqual(self.customer.crm_tier_id, self.core)
        self.assertEqual(self.customer.crm_tier_score, 100)
        self.assertEqual((other.crm_tier_id, other.crm_tier_score), (self.core, 88.5))
        row = self.history().sudo()
        self.assertEqual(
            (row.tier_id, row.date_from, row.date_to, row.reason, row.score),
            (self.core, self.today, False, "first", 100),
        )
        self.assertEqual(row.indicators["turnover"], 1000)
        self.assertEqual(self.scheme.last_run_on, self.today)
        self.assertFalse(self.scheme.run_on)

    def test_who_never_bought_has_no_tier(self):
        self.run_all()
        self.assertFalse(self.customer.crm_tier_id)
        self.assertFalse(self.history())

    def rows(self):
        """Which version of each row there is."""
        self.env.flush_all()
        found = []
        for table in ("customer_standing", "customer_tier_history"):
            query = SQL("SELECT id, ctid FROM %s", SQL.identifier(f"crm_{table}"))
            found.append(sorted(self.env.execute_query(query)))
        query = SQL("SELECT id, ctid FROM res_partner")
        return [*found, sorted(self.env.execute_query(query))]

    def test_a_second_night_on_which_nothing_happened_writes_nothing(self):
        self.many(3)
        self.run_all()
        before = self.rows()
        self.run_all()
        self.assertEqual(self.rows(), before)

    def test_however_many_are_read_at_once_the_figures_are_the_same(self):
        partners = self.many(4)
        contact = self.env["res.partner"].create(
            {"name": "Someone", "parent_id": self.customer.id}
        )
        self.bill(100, 40, contact)
        self.bill(30, 20, contact, kind="out_refund")
        self.sell(0, days=50).partner_id = contact
        self.sell(0, days=500)
        joining = partners[0]
        joining.parent_id = partners[1]  # what it was billed is the other's by now
        customers = self.customer | partners[1:]
        alone = [self.figures(partner) for partner in customers]
        self.assertEqual(alone[0]["orders"], 1)
        self.assertEqual((alone[0]["invoiced"], alone[0]["credited"]), (100, 30))
        self.assertEqual(alone[0]["overdue_on"], self.today - timedelta(40))
        self.assertEqual(alone[1]["invoiced"], 1600)
        self.put_in_force(self.make_scheme(weights=[("margin", 10, 4000)]))
        for size in (100, 2, 1):
            with patch.object(
                self.registry["crm.tier.scheme"],
                "_get_batch_size",
                lambda self, size=size: size,
            ):
                self.env["crm.customer.standing"].search([]).unlink()
                self.run_all()
            standings = self.env["crm.customer.standing"].search([])
            self.assertEqual(standings.partner_id, customers, size)
            known = {row.partner_id.id: row for row in standings}
            for figures in alone:
                row = known[figures["id"]]
                for name in figures.keys() - {"id"}:
                    self.assertEqual(row[name] or 0, figures[name] or 0, (size, name))

    def test_what_orders_earn_is_read_only_where_it_counts(self):
        self.sell(0)
        self.run_all()
        standing = self.env["crm.customer.standing"].search([])
        self.assertFalse(standing.margin)
        self.assertNotIn("margin", self.history().sudo().indicators)
        self.put_in_force(self.make_scheme(weights=[("margin", 10, 4000)]))
        self.run_all()
        self.assertEqual(standing.margin, 2000)

    def test_a_second_run_on_a_day_rates_nobody_unless_something_happened(self):
        partners = self.many(3)
        rated = []
        store = CrmCustomerStanding._store_judged

        def note(standings, *args):
            rated.append(1)
            return store(standings, *args)

        one = patch.object(CrmTierRating, "_rate", lambda *args: rated.append(1))
        everybody = patch.object(CrmCustomerStanding, "_store_judged", note)
        with one, everybody:
            self.run_all()
            self.assertEqual(len(rated), 1)
            self.run_all()
            self.assertEqual(len(rated), 1)
            self.bill(5, 1, partners[0])
            self.run_all()
            self.assertEqual(len(rated), 2)
            self.bill(5, 1)  # somebody new
            self.run_all()
            self.assertEqual(len(rated), 3)
            self.bill(5, 1)
            self.scheme._work_out(self.customer.ids)
            self.run_all()
            self.assertEqual(len(rated), 5)
            with freeze_time(fields.Datetime.now() + timedelta(1)):
                self.run_all()
            self.assertEqual(len(rated), 6)

    def test_a_run_that_breaks_off_goes_on_where_it_was(self):
        partners = self.many(5)
        rated, times = [], iter([60, 60, 60, 60, 60, 0])
        rate = CrmTierRating._rate

        def note(scheme, customers, *args):
            rated.extend(key for key in sorted(partners.ids) if key in customers)
            return rate(scheme, customers, *args)

        cron = self.registry["ir.cron"]
        size = patch.object(
            self.registry["crm.tier.scheme"], "_get_batch_size", lambda self: 2
        )
        with size, patch.object(CrmTierRating, "_rate", note):
            # Figures in three steps, then their fifths, then the first two customers.
            with patch.object(
                cron, "_commit_progress", side_effect=lambda *a, **kw: next(times)
            ):
                self.env["crm.tier.scheme"]._cron_work_out()
            self.assertTrue(self.scheme.run_on)
            self.assertEqual(self.scheme.run_phase, "tiers")
            self.assertEqual(len(rated), 2)
            self.assertEqual(len(partners.filtered("crm_tier_id")), 2)
            self.run_all()
        self.assertEqual(rated, sorted(partners.ids))  # each of them once
        self.assertEqual(partners.crm_tier_id, self.core)
        self.assertFalse(self.scheme.run_on)

    def test_the_cron_counts_what_is_left(self):
        self.many(3)
        told = []

        def note(cron, processed=0, *, remaining=None, deactivate=False):
            told.append((processed, remaining))
            return 60.0

        with patch.object(self.registry["ir.cron"], "_commit_progress", note):
            self.env["crm.tier.scheme"]._cron_work_out()
        self.assertEqual(told[0], (0, 6))  # their figures, and their tiers
        self.assertEqual(sum(done for done, _left in told), 6)
        self.assertEqual(told[-1][1], 0)

    def test_the_scheduled_action_works(self):
        partner = self.many(1)
        with self.enter_registry_test_mode():
            self.env.ref(
                "crm_extension.ir_cron_crm_tier_rating"
            ).method_direct_trigger()
        self.assertEqual(partner.crm_tier_id, self.core)

    def test_queries_do_not_grow_with_customers(self):
        def count(partners):
            self.env.invalidate_all()
            with self.count_queries() as queries:
                self.scheme._work_out(partners.ids)
            self.assertEqual(partners.crm_tier_id, self.core)
            return queries.value

        self.scheme._work_out(self.many(1).ids)  # warm
        few, many = self.many(2), self.many(12)
        self.assertEqual(count(few), count(many))

    def test_lists_read_tiers_and_points_together(self):
        partners = self.many(10)
        self.run_all()

        def count(records):
            self.env.invalidate_all()
            with self.count_queries() as queries:
                records.read(["crm_tier_id", "crm_tier_score", "crm_tier_color"])
            return queries.value

        count(partners)
        self.assertEqual(count(partners[:2]), count(partners))


@tagged(*TAGS)
class TestOverTime(TierCommon, TransactionCase):
    """Nobody flaps, and it is known who had which tier when."""

    def night(self, days):
        """The night so many days from now."""
        self.env.invalidate_all()
        with freeze_time(fields.Datetime.now() + timedelta(days)):
            self.run_all()

    def test_who_stays_too_low_falls_after_the_days_of_grace(self):
        move = self.bill(1000, 0)
        self.night(0)
        self.assertEqual(self.customer.crm_tier_id, self.core)
        # Unpaid, it costs half a point a day: 70 points after 60 days.
        self.night(65)
        standing = self.env["crm.customer.standing"].search([])
        self.assertEqual(standing.score, 67.5)
        self.assertFalse(standing.below_since)
        self.night(75)
        self.assertEqual(standing.score, 62.5)
        self.assertEqual(standing.below_since, self.today + timedelta(75))
        self.night(104)
        self.assertEqual(self.customer.crm_tier_id, self.core)
        self.night(105)
        self.assertEqual(self.customer.crm_tier_id, self.promising)
        old, new = self.history()
        self.assertEqual((old.date_to, new.date_from), 2 * (new.date_from,))
        self.assertEqual(new.date_from, self.today + timedelta(105))
        self.assertEqual(new.reason, "fell")
        self.pay(move)
        self.night(106)
        self.assertEqual(self.customer.crm_tier_id, self.core)
        self.assertEqual(self.history()[-1].reason, "rose")

    def test_who_recovers_in_time_keeps_the_tier(self):
        move = self.bill(1000, 0)
        self.night(0)
        self.night(80)
        self.pay(move)
        self.night(90)
        self.assertFalse(self.env["crm.customer.standing"].search([]).below_since)
        self.night(115)
        self.assertEqual(self.customer.crm_tier_id, self.core)
        self.assertEqual(len(self.history()), 1)

    def test_the_tier_on_a_day(self):
        self.bill(1000, 0)
        self.night(0)
        self.night(75)
        self.night(105)
        contact = self.env["res.partner"].create(
            {"name": "Someone", "parent_id": self.customer.id}
        )
        for partner in (self.customer, contact):
            for days, tier in (
                (-1, self.env["crm.customer.tier"]),
                (0, self.core),
                (104, self.core),
                (105, self.promising),
                (900, self.promising),
            ):
                day = self.today + timedelta(days)
                self.assertEqual(partner._crm_get_tier_on(day), tier, days)

    def test_two_changes_on_a_day_leave_the_later_one(self):
        self.bill(100, 0)
        self.scheme._work_out(self.customer.ids)
        self.assertEqual(self.customer.crm_tier_id, self.promising)
        self.bill(900, 0)
        self.scheme._work_out(self.customer.ids)
        self.assertEqual(self.customer._crm_get_tier_on(self.today), self.core)
        self.assertEqual(self.history().mapped("date_to"), [self.today, False])

    def test_a_customer_who_becomes_a_contact_loses_the_tier(self):
        self.bill(1000, 0)
        self.night(0)
        group = self.env["res.partner"].create({"name": "Group", "is_company": True})
        self.customer.parent_id = group
        self.night(1)
        self.assertFalse(self.customer.crm_tier_id)
        self.assertEqual(self.history().date_to, self.today + timedelta(1))
        history = self.env["crm.customer.tier.history"]
        for days, expected in ((0, self.core), (1, None)):
            day = self.today + timedelta(days)
            rows = history.search([("partner_id", "=", self.customer.id)])
            self.assertTrue(rows)
            # Asked for the customer that it was, not for the group it is part of.
            held = history._get_tiers_held(rows.partner_id.ids, self.company, day)
            self.assertEqual(held.get(self.customer.id), expected)
        self.assertEqual(group.crm_tier_id, self.core)

    def test_merged_customers_keep_the_tier_of_the_one_that_stays(self):
        double = self.many(1)
        self.bill(100, 0)
        self.night(0)
        self.assertNotEqual(double.crm_tier_id, self.customer.crm_tier_id)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.customer | double).ids, self.customer)
        self.assertEqual(self.customer.crm_tier_id, self.promising)
        self.assertEqual(len(self.history().filtered(lambda row: not row.date_to)), 1)
        self.night(0)
        self.assertEqual(self.customer.crm_tier_id, self.core)  # 900 in all

    def test_a_merge_into_one_without_a_tier(self):
        double = self.many(1)
        self.night(0)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.customer | double).ids, self.customer)
        self.assertFalse(self.customer.crm_tier_id)
        self.night(0)
        self.assertEqual(self.customer.crm_tier_id, self.core)


@tagged(*TAGS)
class TestCompanies(TierCommon, TransactionCase):
    def test_each_company_has_its_own_tiers(self):
        other = self.env["res.company"].create({"name": "Branch"})
        self.bill(1000, 1)
        self.run_all()
        customer = self.customer
        self.assertEqual(customer.crm_tier_id, self.core)
        self.assertFalse(customer.with_company(other).crm_tier_id)
        self.assertFalse(customer.with_company(other).crm_tier_score)
        self.put_in_force_there(other)
        self.bill(100, 1)
        self.scheme._work_out(customer.ids)
        there = self.env["crm.tier.scheme"]._get_published(other)
        there._work_out(customer.ids)
        self.env.invalidate_all()
        self.assertEqual(customer.with_company(other).crm_tier_id, self.general)
        self.assertEqual(customer.crm_tier_id, self.core)
        self.assertEqual(self.figures(company=other)["invoiced"], 0)

    def put_in_force_there(self, company):
        self.administrator.company_ids += company
        scheme = self.make_scheme(company_id=company.id)
        scheme = scheme.with_user(self.administrator)
        scheme = scheme.with_context(allowed_company_ids=[company.id])
        scheme.action_try()
        scheme.action_publish()

    def test_nobody_reads_the_tiers_of_a_company_that_is_not_theirs(self):
        other = self.env["res.company"].create({"name": "Branch"})
        self.put_in_force_there(other)
        there = self.env["crm.tier.scheme"]._get_published(other)
        there._work_out(self.customer.ids)
        for model in (
            *("crm.customer.tier.history", "crm.customer.standing"),
            *("crm.tier.scheme", "crm.tier.rung", "crm.tier.weight"),
        ):
            hidden = self.env[model].search([("company_id", "=", other.id)])
            self.assertTrue(hidden, model)
            seen = self.env[model].with_user(self.sales).search([])
            self.assertFalse(seen & hidden, model)


@tagged(*TAGS)
class TestRating(TierCommon, TransactionCase):
    """A rating is tried, put in force, and then stays as it is."""

    def test_what_is_in_force_does_not_change(self):
        own = self.scheme.with_user(self.administrator)
        for deed in (
            lambda: own.write({"grace_days": 0}),
            lambda: own.rung_ids[0].write({"threshold": 1}),
            lambda: own.weight_ids[0].write({"weight": 1}),
            lambda: own.rung_ids[0].unlink(),
            lambda: own.write({"rung_ids": [Command.clear()]}),
            lambda: self.env["crm.tier.weight"].create(
                {"scheme_id": own.id, "indicator": "years"}
            ),
            lambda: own.unlink(),
        ):
            with self.assertRaisesRegex(UserError, "Turnover and payment"):
                deed()

    def test_what_the_system_keeps_nobody_writes(self):
        draft = self.make_scheme()
        for values in (
            *({"state": "published"}, {"tried_on": "2026-01-01"}, {"peers": {}}),
            *({"run_cursor": 5}, {"published_on": "2026-01-01"}),
        ):
            with self.assertRaises(AccessError):
                draft.write(values)
            with self.assertRaises(AccessError):
                self.make_scheme(**values)
        context = {"default_state": "published", "default_name": "Mine"}
        scheme = self.env["crm.tier.scheme"].with_context(**context).create({})
        self.assertEqual(scheme.state, "draft")

    def test_a_draft_is_tried_before_it_is_published(self):
        draft = self.make_scheme().with_user(self.administrator)
        with self.assertRaisesRegex(UserError, "See first who would move"):
            draft.action_publish()
        draft.action_try()
        draft.rung_ids[0].threshold = 71
        with self.assertRaisesRegex(UserError, "See first who would move"):
            draft.action_publish()
        draft.action_try()
        draft.action_publish()
        self.assertEqual((draft.state, self.scheme.state), ("published", "replaced"))

    def test_trying_says_who_would_move_and_moves_nobody(self):
        partners = self.many(3)  # 88.5 points
        self.bill(1000, 0)  # 100 points
        self.run_all()
        draft = self.env["crm.tier.scheme"].browse(
            self.scheme.with_user(self.administrator).action_new_draft()["res_id"]
        )
        draft.rung_ids[0].threshold = 95
        action = draft.with_user(self.administrator).action_try()
        moves = self.env["crm.tier.move"].search(action["domain"])
        self.assertEqual(moves.partner_id, partners)
        self.assertEqual(moves.to_tier_id, self.promising)
        self.assertEqual(set(moves.mapped("moves_on")), {self.today + timedelta(30)})
        self.assertIn("3 of 4 customers would move", draft.trial_note)
        self.assertIn("Gold → Silver: 3", draft.trial_note)
        self.assertEqual((partners | self.customer).crm_tier_id, self.core)
        self.assertEqual(len(self.history()), 1)
        # A draft that looks back less far reads other figures.
        draft.write({"window_days": 30})
        draft.rung_ids[0].threshold = 70
        self.bill(5000, 50)
        draft.with_user(self.administrator).action_try()
        self.assertIn("0 of 4", draft.trial_note)

    def test_tiers_that_overlap_or_leave_a_hole_are_refused(self):
        for ladder, why in (
            ((70, 40, 10), "less than 10 points would have no tier"),
            ((70, 70, 0), "both begin at 70"),
            ((40, 70, 0), "is the better tier"),
            ((), "no tiers"),
        ):
            with self.assertRaisesRegex(ValidationError, why):
                self.make_scheme(ladder=ladder).action_try()

    def test_a_rating_in_which_nothing_counts_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "Nothing counts"):
            self.make_scheme(weights=[("recency", 0, 0)]).action_try()
        with self.assertRaisesRegex(ValidationError, "worth all points"):
            self.make_scheme(weights=[("turnover", 10, 0)]).action_try()

    @mute_logger("odoo.sql_db")
    def test_thresholds_stay_between_0_and_100(self):
        for threshold in (-1, 100.1):
            with self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self.make_scheme(ladder=(threshold,))

    def test_only_administrators_set_up_ratings(self):
        for user in (self.sales, self.manager, self.finance):
            draft = self.make_scheme().with_user(user)
            self.assertEqual(draft.name, "Turnover and payment")
            for deed in (
                *(draft.action_try, draft.action_publish, draft.action_new_draft),
                lambda draft=draft: draft.write({"name": "Mine"}),
                lambda draft=draft: draft.rung_ids[0].write({"threshold": 1}),
            ):
                with self.assertRaises(AccessError):
                    deed()

    def test_a_tier_that_is_no_longer_used(self):
        self.bill(1000, 0)
        self.run_all()
        draft = self.make_scheme(ladder=())
        draft.rung_ids = [Command.create({"tier_id": self.general.id})]
        self.put_in_force(draft)
        self.run_all()
        self.assertEqual(self.customer.crm_tier_id, self.general)
        self.assertEqual(self.history()[-1].reason, "gone")

    def test_a_tier_shows_where_it_begins(self):
        self.assertEqual(
            (self.core | self.promising | self.general).mapped("threshold"),
            [70, 40, 0],
        )


@tagged(*TAGS)
class TestRights(TierCommon, TransactionCase):
    def test_nobody_enters_a_tier(self):
        for user in (self.sales, self.administrator, self.env.ref("base.user_root")):
            partners = self.env["res.partner"].with_user(user).sudo()
            with self.assertRaises(AccessError):
                partners.browse(self.customer.id).crm_tier_id = self.core
            with self.assertRaises(AccessError):
                partners.create({"name": "Mine", "crm_tier_id": self.core.id})
        partner = (
            self.env["res.partner"]
            .with_context(default_crm_tier_id=self.core.id)
            .create({"name": "Mine"})
        )
        self.assertFalse(partner.crm_tier_id)

    def test_nobody_takes_a_tier_away(self):
        self.bill(1000, 0)
        self.run_all()
        customer = self.customer.with_user(self.sales)
        with self.assertRaises(AccessError):
            customer.write({"crm_tier_id": False})
        customer.write({"crm_tier_id": self.core.id, "comment": "the same"})
        self.assertEqual(self.customer.crm_tier_id, self.core)

    def test_a_copy_has_no_tier(self):
        self.bill(1000, 0)
        self.run_all()
        self.assertFalse(self.customer.copy().crm_tier_id)

    def test_whoever_may_write_the_customer_brings_its_tier_up_to_date(self):
        self.bill(1000, 0)
        contact = self.env["res.partner"].create(
            {"name": "Someone", "parent_id": self.customer.id}
        )
        contact.with_user(self.sales).action_crm_tier_work_out()
        self.assertEqual(self.customer.crm_tier_id, self.core)
        self.assertFalse(contact.crm_tier_id)

    def test_whoever_may_only_read_it_does_not(self):
        reader = new_test_user(
            self.env, "t_reader", groups="crm_extension.crm_extension_group_user"
        )
        self.assertFalse(self.customer.with_user(reader).crm_tier_may_rate)
        self.assertTrue(self.customer.with_user(self.sales).crm_tier_may_rate)
        with self.assertRaises(AccessError):
            self.customer.with_user(reader).action_crm_tier_work_out()

    def test_history_and_scores_are_read_only(self):
        self.bill(1000, 0)
        self.run_all()
        for model in ("crm.customer.tier.history", "crm.customer.standing"):
            for user in (self.sales, self.administrator):
                rows = self.env[model].with_user(user).search([])
                self.assertTrue(rows)
                for deed in (
                    lambda rows=rows: rows.write({"score": 1}),
                    lambda rows=rows: rows.unlink(),
                    lambda rows=rows: rows.create({"partner_id": self.customer.id}),
                ):
                    with self.assertRaises(AccessError):
                        deed()

    def test_what_orders_earn_is_for_those_who_may_see_it(self):
        self.sell(0)
        self.put_in_force(self.make_scheme(weights=[("margin", 10, 4000)]))
        self.run_all()
        self.assertIn("2,000", self.panel(self.finance_of_orders()))
        self.assertNotIn("Margin", self.panel(self.sales))
        history = self.history().with_user(self.sales)
        with self.assertRaises(AccessError):
            history.read(["indicators"])
        with self.assertRaises(AccessError):
            self.env["crm.customer.standing"].with_user(self.sales).search_fetch(
                [], ["margin"]
            )

    def finance_of_orders(self):
        return new_test_user(
            self.env,
            "t_chief",
            groups=f"{SALES}_all_leads,crm_extension.crm_extension_group_approver",
        )


@tagged(*TAGS)
class TestPanel(TierCommon, TransactionCase):
    """Why this tier, and what is missing to the next one, for a salesperson."""

    def test_before_the_first_night(self):
        self.assertIn("Not rated yet", self.panel(self.sales))

    def test_where_nobody_has_set_up_a_rating(self):
        other = self.env["res.company"].create({"name": "Branch"})
        self.sales.company_ids += other
        customer = self.customer.with_company(other)
        self.assertIn(
            "Customers are not rated in Branch yet", self.panel(self.sales, customer)
        )
        with self.assertRaisesRegex(UserError, "not said|has said yet"):
            customer.with_user(self.sales).action_crm_tier_work_out()

    def test_why_and_what_is_missing(self):
        self.bill(300, 20)
        self.run_all()  # 15 + 40 points
        panel = self.panel(self.sales)
        self.assertIn("55 of 100 points", panel)
        self.assertIn("20 days", panel)
        self.assertIn("15 points are missing to “Gold”", panel)
        self.assertIn("600", panel)  # of turnover would do, paying would not
        self.assertIn("now $", panel.replace("\xa0", " "))

    def test_the_figures_named_do_what_they_promise(self):
        self.bill(300, 20)
        self.run_all()
        self.bill(300, 0)
        self.run_all()
        self.assertEqual(self.customer.crm_tier_id, self.core)

    def test_the_highest_tier_and_when_it_is_lost(self):
        self.bill(1000, 0)
        self.run_all()
        self.assertIn("There is no higher tier", self.panel(self.sales))
        with freeze_time(fields.Datetime.now() + timedelta(80)):
            self.env.invalidate_all()
            self.run_all()
            panel = self.panel(self.sales)
        self.assertIn("It is lost on", panel)
        self.assertIn("65 points again", panel)

    def test_who_bought_nothing_lately(self):
        self.bill(1000, 500)
        self.run_all()
        self.assertEqual(self.customer.crm_tier_id, self.general)
        self.assertIn("Nothing was bought in the last 365 days", self.panel(self.sales))

    def test_the_form_opens_with_and_without_a_tier(self):
        customer = self.customer.with_user(self.sales)
        for words in ("Not rated yet", "100 of 100 points"):
            form = Form(customer)
            form.comment = "Seen"
            form.save()
            self.assertIn(words, self.panel(self.sales))
            self.bill(1000, 0)
            self.run_all()
            self.env.invalidate_all()

    def test_a_contact_shows_the_tier_of_its_company(self):
        self.bill(1000, 0)
        self.run_all()
        contact = self.env["res.partner"].create(
            {"name": "Someone", "parent_id": self.customer.id}
        )
        self.assertIn("Gold", self.panel(self.sales, contact))
        self.assertEqual(contact.crm_tier_score, 100)
