"""Which ceiling and which entitlement hold: the plain rules. No database."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.discount.scope import (
    Basket,
    Ceiling,
    Ceilings,
    Customer,
    Entitlement,
    Entitlements,
    Giver,
    Place,
    Purchase,
    find_conflicts,
    find_idle,
)

DAY = date(2026, 11, 22)
BEFORE, AFTER = date(2026, 11, 21), date(2026, 11, 23)
# Furniture > seating > stools, and storage beside it.
FURNITURE, SEATING, STOOLS, STORAGE = 1, 2, 3, 4
PATHS = {1: (1,), 2: (2, 1), 3: (3, 2, 1), 4: (4,)}
SELLER, MANAGER = 11, 12
KEY_ACCOUNT, EAST, CORE = 21, 31, 41
DEFAULT = Ceiling(None, "Everybody else", 2.0)

days = st.one_of(st.none(), st.sampled_from([BEFORE, DAY, AFTER]))
categories = st.sampled_from([None, *PATHS])
givers = st.builds(
    Giver,
    st.sampled_from([None, SELLER, MANAGER]),
    st.frozensets(st.sampled_from([31, 32])),
)
places = st.builds(
    lambda leaf, customer_class, tier: Place(
        DAY, PATHS.get(leaf, ()), customer_class, tier
    ),
    categories,
    st.sampled_from([None, 21, 22]),
    st.sampled_from([None, 41, 42]),
)


@st.composite
def ceilings(draw):
    return [
        Ceiling(
            key,
            f"rule {key}",
            draw(st.integers(0, 40)),
            draw(st.integers(1, 3)),
            draw(st.sampled_from([None, SELLER, MANAGER])),
            draw(categories),
            draw(st.sampled_from([None, 21, 22])),
            draw(st.sampled_from([None, 31, 32])),
            draw(days),
            draw(days),
            draw(st.sampled_from([None, None, 41, 42])),
        )
        for key in range(draw(st.integers(0, 12)))
    ]


def fits(rule, giver, place):
    return (
        rule.job in (None, giver.job)
        and (rule.team is None or rule.team in giver.teams)
        and (rule.category is None or rule.category in place.categories)
        and rule.customer_class in (None, place.customer_class)
        and rule.tier in (None, place.tier)
        and (rule.first or place.day) <= place.day <= (rule.last or place.day)
    )


@given(ceilings(), givers, places)
def test_the_first_by_priority_decides_and_of_equals_the_larger(rules, giver, place):
    fitting = [rule for rule in rules if fits(rule, giver, place)]
    found = Ceilings(rules, DEFAULT).find(giver, place)
    if not fitting:
        assert found == DEFAULT
        return
    first = min(rule.priority for rule in fitting)
    equals = [rule for rule in fitting if rule.priority == first]
    assert found in equals
    assert found.percent == max(rule.percent for rule in equals)


@given(ceilings(), givers, places)
def test_without_a_conflict_the_answer_does_not_hang_on_what_is_larger(
    rules, giver, place
):
    fitting = [rule for rule in rules if fits(rule, giver, place)]
    first = min((rule.priority for rule in fitting), default=None)
    said = {rule.percent for rule in fitting if rule.priority == first}
    pairs = [{one.key, other.key} for one, other in find_conflicts(rules, PATHS)]
    if len(said) > 1:
        assert pairs
    for pair in pairs:
        one, other = (next(rule for rule in rules if rule.key == key) for key in pair)
        assert one.priority == other.priority
        assert one.percent != other.percent


def find(rules, giver=None, place=None):
    giver = giver or Giver(SELLER, frozenset({EAST}))
    place = place or Place(DAY, PATHS[STOOLS], KEY_ACCOUNT, CORE)
    return Ceilings(rules, DEFAULT).find(giver, place).percent


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({}, 10),
        ({"job": SELLER}, 10),
        ({"job": MANAGER}, 2),
        ({"category": STOOLS}, 10),
        ({"category": SEATING}, 10),
        ({"category": FURNITURE}, 10),
        ({"category": STORAGE}, 2),
        ({"customer_class": KEY_ACCOUNT}, 10),
        ({"customer_class": 22}, 2),
        ({"tier": CORE}, 10),
        ({"tier": 42}, 2),
        ({"tier": CORE, "customer_class": 22}, 2),
        ({"team": EAST}, 10),
        ({"team": 32}, 2),
        ({"first": DAY, "last": DAY}, 10),
        ({"first": AFTER}, 2),
        ({"last": BEFORE}, 2),
        ({"job": SELLER, "category": STORAGE}, 2),
        ({"job": SELLER, "category": SEATING, "team": EAST}, 10),
    ],
)
def test_one_rule_and_the_place_it_holds_for(scope, expected):
    assert find([Ceiling(1, "rule", 10, **scope)]) == expected


def test_nobody_in_particular_is_held_to_what_holds_for_everybody():
    rules = [Ceiling(1, "sellers", 10, job=SELLER), Ceiling(2, "all", 5)]
    assert find(rules, Giver(), Place(DAY)) == 5


def test_a_narrow_rule_of_lower_priority_is_not_reached():
    rules = [
        Ceiling(1, "all", 10, priority=1),
        Ceiling(2, "stools", 30, priority=2, category=STOOLS),
    ]
    assert find(rules) == 10


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(5, SELLER), (10, SELLER), (10.01, MANAGER), (20, MANAGER), (20.01, None)],
)
def test_who_decides_is_the_position_that_may_give_least_but_enough(percent, expected):
    rules = [
        Ceiling(1, "Manager", 20, job=MANAGER),
        Ceiling(2, "Seller", 10, job=SELLER),
        Ceiling(3, "Everybody", 15),
    ]
    found = Ceilings(rules[:2], DEFAULT).find_decider(Place(DAY), percent)
    assert found == expected
    # What everybody may give needs no position.
    assert Ceilings(rules[2:], DEFAULT).find_decider(Place(DAY), percent) is None


def test_who_decides_depends_on_the_place():
    rules = [
        Ceiling(1, "Manager", 20, job=MANAGER),
        Ceiling(2, "Seating is dear", 5, priority=1, job=MANAGER, category=SEATING),
    ]
    found = Ceilings(rules, DEFAULT)
    assert found.find_decider(Place(DAY, PATHS[STORAGE]), 15) == MANAGER
    assert found.find_decider(Place(DAY, PATHS[SEATING]), 15) is None


def test_a_campaign_gives_way_to_the_usual_rule_when_it_is_over():
    rules = [
        Ceiling(1, "campaign", 20, priority=1, job=SELLER, last=DAY),
        Ceiling(2, "usual", 10, priority=2, job=SELLER),
    ]
    assert find(rules) == 20
    assert find(rules, place=Place(AFTER)) == 10


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        ({}, {"category": SEATING}, True),
        ({"job": SELLER}, {}, True),
        ({"job": SELLER}, {"job": MANAGER}, False),
        ({"category": FURNITURE}, {"category": STOOLS}, True),
        ({"category": STORAGE}, {"category": STOOLS}, False),
        ({"customer_class": 21}, {"customer_class": 22}, False),
        ({"tier": 41}, {"tier": 42}, False),
        ({"tier": 41}, {"customer_class": 21}, True),
        ({"team": 31}, {"team": 32}, False),
        ({"team": 31}, {"job": SELLER}, True),
        ({"last": DAY}, {"first": DAY}, True),
        ({"last": BEFORE}, {"first": DAY}, False),
        ({"priority": 1}, {"priority": 2}, False),
        ({"percent": 5}, {"percent": 5}, False),
    ],
)
def test_two_rules_contradict_when_one_line_can_fit_both(one, other, contradict):
    rules = [
        Ceiling(**({"key": 1, "name": "one", "percent": 5} | one)),
        Ceiling(**({"key": 2, "name": "other", "percent": 9} | other)),
    ]
    pairs = [(a.key, b.key) for a, b in find_conflicts(rules, PATHS)]
    assert pairs == ([(2, 1)] if contradict else [])


# --- entitlements ---

STOOL = Purchase(101, PATHS[STOOLS], 10, 1000.0)
CHEST = Purchase(102, PATHS[STORAGE], 1, 500.0)
BUYER = Customer(DAY, KEY_ACCOUNT, frozenset({201, 202}), frozenset({301}), CORE)


def best(rules, purchase=STOOL, customer=BUYER, basket=(STOOL, CHEST), rates=None):
    found = Entitlements(rules).best(customer, purchase, Basket(basket, rates))
    return found.percent if found else 0


@pytest.mark.parametrize(
    ("scope", "holds"),
    [
        ({}, True),
        ({"min_quantity": 10}, True),
        ({"min_quantity": 10.01}, False),
        ({"min_amount": 1500}, True),
        ({"min_amount": 1500.01}, False),
        ({"min_amount": 1000, "category": FURNITURE}, True),
        ({"min_amount": 1000.01, "category": FURNITURE}, False),
        ({"min_amount": 1000, "product": 101}, True),
        ({"min_amount": 1001, "product": 101}, False),
        ({"min_amount": 3000, "currency": "EUR"}, True),
        ({"min_amount": 3000.01, "currency": "EUR"}, False),
        ({"product": 101}, True),
        ({"product": 102}, False),
        ({"category": SEATING}, True),
        ({"category": STORAGE}, False),
        ({"customer_class": KEY_ACCOUNT}, True),
        ({"customer_class": 22}, False),
        ({"tier": CORE}, True),
        ({"tier": 42}, False),
        ({"tier": CORE, "customer_class": 22}, False),
        ({"tier": CORE, "tag": 302}, False),
        ({"partner": 202}, True),
        ({"partner": 203}, False),
        ({"tag": 301}, True),
        ({"tag": 302}, False),
        ({"partner": 202, "tag": 302}, False),
        ({"first": DAY, "last": DAY}, True),
        ({"first": AFTER}, False),
        ({"last": BEFORE}, False),
    ],
)
def test_one_entitlement_and_when_it_holds(scope, holds):
    rules = [Entitlement(1, "rule", 5, **scope)]
    assert best(rules, rates={"EUR": 2.0}) == (5 if holds else 0)


def test_the_best_counts_and_they_do_not_add_up():
    rules = [
        Entitlement(1, "volume", 5, min_quantity=10),
        Entitlement(2, "customer", 8, "customer", partner=201),
        Entitlement(3, "agent", 20, "agent", tag=302),
    ]
    assert best(rules) == 8


def test_what_is_taken_back_does_not_count_towards_an_amount():
    rules = [Entitlement(1, "volume", 5, min_amount=1500)]
    back = Purchase(103, (), -1, -400.0)
    assert best(rules, basket=(STOOL, CHEST, back)) == 5


def test_an_amount_that_binary_fractions_miss_is_met():
    rules = [Entitlement(1, "volume", 5, min_amount=0.3)]
    dimes = [Purchase(key, (), 1, 0.1) for key in range(3)]
    assert sum(0.1 for _dime in dimes) != 0.3
    assert best(rules, purchase=dimes[0], basket=dimes) == 5


@st.composite
def entitlements(draw):
    return [
        Entitlement(
            key,
            f"rule {key}",
            draw(st.integers(1, 30)),
            min_quantity=draw(st.sampled_from([0, 5, 10, 20])),
            min_amount=draw(st.sampled_from([0, 500, 1000, 2000])),
            product=draw(st.sampled_from([None, None, 101, 102])),
            category=draw(categories),
            customer_class=draw(st.sampled_from([None, None, 21, 22])),
            partner=draw(st.sampled_from([None, None, 201, 203])),
            tag=draw(st.sampled_from([None, None, 301, 302])),
            first=draw(days),
            last=draw(days),
            tier=draw(st.sampled_from([None, None, 41, 42])),
        )
        for key in range(draw(st.integers(0, 8)))
    ]


@given(entitlements(), st.sampled_from([STOOL, CHEST]))
def test_the_table_finds_what_going_through_all_would_find(rules, purchase):
    one_by_one = max((best([rule], purchase) for rule in rules), default=0)
    assert best(rules, purchase) == one_by_one


@given(entitlements(), st.sampled_from([STOOL, CHEST]))
def test_what_is_called_idle_can_be_left_out(rules, purchase):
    idle = {rule.key for rule, _better in find_idle(rules, PATHS)}
    kept = [rule for rule in rules if rule.key not in idle]
    assert best(kept, purchase) == best(rules, purchase)


def test_of_two_that_say_the_same_the_later_is_idle():
    rules = [Entitlement(1, "one", 5, tag=301), Entitlement(2, "two", 5, tag=301)]
    pairs = [(idle.key, other.key) for idle, other in find_idle(rules, PATHS)]
    assert pairs == [(2, 1)]


@pytest.mark.parametrize(
    ("better", "is_idle"),
    [
        ({"percent": 6}, True),
        ({"percent": 4}, False),
        ({"percent": 6, "category": FURNITURE}, True),
        ({"percent": 6, "category": STORAGE}, False),
        ({"percent": 6, "tier": CORE}, False),
        ({"percent": 6, "min_quantity": 11}, False),
        ({"percent": 6, "last": DAY}, False),
        ({"percent": 6, "min_amount": 1}, False),
    ],
)
def test_an_entitlement_is_idle_beside_one_that_holds_wherever_it_does(better, is_idle):
    rules = [
        Entitlement(1, "narrow", 5, category=SEATING, min_quantity=10),
        Entitlement(**({"key": 2, "name": "wide"} | better)),
    ]
    idle = [rule.key for rule, _better in find_idle(rules, PATHS)]
    assert (1 in idle) == is_idle
