"""What the screens say: to who asks, to who is asked, and to who sets the rules."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from odoo.addons.crm_extension.models.approval.core.forecast import whole_way

from .common import TAGS, ApprovalCommon
from .test_named_flows import NamedFlowsCommon

hours = st.floats(0, 1000)


@given(st.lists(st.lists(hours, min_size=1), min_size=1))
def test_those_asked_at_the_same_time_take_as_long_as_the_slowest(ranks):
    whole = whole_way(ranks)
    assert whole == sum(max(rank) for rank in ranks)
    assert whole_way([*ranks, [None, 1.0]]) is None


def test_nobody_asked_takes_no_time_that_could_be_told():
    assert whole_way([]) is None


class ScreenCommon(ApprovalCommon):
    """A quotation above the limit, before and after it is asked."""

    def ask(self, *discounts):
        order = self.make_order(*discounts)
        order.action_approval_request()
        return order

    def drawn_point(self, order, name):
        route = order.with_user(self.sales).crm_approval_route["requests"][0]
        points = [point for rank in route["ranks"] for point in rank]
        return next(point for point in points if point["name"] == name)


@tagged(*TAGS)
class TestUsually(ScreenCommon, TransactionCase):
    """How soon an answer usually comes, told to who has to wait for it."""

    def answer(self, user, hours):
        """Three answers of somebody, each after so many hours."""
        for _index in range(3):
            self.ask(0, 25)
        for person in (self.manager, self.finance):
            items = self.items_of(person)
            if items:
                items.action_approve()
            if person == user:
                items._as_engine().write(
                    {"date_open": fields.Datetime.now() - timedelta(hours=hours)}
                )

    def test_before_asking_the_quotation_says_how_long_the_whole_way_takes(self):
        self.answer(self.manager, 3)
        self.answer(self.finance, 5)
        order = self.make_order(0, 25)
        # The manager has also answered at once three times: 1.5 h on average.
        self.assertRegex(order.crm_approval_route["usual"], r"usually answered in \d h")

    def test_nothing_is_told_of_a_way_of_which_one_part_is_unknown(self):
        for _index in range(3):
            self.ask(0, 15)
        self.items_of(self.manager).action_approve()
        items = self.items_of(self.manager, "approved")
        items._as_engine().write(
            {"date_open": fields.Datetime.now() - timedelta(hours=3)}
        )
        self.assertEqual(
            self.make_order(0, 15).crm_approval_route["usual"],
            "usually answered in 3 h",
        )
        order = self.make_order(0, 25)
        self.assertEqual(order.crm_approval_route["usual"], "")
        points = order.get_approval_explanation()[0]["points"]
        self.assertEqual(
            [point["usual"] for point in points], ["usually answered in 3 h", ""]
        )

    def test_the_point_that_waits_says_it_and_no_other(self):
        self.answer(self.manager, 3)
        order = self.ask(0, 25)
        point = self.drawn_point(order, "Sales Manager")
        self.assertEqual(point["usual"], "usually answered in 3 h")
        self.assertNotIn("usual", self.drawn_point(order, "Finance Officer"))
        request = order.sudo().crm_approval_request_ids
        drawn = request.with_user(self.sales).route["ranks"][0][0]
        self.assertEqual(drawn["usual"], "usually answered in 3 h")

    def test_without_history_nothing_is_told(self):
        order = self.ask(0, 25)
        self.assertEqual(self.drawn_point(order, "Sales Manager")["usual"], "")
        self.assertEqual(order.crm_approval_route["usual"], "")

    def test_many_banners_cost_one_query_more_than_none(self):
        self.answer(self.manager, 3)

        def queries(count):
            orders = self.env["sale.order"].concat(
                *(self.ask(0, 25) for _index in range(count))
            )
            self.env.flush_all()
            banners = [
                order.sudo()._approval_describe(
                    order._approval_find_standings()[order.id], "", True
                )
                for order in orders
            ]
            before = self.env.cr.sql_log_count
            self.env["crm.approval.item"]._add_usual(banners)
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertEqual(queries(4), queries(1))


@tagged(*TAGS)
class TestHistory(ScreenCommon, TransactionCase):
    """What was decided beside yes and no can be read afterwards."""

    def propose(self, item, discount):
        action = item.action_counter()
        answer = self.env[action["res_model"]].with_user(self.manager)
        answer = answer.browse(action["res_id"])
        line = answer.line_ids.filtered(lambda line: "Chair" in line.label)
        line.value_number = discount
        answer.comment = "15 is enough"
        answer.action_apply()

    def test_the_values_of_a_counter_proposal_are_told_with_it(self):
        order = self.ask(0, 25)
        self.propose(self.items_of(self.manager), 15)
        request = order.sudo().crm_approval_request_ids
        said = request.decision_ids[-1]
        told = "Chair: Discount (%): 25.00 → 15.00"
        self.assertEqual(said.particulars, told)
        event = request.with_user(self.sales).route["log"][-1]
        self.assertEqual((event["details"], event["comment"]), (told, "15 is enough"))
        order.with_user(self.sales).action_approval_accept()
        self.assertEqual(request.decision_ids[-1].particulars, told)

    def test_the_printed_evidence_tells_them_too(self):
        self.ask(0, 25)
        self.propose(self.items_of(self.manager), 15)
        self.env.cr.precommit.run()  # sealed as before a commit
        administrator = self.administrators[0]
        evidence = self.env["crm.approval.evidence"].with_user(administrator).create({})
        page, _kind = (
            self.env["ir.actions.report"]
            .with_user(administrator)
            ._render_qweb_html(
                "crm_extension.crm_approval_evidence_document", evidence.ids
            )
        )
        text = " ".join(etree.HTML(page.decode()).itertext())
        self.assertIn("Chair: Discount (%): 25.00 → 15.00", text)

    def test_who_was_asked_further_and_where_it_went_back_to_is_told(self):
        order = self.ask(0, 25)
        self.decide(self.manager)
        item = self.items_of(self.finance)
        item._do_ask(self.director, "before", "What do you think?")
        request = order.sudo().crm_approval_request_ids
        self.assertEqual(
            request.decision_ids[-1].particulars, "Director is asked before the answer"
        )
        self.decide(self.director)
        self.items_of(self.finance)._do_return("Look again", request.step_ids[0])
        returned = request.decision_ids.filtered(lambda row: row.verb == "return")
        self.assertEqual(returned.particulars, "back to “Sales Manager”")

    def test_a_plain_yes_has_nothing_more_to_tell(self):
        order = self.ask(0, 25)
        self.decide(self.manager)
        rows = order.sudo().crm_approval_request_ids.decision_ids
        self.assertEqual(set(rows.mapped("particulars")), {""})


@tagged(*TAGS)
class TestWhatChanged(NamedFlowsCommon, TransactionCase):
    """“From → to” of a change stays true once it is carried out."""

    def setUp(self):
        super().setUp()
        self.switch_on("terms")
        self.now = self.env.ref("account.account_payment_term_30days")
        self.wanted = self.env.ref("account.account_payment_term_45days")
        self.customer._approval_apply({"property_payment_term_id": self.now.id})

    def change(self):
        return self.propose(
            self.customer,
            "res.partner:terms",
            {"property_payment_term_id": self.wanted.id},
        )

    def shown(self, request):
        request.invalidate_recordset(["figures"])
        row = request.figures["changes"][0]
        return row["from"], row["to"]

    def test_after_the_grant_it_still_says_what_it_was(self):
        request = self.change()
        words = (self.now.display_name, self.wanted.display_name)
        self.assertEqual(self.shown(request), words)
        self.decide(self.people["marketing_manager"])
        self.decide(self.people["chief_accountant"])
        self.assertEqual(self.customer.property_payment_term_id, self.wanted)
        self.assertEqual(self.shown(request), words)

    def test_nothing_before_is_a_dash(self):
        self.customer._approval_apply({"property_payment_term_id": False})
        request = self.change()
        self.assertEqual(self.shown(request)[0], "–")
        self.decide(self.people["marketing_manager"])
        self.decide(self.people["chief_accountant"])
        self.assertEqual(self.shown(request)[0], "–")

    def test_what_it_was_may_be_deleted_meanwhile(self):
        old = self.now.copy({"name": "Old"})
        self.customer._approval_apply({"property_payment_term_id": old.id})
        request = self.change()
        self.decide(self.people["marketing_manager"])
        self.decide(self.people["chief_accountant"])
        old.unlink()
        self.assertEqual(self.shown(request)[0], "–")


@tagged(*TAGS)
class TestWhatIsOffered(NamedFlowsCommon, TransactionCase):
    """A button is shown to who can use it; the server refuses the others anyway."""

    def release(self):
        self.switch_on("release")
        customer = (
            self.env["res.partner"]
            .with_user(self.sales)
            .create({"name": "New", "user_id": self.sales.id})
        )
        customer.crm_approval_reason = "They want to order"
        customer.action_approval_request()
        items = self.env["crm.approval.item"].search([("state", "=", "open")])
        return items[:1].with_user(items[:1].user_id)

    def test_other_values_are_not_offered_where_there_are_none(self):
        item = self.release()
        self.assertTrue(item.can_decide)
        self.assertFalse(item.can_counter)
        with self.assertRaisesRegex(UserError, "nothing on New that could be proposed"):
            item.action_counter()

    def test_other_values_are_offered_on_a_quotation(self):
        self.policy = self.make_policy()
        self.make_order(0, 25).action_approval_request()
        item = self.items_of(self.manager)
        self.assertTrue(item.can_counter)
        self.assertTrue(item.action_counter())
        self.assertFalse(item.with_user(self.director).can_counter)

    def test_only_who_asked_takes_it_back_or_sends_it_again(self):
        self.policy = self.make_policy()
        order = self.make_order(0, 25)
        order.action_approval_request()
        self.assertTrue(order.with_user(self.sales).crm_approval_is_own)
        colleague = self.sales2
        colleague.group_ids += self.env.ref("sales_team.group_sale_salesman_all_leads")
        self.assertFalse(order.with_user(colleague).crm_approval_is_own)
        with self.assertRaisesRegex(UserError, "Only Sales, who asked"):
            order.with_user(colleague).action_approval_recall()
        self.items_of(self.manager)._do_return("More, please")
        self.assertFalse(order.with_user(colleague).crm_approval_is_own)
        with self.assertRaisesRegex(UserError, "was sent back to Sales"):
            order.with_user(colleague).action_approval_request()

    def test_once_who_asked_has_left_a_colleague_may(self):
        self.policy = self.make_policy()
        order = self.make_order(0, 25)
        order.action_approval_request()
        colleague = self.sales2
        colleague.group_ids += self.env.ref("sales_team.group_sale_salesman_all_leads")
        self.sales.active = False
        order.invalidate_recordset()
        self.assertTrue(order.with_user(colleague).crm_approval_is_own)
        order.with_user(colleague).action_approval_recall()
        self.assertEqual(
            order.sudo().crm_approval_request_ids.mapped("state"), ["cancelled"]
        )

    def test_the_forms_show_these_buttons_to_the_requester_alone(self):
        for model in ("sale.order", "account.move", "helpdesk.ticket"):
            form = etree.fromstring(self.env[model].get_view(view_type="form")["arch"])
            buttons = form.xpath(
                "//button[@name='action_approval_recall' or @string='Send again']"
            )
            self.assertEqual(len(buttons), 2, model)
            for button in buttons:
                self.assertIn("not crm_approval_is_own", button.get("invisible"))


@tagged(*TAGS)
class TestBrokenRule(ScreenCommon, TransactionCase):
    """A rule that cannot be read says so wherever it asks, and where it is mended."""

    GONE = "the field “x_gone” of “Sales Order” no longer exists"

    def break_condition(self, record, condition="[('x_gone', '=', 1)]"):
        """As an uninstallation leaves it behind."""
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE {record._table} SET condition_domain = %s WHERE id = %s",
            [condition, record.id],
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()

    def test_the_editor_names_the_point_and_the_field_that_is_gone(self):
        point, other = self.policy.step_ids
        self.break_condition(point)
        self.assertEqual(point.broken, self.GONE)
        self.assertEqual(self.policy.broken, self.GONE)
        self.assertFalse(other.broken)

    def test_a_readable_rule_has_no_warning(self):
        self.assertFalse(self.policy.broken)
        self.assertFalse(any(self.policy.step_ids.mapped("broken")))

    def test_what_is_no_condition_at_all_is_shown_as_it_is(self):
        self.break_condition(self.policy, "[('state', '='")
        self.assertIn("“[('state', '='” is no condition", self.policy.broken)

    def test_a_field_behind_another_one_is_named_with_its_document(self):
        self.break_condition(self.policy, "[('partner_id.x_gone', '=', 1)]")
        self.assertEqual(
            self.policy.broken, "the field “x_gone” of “Contact” no longer exists"
        )

    def test_the_quotation_and_the_refusal_say_why_it_is_asked(self):
        self.break_condition(self.policy)
        order = self.make_order(0, 0)
        self.assertIn(self.GONE, order.crm_approval_route["why"])
        self.assertIn("Discount approval", order.crm_approval_route["why"])
        with self.assertRaisesRegex(UserError, "x_gone"):
            order.action_confirm()

    def test_the_inbox_says_why_it_is_asked(self):
        self.break_condition(self.policy)
        self.ask(0, 0)
        item = self.items_of(self.manager)
        self.assertEqual(item.route["broken"], self.GONE)
        self.assertEqual(item.route["rule"], "Discount approval")

    def test_the_inbox_says_nothing_of_a_rule_that_works(self):
        self.ask(0, 25)
        self.assertFalse(self.items_of(self.manager).route["broken"])
