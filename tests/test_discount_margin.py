"""What has to be left after cost: the plain thinking, and the rules of a policy."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_extension.models.discount.counter_offer import price_earning
from odoo.addons.crm_extension.models.discount.margin import (
    LEAST_MARGIN,
    MarginFloor,
    MarginFloors,
    find_margin_conflicts,
    margin_of,
    shortfall_of,
)
from odoo.addons.crm_extension.models.discount.scope import Place, find_hidden
from odoo.addons.crm_extension.models.discount.verdict import Line, judge

from .common import TAGS
from .test_discount_policy import RulesCommon

DAY = date(2026, 11, 22)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
# Furniture > seating > stools, and storage beside it.
FURNITURE, SEATING, STOOLS, STORAGE = 1, 2, 3, 4
PATHS = {1: (1,), 2: (2, 1), 3: (3, 2, 1), 4: (4,)}
KEY_ACCOUNT, PROJECT = 21, 22
GOLD, JADE = 31, 32

days = st.one_of(st.none(), st.sampled_from([BEFORE, DAY, AFTER]))
categories = st.sampled_from([None, *PATHS])
places = st.builds(
    lambda leaf, customer_class, tier: Place(
        DAY, PATHS.get(leaf, ()), customer_class, tier
    ),
    categories,
    st.sampled_from([None, KEY_ACCOUNT, PROJECT]),
    st.sampled_from([None, GOLD, JADE]),
)
floors = st.lists(
    st.builds(
        MarginFloor,
        st.integers(),
        st.just("rule"),
        st.integers(0, 60),
        st.integers(1, 3),
        categories,
        st.sampled_from([None, KEY_ACCOUNT, PROJECT]),
        st.sampled_from([0, 1, 10, 100]),
        days,
        days,
        st.sampled_from([None, GOLD, JADE]),
    ),
    max_size=12,
)
quantities = st.sampled_from([0.5, 1, 10, 99.5, 100, 1000])
prices = st.decimals(0, 10_000, places=2).map(float)


def fits(rule, place, quantity):
    return (
        (rule.category is None or rule.category in place.categories)
        and rule.customer_class in (None, place.customer_class)
        and rule.tier in (None, place.tier)
        and rule.min_quantity <= quantity
        and (rule.first or place.day) <= place.day <= (rule.last or place.day)
    )


@given(floors, places, quantities)
def test_the_first_by_priority_decides_and_of_equals_the_larger(rules, place, quantity):
    fitting = [rule for rule in rules if fits(rule, place, quantity)]
    found = MarginFloors(rules).find(place, quantity)
    if not fitting:
        assert found is None
        return
    first = min(rule.priority for rule in fitting)
    equals = [rule for rule in fitting if rule.priority == first]
    assert found in equals
    assert found.percent == max(rule.percent for rule in equals)


@given(floors, places, quantities, quantities)
def test_who_buys_in_parts_never_has_to_leave_less(rules, place, part, whole):
    ruled = MarginFloors(rules)
    found = ruled.find_strictest(place, {part, whole})
    of_both = [ruled.find(place, quantity) for quantity in (part, whole)]
    said = [rule.percent for rule in of_both if rule]
    assert (found.percent if found else None) == max(said, default=None)


@given(floors, places, quantities)
def test_what_never_decides_is_told_and_never_decides(rules, place, quantity):
    found = MarginFloors(rules).find(place, quantity)
    for hidden, before in find_hidden(rules, PATHS):
        assert before.priority < hidden.priority
        if fits(hidden, place, quantity):
            assert fits(before, place, quantity)
            assert found.priority < hidden.priority


@given(floors, places, quantities)
def test_where_two_say_different_things_a_conflict_is_told(rules, place, quantity):
    fitting = [rule for rule in rules if fits(rule, place, quantity)]
    first = min((rule.priority for rule in fitting), default=None)
    said = {rule.percent for rule in fitting if rule.priority == first}
    pairs = list(find_margin_conflicts(rules, PATHS))
    assert pairs or len(said) <= 1
    for larger, smaller in pairs:
        assert larger.priority == smaller.priority
        assert larger.percent > smaller.percent


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({}, 15),
        ({"category": STOOLS}, 15),
        ({"category": FURNITURE}, 15),
        ({"category": STORAGE}, None),
        ({"customer_class": KEY_ACCOUNT}, 15),
        ({"customer_class": PROJECT}, None),
        ({"min_quantity": 10}, 15),
        ({"min_quantity": 10.01}, None),
        ({"first": DAY, "last": DAY}, 15),
        ({"first": AFTER}, None),
        ({"last": BEFORE}, None),
    ],
)
def test_one_rule_and_the_line_it_holds_for(scope, expected):
    rules = MarginFloors([MarginFloor(1, "rule", 15, **scope)])
    found = rules.find(Place(DAY, PATHS[STOOLS], KEY_ACCOUNT), 10)
    assert (found and found.percent) == expected


def test_a_quantity_that_binary_fractions_miss_is_reached():
    rules = MarginFloors([MarginFloor(1, "rule", 15, min_quantity=0.3)])
    assert rules.find(Place(DAY), 0.1 + 0.1 + 0.1 - 1e-9)
    assert not rules.find(Place(DAY), 0.29)


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        ({}, {"category": SEATING}, True),
        ({"category": FURNITURE}, {"category": STOOLS}, True),
        ({"category": STORAGE}, {"category": STOOLS}, False),
        ({"customer_class": KEY_ACCOUNT}, {"customer_class": PROJECT}, False),
        ({"min_quantity": 10}, {"min_quantity": 100}, True),
        ({"last": DAY}, {"first": DAY}, True),
        ({"last": BEFORE}, {"first": DAY}, False),
        ({"priority": 1}, {"priority": 2}, False),
        ({"percent": 5}, {"percent": 5}, False),
    ],
)
def test_two_rules_contradict_when_one_line_can_fit_both(one, other, contradict):
    rules = [
        MarginFloor(**({"key": 1, "name": "one", "percent": 5} | one)),
        MarginFloor(**({"key": 2, "name": "other", "percent": 9} | other)),
    ]
    pairs = [(a.key, b.key) for a, b in find_margin_conflicts(rules, PATHS)]
    assert pairs == ([(2, 1)] if contradict else [])


# === WHAT A LINE LEAVES === #


def sold(price, cost, quantity=10, least=15, ceiling=50, reference=None, key=1):
    return Line(
        key,
        price if reference is None else reference,
        price,
        quantity,
        ceiling,
        "ceiling",
        cost,
        least,
        "seating",
    )


def one(*args, **values):
    return judge([sold(*args, **values)], 60, 2).lines[1]


@pytest.mark.parametrize(
    ("price", "cost", "margin", "shortfall", "state"),
    [
        (100.0, 80.0, 20, 0, "none"),
        (100.0, 85.0, 15, 0, "none"),
        (100.0, 85.01, "14.99", "0.01", "above"),
        (100.0, 120.0, -20, 35, "above"),
        # No cost known: no judgement.
        (100.0, 0.0, None, 0, "none"),
        (100.0, None, None, 0, "none"),
        # Below every floor.
        (0.0, 1.0, LEAST_MARGIN, 1015, "above"),
        (-5.0, 1.0, LEAST_MARGIN, 1015, "above"),
        (0.01, 5000.0, LEAST_MARGIN, 1015, "above"),
    ],
)
def test_what_a_line_leaves_and_lacks(price, cost, margin, shortfall, state):
    found = one(price, cost, reference=min(price, 0) or price)
    if price < 0:  # a line of its own, not one that takes off the others
        found = judge([sold(price, cost, reference=price)], 60, 2).lines[1]
    assert found.margin == (None if margin is None else Decimal(margin))
    assert found.shortfall == Decimal(shortfall)
    assert found.state == state


def test_what_is_taken_back_is_not_judged():
    found = one(100.0, 120.0, quantity=-10)
    assert (found.margin, found.shortfall, found.state) == (None, 0, "none")


def test_without_a_rule_a_margin_is_told_but_lacks_nothing():
    found = one(100.0, 120.0, least=None)
    assert (found.margin, found.shortfall, found.state) == (-20, 0, "none")


def test_a_floor_of_nothing_means_not_below_cost():
    assert one(100.0, 100.0, least=0).shortfall == 0
    assert one(100.0, 100.01, least=0).shortfall == Decimal("0.01")


def test_who_gives_within_the_limit_still_has_to_ask_for_a_bad_margin():
    found = one(90.0, 80.0, reference=100.0, ceiling=10)
    assert (found.excess, found.shortfall) == (0, Decimal("3.89"))
    assert (found.state, found.margin_rule) == ("above", "seating")
    assert one(90.0, 76.5, reference=100.0, ceiling=10).state == "within"


def test_beyond_the_company_s_floor_it_stays_refused():
    assert one(30.0, 80.0, reference=100.0).state == "refused"


def test_the_share_of_negative_lines_is_taken_off_first():
    lines = [sold(100.0, 80.0), sold(100.0, 80.0, key=2), Line("cut", 0, -200.0, 1, 50)]
    verdict = judge(lines, 60, 2)
    # 1000 less 100 each, at a cost of 800.
    assert verdict.lines[1].margin == Decimal("11.11")
    assert verdict.shortfall == Decimal("3.89")
    assert (verdict.margin, verdict.margin_percent) == (200, Decimal("11.11"))


def test_a_sale_leaves_what_its_lines_with_a_cost_leave():
    lines = [sold(100.0, 80.0), sold(50.0, None, key=2), sold(10.0, 12.0, key=3)]
    verdict = judge(lines, 60, 2)
    assert verdict.margin == 200 - 20
    assert verdict.margin_percent == Decimal("16.36")
    assert verdict.shortfall == 35
    assert verdict.worst is None or verdict.worst.key == 3


def test_without_any_cost_a_sale_has_no_margin():
    verdict = judge([sold(100.0, None)], 60, 2)
    assert (verdict.margin, verdict.margin_percent, verdict.shortfall) == (
        None,
        None,
        0,
    )


def test_everything_taken_back_has_a_margin_but_no_percentage():
    verdict = judge([sold(100.0, 80.0, quantity=-10)], 60, 2)
    assert (verdict.margin, verdict.margin_percent) == (-200, None)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused(bad):
    for values in (
        {"price": bad, "cost": 1.0, "reference": 1.0},
        {"price": 1.0, "cost": bad},
        {"price": 1.0, "cost": 1.0, "quantity": bad},
        {"price": 1.0, "cost": 1.0, "least": bad},
    ):
        with pytest.raises(ValueError, match="finite"):
            one(**values)


@given(prices, prices, prices, st.integers(0, 99))
def test_a_lower_price_never_leaves_more(price, other, cost, least):
    dear, cheap = (
        judge([sold(each, cost, least=least, reference=10_000.0)], None, 2)
        for each in (max(price, other), min(price, other))
    )
    assert cheap.shortfall >= dear.shortfall
    if cost:
        assert cheap.lines[1].margin <= dear.lines[1].margin


@given(st.lists(st.tuples(prices, prices), max_size=6), prices, st.integers(0, 99))
def test_costs_change_nothing_of_what_is_given(pairs, cut, least):
    with_costs = [
        sold(price, cost, least=least, key=key, reference=price + 1)
        for key, (price, cost) in enumerate(pairs)
    ]
    cut = [Line("cut", 0, -cut, 1, 10)]
    plain = [line._replace(cost=None, least_margin=None) for line in with_costs]
    judged, bare = judge(with_costs + cut, 40, 2), judge(plain + cut, 40, 2)
    assert bare.margin is None
    assert (judged.concession, judged.given, judged.excess) == (
        bare.concession,
        bare.given,
        bare.excess,
    )
    for key, line in bare.lines.items():
        found = judged.lines[key]
        assert found.percent == line.percent
        if not found.shortfall:
            assert found.state == line.state


@given(
    st.integers(0, 99),
    st.decimals("0.01", 10_000, places=2).map(float),
    prices,
    st.sampled_from([0, 2, 3]),
)
def test_at_the_price_that_is_offered_the_margin_is_met(least, cost, unit, digits):
    price = price_earning(least, cost, unit, digits)
    margin = margin_of(price.net, Decimal(repr(cost)))
    assert shortfall_of(margin, Decimal(least)) == 0


def test_the_price_that_is_offered_is_no_higher_than_it_must_be():
    assert price_earning(15, 85.0, 120.0, 2) == (Decimal("120.0"), Decimal("16.66"))
    assert price_earning(15, 85.0, 90.0, 2) == (Decimal("100.00"), Decimal(0))
    assert price_earning(15, 70.0, 80.0, 2) == (Decimal("82.36"), Decimal(0))


# === THE RULES OF A POLICY === #


@tagged(*TAGS)
class TestMarginRules(RulesCommon, TransactionCase):
    """Least margins belong to a discount policy."""

    def least(self, percent, **values):
        return self.env["crm.discount.margin"].create(
            {"policy_id": self.discount_policy.id, "percent": percent} | values
        )

    def shortfalls(self, order):
        self.env.invalidate_all()
        order = order.sudo()
        lines = order._crm_get_verdicts()[order.id].lines
        return [float(lines[line.id].shortfall) for line in order.order_line]

    def test_it_holds_where_it_says(self):
        # Desk 450 at 250, chair 120 at 70, cabinet 300 at 180.
        order = self.make_order(0, 0, 0)
        self.assertEqual(self.shortfalls(order), [0, 0, 0])
        rule = self.least(45, category_id=self.furniture.id)
        self.assertEqual(self.shortfalls(order), [0, 3.33, 0])
        rule.category_id = False
        self.assertEqual(self.shortfalls(order), [0.56, 3.33, 5])
        rule.class_id = self.project
        self.assertEqual(self.shortfalls(order), [0, 0, 0])
        rule.class_id = self.key_account
        self.assertEqual(self.shortfalls(order), [0.56, 3.33, 5])
        rule.min_quantity = 10.5
        self.assertEqual(self.shortfalls(order), [0, 0, 0])

    def test_it_holds_from_its_first_to_its_last_day(self):
        order = self.make_order(0)
        self.least(50, date_from=DAY, date_to=AFTER)
        for day, expected in ((BEFORE, 0), (DAY, 5.56), (AFTER, 5.56)):
            with self.on(day):
                self.assertEqual(self.shortfalls(order), [expected], day)
        with self.on(AFTER + timedelta(days=1)):
            self.assertEqual(self.shortfalls(order), [0])

    def test_the_smallest_priority_number_decides_of_equals_the_larger(self):
        order = self.make_order(0)
        self.least(46)
        self.least(45)
        self.assertEqual(self.shortfalls(order), [1.56])
        self.least(0, sequence=1)
        self.assertEqual(self.shortfalls(order), [0])

    def test_a_quantity_counts_in_the_product_s_own_unit(self):
        order = self.make_order(0)
        order.order_line.product_uom_id = self.env.ref("uom.product_uom_dozen")
        order.order_line.product_uom_qty = 1
        self.least(50, min_quantity=12)
        order.order_line.price_unit = 450 * 12
        self.assertEqual(self.shortfalls(order), [5.56])
        order.order_line.product_uom_qty = 0.9
        self.assertEqual(self.shortfalls(order), [0])

    def test_an_archived_rule_says_nothing(self):
        order = self.make_order(0)
        rule = self.least(50)
        self.assertEqual(self.shortfalls(order), [5.56])
        rule.active = False
        self.assertEqual(self.shortfalls(order), [0])

    def test_another_company_s_rule_says_nothing(self):
        order = self.make_order(0)
        self.least(50)
        self.discount_policy.company_id = self.env["res.company"].create(
            {"name": "Other"}
        )
        self.assertFalse(order.sudo()._crm_get_verdicts()[order.id].lines)

    def test_contradictions_are_told_when_the_policy_is_looked_at(self):
        self.least(15, category_id=self.furniture.id)
        self.least(25, category_id=self.seating.id, name="Seating")
        self.discount_policy.invalidate_recordset()
        told = self.discount_policy.conflicts
        self.assertIn("“Seating” (25 %) and “Furniture” (15 %)", told)
        self.assertFalse(self.discount_policy.with_user(self.sales).conflicts)

    def test_a_copy_of_the_policy_has_them_too(self):
        self.least(15)
        self.assertEqual(self.discount_policy.copy().margin_ids.mapped("percent"), [15])

    @mute_logger("odoo.sql_db")
    def test_what_makes_no_sense_is_refused(self):
        for values in (
            {"percent": 100},
            {"percent": -1},
            {"percent": float("nan")},
            {"min_quantity": -1},
            {"min_quantity": float("nan")},
            {"date_from": AFTER, "date_to": DAY},
        ):
            with pytest.raises((CheckViolation, ValueError)), self.cr.savepoint():
                self.least(**({"percent": 10} | values))
                self.env.flush_all()

    def test_a_spreadsheet_can_be_imported_and_imported_again(self):
        columns = ["id", "policy_id", "category_id", "min_quantity", "percent"]
        rows = [["t_margin.one", "Discounts", "Furniture / Seating", "10", "12.5"]]
        importer = self.env["crm.discount.margin"].with_user(self.administrators[0])
        for percent in ("12.5", "15"):
            rows[0][-1] = percent
            result = importer.load(columns, rows)
            self.assertFalse(result["messages"], result["messages"])
        rule = self.env.ref("t_margin.one")
        self.assertEqual(
            (rule.percent, rule.category_id, rule.min_quantity), (15, self.seating, 10)
        )
        self.assertEqual(rule.display_name, "Furniture / Seating · from 10")

    def test_salespeople_read_the_rules_without_the_figure_and_write_none(self):
        rule = self.least(15).with_user(self.sales)
        self.assertEqual(rule.display_name, "Every order line")
        with self.assertRaises(AccessError):
            _refused = rule.percent
        for user in (self.sales, self.manager):
            with self.assertRaises(AccessError):
                rule.with_user(user).percent = 0
        self.assertEqual(rule.with_user(self.manager).percent, 15)
