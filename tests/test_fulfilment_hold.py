"""What holds a delivery: decided from plain values."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.fulfilment.hold import (
    MONEY,
    TOPICS,
    Hold,
    Situation,
    Watch,
    find_holds,
    find_unlooked,
    goes_beyond,
)

ALL = Watch(True, True, True, True)
NONE = Watch(False, False, False, False)
amounts = st.decimals(0, 10_000, places=2)
maybe = st.none() | amounts
watches = st.builds(Watch, *[st.booleans()] * 5)
situations = st.builds(
    Situation,
    is_custom=st.booleans(),
    is_reviewed=st.booleans(),
    is_asked=st.booleans(),
    over=amounts,
    overdue=amounts,
    late=st.integers(0, 99),
    missing=amounts,
    agreed_over=maybe,
    agreed_overdue=maybe,
)


def keys(watch, **known):
    return [hold.key for hold in find_holds(watch, Situation(**known))]


@pytest.mark.parametrize(
    ("watch", "known", "held"),
    [
        (ALL, {}, []),
        (NONE, {"is_custom": True}, ["custom"]),
        (ALL, {"is_custom": True, "is_reviewed": True}, []),
        (ALL, {"is_asked": True}, ["change"]),
        (NONE, {"is_asked": True}, []),
        (Watch(), {"is_asked": True}, ["change"]),
        (ALL, {"over": Decimal("0.01")}, ["credit"]),
        (Watch(), {"over": Decimal(9), "late": 9, "overdue": Decimal(9)}, []),
        (ALL, {"over": Decimal(100), "agreed_over": Decimal(100)}, []),
        (ALL, {"over": Decimal("100.01"), "agreed_over": Decimal(100)}, ["credit"]),
        (ALL, {"overdue": Decimal(50), "late": 0}, []),
        (ALL, {"overdue": Decimal(50), "late": 1}, ["overdue"]),
        (ALL, {"overdue": Decimal(5), "late": 9, "agreed_overdue": Decimal(5)}, []),
        (ALL, {"missing": Decimal(1)}, ["deposit"]),
        (NONE, {"missing": Decimal(1)}, []),
        (
            ALL,
            {"is_custom": True, "is_asked": True, "over": Decimal(1)},
            ["custom", "change", "credit"],
        ),
    ],
)
def test_what_holds(watch, known, held):
    assert keys(watch, **known) == held


@given(watches, situations)
def test_a_custom_order_is_held_until_it_is_reviewed_whatever_is_set(watch, known):
    held = any(hold.key == "custom" for hold in find_holds(watch, known))
    assert held == (known.is_custom and not known.is_reviewed)


@given(situations)
def test_a_company_that_looks_at_nothing_holds_custom_orders_alone(known):
    assert {hold.key for hold in find_holds(NONE, known)} <= {"custom"}


@given(watches, situations, st.sampled_from(["over", "overdue", "missing"]))
def test_who_owes_more_is_never_released_by_it(watch, known, name):
    worse = known._replace(**{name: getattr(known, name) + 1})
    before = {hold.key for hold in find_holds(watch, known)}
    assert before <= {hold.key for hold in find_holds(watch, worse)}


@given(watches, situations)
def test_each_reason_is_told_once_and_with_what_it_is_about(watch, known):
    holds = find_holds(watch, known)
    assert len({hold.key for hold in holds}) == len(holds)
    assert all(hold.amount > 0 for hold in holds if hold.key in MONEY)


@given(amounts, maybe)
def test_just_what_was_agreed_is_not_beyond(amount, agreed):
    assert not goes_beyond(amount, amount)
    assert goes_beyond(amount + 1, amount)
    assert not goes_beyond(Decimal(0), agreed)


def unlooked(*names, topics):
    holds = tuple(Hold(name, Decimal(1)) for name in names)
    return [hold.key for hold in find_unlooked(holds, frozenset(topics))]


def test_who_is_asked_about_everything_answers_for_money_alone():
    left = unlooked("custom", "credit", "overdue", "deposit", topics={""})
    assert left == ["custom"]


def test_a_rule_on_credit_leaves_deposit_and_review_to_others():
    left = unlooked("custom", "credit", "overdue", "deposit", topics={"credit"})
    assert left == ["custom", "deposit"]


def test_a_rule_may_name_the_review():
    assert unlooked("custom", topics={"custom"}) == []


def test_no_rule_at_the_delivery_answers_what_waits_with_the_order():
    assert unlooked("change", topics={"", *TOPICS.values()}) == ["change"]


def test_without_a_rule_everything_is_left():
    assert unlooked("custom", "credit", topics=()) == ["custom", "credit"]
