"""Promises to pay, and what has come in since: values in, values out."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.visit.promise import Promise, Receipt, settle

DAY = date(2026, 3, 4)
ONE = timedelta(days=1)
CNY, USD = "CNY", "USD"
RATES = {(CNY, DAY + ONE * n): Decimal(1) for n in range(-40, 40)}
RATES |= {(USD, DAY + ONE * n): Decimal("0.14") for n in range(-40, 40)}


def promise(amount=100, due=10, since=0, currency=CNY):
    return Promise(DAY + ONE * since, DAY + ONE * due, Decimal(amount), currency)


def receipt(amount, day=1, currency=CNY, booked=None):
    booked = amount if booked is None else booked
    return Receipt(DAY + ONE * day, Decimal(amount), currency, Decimal(booked))


def state(promises, receipts=(), after=0):
    told = settle(dict(enumerate(promises)), receipts, RATES, DAY + ONE * after)
    return [told[key].state for key in range(len(promises))]


@pytest.mark.parametrize(
    ("paid", "today", "expected"),
    [
        ("99.99", 10, "open"),
        ("99.99", 11, "broken"),
        ("100", 10, "kept"),
        ("100.01", 11, "kept"),
    ],
)
def test_it_is_kept_by_all_of_the_money_and_broken_a_day_after(paid, today, expected):
    assert state([promise()], [receipt(paid, day=10)], today) == [expected]


def test_what_was_paid_before_it_was_promised_does_not_count():
    assert state([promise()], [receipt(100, day=-1)], 11) == ["broken"]
    assert state([promise()], [receipt(100, day=0)], 11) == ["kept"]


def test_what_comes_too_late_is_shown_and_it_stays_broken():
    told = settle({1: promise()}, [receipt(100, day=11)], RATES, DAY + ONE * 12)[1]
    assert told == ("broken", Decimal(100), DAY + ONE * 11)


def test_no_money_is_counted_twice_and_what_is_due_first_is_paid_first():
    promises = [promise(due=20), promise(due=10)]
    assert state(promises, [receipt(150)], 21) == ["broken", "kept"]
    assert state(promises, [receipt(100), receipt(100, day=2)], 21) == ["kept"] * 2


def test_what_was_paid_back_was_not_paid():
    bounced = [receipt(100, day=1), receipt(-100, day=5)]
    assert state([promise()], bounced, 11) == ["broken"]
    assert state([promise()], [*bounced, receipt(100, day=9)], 11) == ["kept"]
    # What was paid back before it was promised takes nothing away.
    assert state([promise()], [receipt(-50, day=-3), receipt(100)], 11) == ["kept"]


def test_other_currencies_count_by_their_rate_and_the_own_one_as_it_is():
    dollars = promise(100, currency=USD)
    # Booked at a rate of the bank's own.
    assert state([dollars], [receipt(100, currency=USD, booked=690)], 11) == ["kept"]
    assert state([dollars], [receipt("714.28")], 11) == ["kept"]  # 99.9992 dollars
    assert state([dollars], [receipt("714.20")], 11) == ["broken"]
    assert state([promise(700)], [receipt(100, currency=USD, booked=700)]) == ["kept"]


cents = st.integers(1, 50_000).map(lambda number: Decimal(number) / 100)
days = st.integers(-30, 30)
currencies = st.sampled_from([CNY, USD])
promises = st.lists(
    st.builds(
        lambda amount, since, length, currency: promise(
            amount, since + length, since, currency
        ),
        *(cents, st.integers(-20, 10), st.integers(0, 10), currencies),
    ),
    min_size=1,
    max_size=5,
)
receipts = st.lists(st.builds(receipt, cents, days), max_size=8)


@given(promises=promises, receipts=receipts, today=days)
def test_nothing_is_paid_that_has_not_come_in(promises, receipts, today):
    told = settle(dict(enumerate(promises)), receipts, RATES, DAY + ONE * today)
    for key, one in enumerate(promises):
        assert 0 <= told[key].paid <= one.amount
        assert (told[key].paid_on is not None) == (told[key].paid == one.amount)
    spent = sum(
        told[key].paid for key, one in enumerate(promises) if one.currency == CNY
    )
    assert spent <= sum(one.booked for one in receipts)


@given(promises=promises, receipts=receipts, today=days, data=st.data())
def test_the_order_of_receipts_says_nothing(promises, receipts, today, data):
    known = dict(enumerate(promises))
    other = data.draw(st.permutations(receipts))
    moment = DAY + ONE * today
    assert settle(known, receipts, RATES, moment) == settle(known, other, RATES, moment)


@given(one=promises.map(lambda found: found[0]), receipts=receipts, more=cents)
def test_more_money_breaks_no_promise(one, receipts, more):
    last = DAY + ONE * 40
    before = settle({1: one}, receipts, RATES, last)[1]
    after = settle({1: one}, [*receipts, receipt(more, day=0)], RATES, last)[1]
    assert (before.state, after.state) != ("kept", "broken")
    assert after.paid >= before.paid
