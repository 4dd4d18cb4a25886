"""What comes in crooked: ratings, credit and churn have a stated answer to each."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged

from .common import TAGS
from .test_churn import ChurnCommon
from .test_glue_credit import CreditCommon
from .test_tier import TierCommon


def make_ring(env, *partners):
    """Each is the parent of the one before, the first of the last: no form and no file
    gets that far, but a script on the database does."""
    env.flush_all()
    for partner, parent in zip(partners, (*partners[1:], partners[0]), strict=True):
        env.cr.execute(
            "UPDATE res_partner SET parent_id = %s, commercial_partner_id = %s"
            " WHERE id = %s",
            [parent.id, parent.id, partner.id],
        )
    env.invalidate_all()


@tagged(*TAGS)
class TestTierBadInput(TierCommon, TransactionCase):
    def test_an_import_that_makes_a_customer_its_own_ancestor_is_refused(self):
        child = self.env["res.partner"].create(
            {"name": "Child", "parent_id": self.customer.id}
        )
        with self.assertRaises(ValidationError):
            self.customer.parent_id = child
        found = self.env["res.partner"].load(
            [".id", "parent_id/.id"], [[str(self.customer.id), str(child.id)]]
        )
        self.assertFalse(found["ids"])
        self.assertTrue(found["messages"])

    def test_a_ring_in_the_database_ends_the_night_for_nobody(self):
        first, second = self.many(2)
        self.bill(1000, 1)
        make_ring(self.env, first, second)
        self.run_all()
        self.assertTrue(self.customer.crm_tier_id)
        self.assertFalse(self.scheme.run_on)
        for partner in (first, second):
            partner.read(["crm_tier_id", "crm_tier_panel"])
            # It is a contact of somebody else, who is one, too.
            self.assertFalse(partner.crm_tier_id)

    def test_one_that_is_its_own_parent_keeps_its_figures(self):
        self.bill(1000, 1)
        make_ring(self.env, self.customer)
        self.run_all()
        self.assertEqual(self.figures()["invoiced"], 1000)
        self.assertEqual(self.customer.crm_tier_id, self.core)

    def test_a_customer_that_moves_to_another_company_stays_in_the_books(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.bill(1000, 1)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET company_id = %s WHERE id = %s",
            [other.id, self.customer.id],
        )
        self.env.invalidate_all()
        self.run_all()
        self.assertEqual(self.customer.crm_tier_id, self.core)
        self.assertFalse(self.customer.with_company(other).crm_tier_id)
        self.assertEqual(self.figures(company=other)["invoiced"], 0)

    def test_invoices_stay_with_whom_a_contact_bought_for(self):
        old, new = self.env["res.partner"].create(
            [{"name": name, "is_company": True} for name in ("Old", "New")]
        )
        buyer = self.env["res.partner"].create({"name": "B", "parent_id": old.id})
        self.bill(1000, 1, buyer)
        buyer.parent_id = new
        self.env.flush_all()
        self.assertEqual(self.figures(old)["invoiced"], 1000)
        self.assertEqual(self.figures(new)["invoiced"], 0)

    def test_a_deleted_payment_leaves_the_debt(self):
        move = self.bill(100, 40)
        self.pay(move)
        self.assertIsNone(self.figures()["overdue_on"])
        payment = move.matched_payment_ids
        payment.action_draft()
        payment.unlink()
        self.assertEqual(self.figures()["overdue_on"], self.today - timedelta(40))

    def test_a_currency_without_a_rate_counts_as_it_is_booked(self):
        money = self.env["res.currency"].create({"name": "XTS", "symbol": "X"})
        self.bill(400, 2, currency_id=money.id)
        self.assertEqual(self.figures()["invoiced"], 400)

    def test_negative_turnover_earns_nothing_and_breaks_nothing(self):
        self.bill(100, 3)
        self.bill(400, 2, kind="out_refund")
        self.pay(self.many(1).invoice_ids)
        self.run_all()
        # None for turnover, and some are lost as the invoice fell due three days ago.
        self.assertEqual(self.customer.crm_tier_score, 48.5)
        self.assertEqual(self.figures()["credited"], 400)

    def test_an_invoice_dated_back_is_rated_the_next_night(self):
        self.bill(100, 1)
        self.run_all()
        self.assertEqual(self.customer.crm_tier_id, self.promising)
        self.pay(self.bill(1000, 300))
        with freeze_time(fields.Datetime.now() + timedelta(1)):
            self.run_all()
        self.assertEqual(self.customer.crm_tier_id, self.core)


@tagged(*TAGS)
class TestCreditBadInput(CreditCommon, TransactionCase):
    def grade(self):
        self.customer.invalidate_recordset()
        return self.customer.with_user(self.sales).crm_credit_grade

    def use_grades(self, **values):
        return self.env["crm.credit.policy"].create({"name": "Grades"} | values)

    def test_an_invoice_dated_ahead_is_owed_and_not_overdue(self):
        self.invoice(600, days=-10)
        self.assertEqual(self.parts()[0], 600)
        customer = self.customer.with_user(self.sales)
        self.assertEqual(
            (customer.crm_credit_overdue, customer.crm_credit_room), (0, 400)
        )

    def test_it_makes_nobody_a_customer_of_less_than_no_years(self):
        self.use_grades(days_weight=0, ratio_weight=0)
        self.invoice(600, days=-40)
        self.assertEqual(self.grade(), "D")
        note = self.customer.with_user(self.sales).crm_credit_grade_note
        self.assertIn("customer for 0.0 years", note)

    def test_an_invoice_dated_back_is_overdue_at_once(self):
        self.use_grades(use_grades=False)
        self.confirm(10)
        self.invoice(100, days=45)
        self.assertEqual(self.sell(10).crm_approval_state, "needed")

    def test_a_deleted_payment_leaves_the_debt(self):
        move = self.invoice(600)
        self.pay(move)
        self.assertEqual(self.parts()[0], 0)
        payment = move.matched_payment_ids
        payment.action_draft()
        payment.unlink()
        self.assertEqual(self.parts()[0], 600)
        self.assertEqual(self.sell(401).crm_approval_state, "needed")

    def test_negative_turnover_is_graded_like_none(self):
        self.use_grades(days_weight=0, ratio_weight=0, years_weight=0)
        self.invoice(100)
        self.invoice(900, kind="out_refund")
        self.assertEqual(self.grade(), "D")
        self.assertEqual(self.parts()[0], -800)
        # What is to be given back makes room, up to the limit beyond it.
        self.customer.credit_limit = 1000
        self.confirm(1800)

    def test_a_customer_that_moves_to_another_company_still_owes(self):
        other = self.env["res.company"].create(
            {"name": "Other", "account_use_credit_limit": True}
        )
        self.invoice(600)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET company_id = %s WHERE id = %s",
            [other.id, self.customer.id],
        )
        self.env.invalidate_all()
        customer = self.customer.sudo()
        self.assertEqual(customer.crm_credit_owed, 600)
        self.assertEqual(customer.with_company(other).crm_credit_owed, 0)

    def test_what_a_contact_ordered_goes_along_and_what_was_billed_stays(self):
        old, new = self.env["res.partner"].create(
            [{"name": name, "is_company": True} for name in ("Old", "New")]
        )
        buyer = self.env["res.partner"].create({"name": "B", "parent_id": old.id})
        self.confirm(100, customer=buyer)
        self.invoice(50, partner_id=buyer.id)
        buyer.parent_id = new
        self.env.flush_all()
        self.assertEqual(self.parts(old), [50, 0, 0, 50])
        self.assertEqual(self.parts(new), [0, 0, 100, 100])

    def test_a_ring_of_customers_is_no_endless_way(self):
        first, second = self.env["res.partner"].create(
            [{"name": "One", "credit_limit": 10}, {"name": "Two", "credit_limit": 10}]
        )
        order = self.sell(20, customer=first)
        make_ring(self.env, first, second)
        order.invalidate_recordset()
        self.assertEqual(order.sudo().crm_credit_over, 10)
        self.assertEqual(self.parts(first)[3], 0)

    def test_limits_and_points_that_overlap_are_refused(self):
        policy = self.use_grades()
        for values in ({"points_b": 75}, {"points_c": 50}, {"limit_c": 20_001}):
            with self.subTest(values), self.assertRaises(ValidationError):
                policy.write(values)

    def test_branches_share_the_books_of_their_company(self):
        branch = self.env["res.company"].create(
            {
                "name": "Branch",
                "parent_id": self.company.id,
                "account_use_credit_limit": True,
            }
        )
        self.customer.with_company(branch).credit_limit = 700
        self.confirm(600)
        self.assertEqual(self.parts(company=branch)[3], 600)
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": branch.id,
                "order_line": [
                    Command.create({"product_id": self.hours.id, "price_unit": 150})
                ],
            }
        )
        # By the limit that holds there.
        self.assertEqual(order.crm_credit_over, 50)


@tagged(*TAGS)
class TestChurnBadInput(ChurnCommon, TransactionCase):
    def test_a_ring_of_customers_ends_the_night_for_nobody(self):
        self.buy(*(131, 101, 71, 41))
        first, second = self.many(2, 131, 101, 71, 41)
        make_ring(self.env, first, second)
        self.night()
        self.assertTrue(self.row())

    def test_an_order_dated_back_counts_on_the_day_it_bears(self):
        self.buy(131, 101, 71)
        self.night()
        self.buy(41)
        self.night(1)
        self.assertEqual(self.row().last_on, self.today - timedelta(41))

    def test_a_customer_that_moves_to_another_company_is_missed_where_it_bought(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.buy(*(131, 101, 71, 41))
        self.env.cr.execute(
            "UPDATE res_partner SET company_id = %s WHERE id = %s",
            [other.id, self.customer.id],
        )
        self.env.invalidate_all()
        self.night()
        self.assertTrue(self.row())
        self.assertFalse(self.row(company=other))
