"""A tier that somebody asks for and others agree to (FEATURES C02.8)."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from .common import TAGS
from .test_named_flows import NamedFlowsCommon
from .test_tier import TierCommon

GATE = "res.partner:tier"


@tagged(*TAGS)
class TestAgreedTier(NamedFlowsCommon, TierCommon, TransactionCase):
    """By request, with a reason and an end, and in no other way."""

    def ask(self, tier=None, days=30, **values):
        until = self.today + timedelta(days=days)
        asked = {
            "crm_agreed_tier_id": (tier or self.core).id,
            "crm_agreed_tier_until": fields.Date.to_string(until),
        }
        return self.propose(self.customer, GATE, asked | values)

    def agree(self, request):
        for user in (self.manager, self.people["marketing_manager"]):
            self.decide(user)
        self.assertEqual(request.state, "granted")

    def run_night(self, day):
        with freeze_time(day):
            self.env["res.partner"]._cron_end_agreed_tiers()
            self.run_all()
        self.env.invalidate_all()

    def test_without_a_policy_nobody_can_agree(self):
        with self.assertRaisesRegex(UserError, "Nobody has been named"):
            self.ask()

    def test_once_agreed_it_holds_in_place_of_points(self):
        self.switch_on("tier")
        self.bill(200)
        self.customer.action_crm_tier_work_out()
        before = self.customer.crm_tier_id
        self.assertNotEqual(before, self.core)
        request = self.ask()
        self.assertEqual(self.customer.crm_tier_id, before)
        self.agree(request)
        self.assertEqual(self.customer.crm_tier_id, self.core)
        self.assertEqual(self.history()[-1].reason, "agreed")
        self.run_night(self.today + timedelta(days=1))
        self.assertEqual(self.customer.crm_tier_id, self.core)
        self.customer.action_crm_tier_work_out()
        self.assertEqual(self.customer.crm_tier_id, self.core)

    def test_who_decides_reads_what_holds_now(self):
        self.switch_on("tier")
        self.bill(200)
        self.customer.action_crm_tier_work_out()
        tier = self.customer.crm_tier_id.name
        gate = self.customer._approval_get_gate(GATE)
        dialog = self.env["crm.approval.proposal"]._open(
            self.customer.with_user(self.sales), gate
        )
        lines = self.env["crm.approval.proposal"].browse(dialog["res_id"]).line_ids
        self.assertEqual(lines[0].now, f"by its points: {tier}")
        request = self.ask()
        cards = self.customer._approval_get_figures()[self.customer.id]["cards"]
        told = {card["label"]: (card["value"], card["note"]) for card in cards}
        points = self.customer.crm_tier_score
        self.assertEqual(told["Tier"], (tier, f"{points:g} of 100 points"))
        self.agree(request)
        self.assertEqual(
            self.customer._approval_tell_values({"crm_agreed_tier_id": False}),
            {"crm_agreed_tier_id": "by its points"},
        )

    def test_on_its_last_day_it_holds_and_the_day_after_points_decide(self):
        self.switch_on("tier")
        self.bill(200)
        self.customer.action_crm_tier_work_out()
        before = self.customer.crm_tier_id
        self.agree(self.ask(days=30))
        self.run_night(self.today + timedelta(days=30))
        self.assertEqual(self.customer.crm_tier_id, self.core)
        self.run_night(self.today + timedelta(days=31))
        self.assertEqual(self.customer.crm_tier_id, before)
        self.assertFalse(self.customer.crm_agreed_tier_id)
        self.assertFalse(self.customer.crm_agreed_tier_until)

    def test_it_can_be_ended_by_request(self):
        self.switch_on("tier")
        self.bill(200)
        self.customer.action_crm_tier_work_out()
        before = self.customer.crm_tier_id
        self.agree(self.ask())
        self.agree(self.ask(crm_agreed_tier_id=False, crm_agreed_tier_until=False))
        self.assertEqual(self.customer.crm_tier_id, before)

    def test_it_needs_an_end_a_tier_and_a_reason(self):
        self.switch_on("tier")
        yesterday = fields.Date.to_string(self.today - timedelta(days=1))
        today = fields.Date.to_string(self.today)
        for until in (False, yesterday, today):
            with self.assertRaisesRegex(ValidationError, "Until when"):
                self.ask(crm_agreed_tier_until=until)
        with self.assertRaisesRegex(ValidationError, "Which tier"):
            self.ask(crm_agreed_tier_id=False)
        asked = {
            "crm_agreed_tier_id": self.core.id,
            "crm_agreed_tier_until": self.today + timedelta(days=5),
        }
        with self.assertRaisesRegex(ValidationError, "Say why"):
            self.propose(self.customer, GATE, asked, reason=" ")

    def test_a_tier_of_another_company_is_refused(self):
        self.switch_on("tier")
        other = self.env["res.company"].create({"name": "Other"})
        theirs = self.core.copy({"company_id": other.id})
        with self.assertRaisesRegex(ValidationError, "no tier of"):
            self.ask(theirs)

    def test_nobody_enters_it(self):
        self.switch_on("tier")
        until = self.today + timedelta(days=5)
        values = {
            "crm_agreed_tier_id": self.core.id,
            "crm_agreed_tier_until": until,
        }
        for user in (self.sales, self.manager, self.administrator):
            partner = self.customer.with_user(user)
            for name, value in values.items():
                with self.assertRaises(AccessError):
                    partner.write({name: value})
                with self.assertRaises(AccessError):
                    partner.with_context(crm_approval_apply=True).write({name: value})
        partner = self.customer.with_user(self.sales)
        with self.assertRaises(AccessError):
            partner.create({"name": "New", **values})
        born = partner.with_context(
            **{f"default_{name}": value for name, value in values.items()}
        ).create({"name": "New"})
        self.assertFalse(born.sudo().crm_agreed_tier_id)

    def test_a_merged_customer_leaves_its_agreement_behind(self):
        self.switch_on("tier")
        self.agree(self.ask())
        survivor = self.env["res.partner"].create(
            {"name": "Survivor", "is_company": True}
        )
        merge = self.env["base.partner.merge.automatic.wizard"].create({})
        merge._merge((self.customer | survivor).ids, survivor)
        self.assertFalse(survivor.crm_agreed_tier_id)
        self.assertFalse(survivor.crm_tier_id)

    def test_the_panel_says_until_when_it_is_agreed(self):
        self.switch_on("tier")
        self.bill(200)
        self.customer.action_crm_tier_work_out()
        self.assertNotIn("agreed until", self.panel(self.sales))
        self.agree(self.ask())
        self.assertIn("agreed until", self.panel(self.sales))
