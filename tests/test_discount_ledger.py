"""By which channel a sale gives what it gives: the plain split. No database."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.discount.ledger import (
    NOTHING_GIVEN,
    Channels,
    Sold,
    split,
    written_down,
)
from odoo.addons.crm_extension.models.discount.verdict import Line, judge

prices = st.decimals(0, 10_000, places=3).map(float)
quantities = st.decimals(-5, 1_000, places=2).map(float)
discounts = st.decimals(-10, 120, places=2).map(float)
currencies = st.sampled_from([0, 2, 3])


def sold(key=1, quantity=1.0, discount=0.0, **values):
    """A line at 100, which is what the customer is entitled to."""
    prices_ = {"reference": 100.0, "listed": None, "shown": None, "typed": None}
    prices_ |= {name: values.pop(name) for name in prices_.keys() & values.keys()}
    for name, before in (
        ("listed", "reference"),
        ("shown", "listed"),
        ("typed", "shown"),
    ):
        if prices_[name] is None:
            prices_[name] = prices_[before]
    price = prices_["typed"] * (1 - discount / 100)
    return Sold(key=key, quantity=quantity, price=price, **prices_, **values)


def cut(amount, key="cut", **values):
    """A negative line."""
    return sold(key, reference=0.0, typed=-amount, **values)


@st.composite
def sales(draw):
    lines = [
        sold(
            key,
            quantity=draw(quantities),
            discount=draw(discounts),
            reference=draw(prices),
            listed=draw(prices),
            shown=draw(prices),
            typed=draw(prices),
            reward=draw(st.booleans()),
        )
        for key in range(draw(st.integers(0, 5)))
    ]
    for key in range(draw(st.integers(0, 2))):
        lines.append(cut(draw(prices), f"cut {key}", reward=draw(st.booleans())))
    return draw(st.permutations(lines))


def verdict_of(lines, digits):
    return judge(
        [
            Line(line.key, line.reference, line.price, line.quantity, 10)
            for line in lines
        ],
        40,
        digits,
    )


def channels_of(channels, *names):
    return {name: getattr(channels, name) for name in names}


@given(sales(), currencies)
def test_each_line_s_channels_are_what_the_verdict_says_it_gives(lines, digits):
    split_ = split(lines, 0, digits)
    verdict = verdict_of(lines, digits)
    for key, judged in verdict.lines.items():
        if key is not None:
            assert split_.get(key, NOTHING_GIVEN).total == judged.concession
    total = sum((channels.total for channels in split_.values()), Decimal(0))
    assert total == verdict.concession


@given(sales(), currencies, st.decimals(0, 10, places=2).map(float))
def test_list_minus_net_is_the_sum_of_the_channels(lines, digits, early_payment):
    cent = Decimal(1).scaleb(-digits)
    split_ = split(lines, early_payment, digits)
    given_ = {
        name: sum((getattr(c, name) for c in split_.values()), Decimal(0))
        for name in Channels._fields
    }
    before_term = sum(given_.values()) - given_["term"]
    assert before_term == verdict_of(lines, digits).concession
    for amount in given_.values():
        assert amount == amount.quantize(cent)


@given(sales(), currencies)
def test_what_one_way_takes_back_is_set_off_against_another(lines, digits):
    for channels in split(lines, 0, digits).values():
        own = [channels.discount, channels.price, channels.pricelist]
        assert min(own) >= 0 or max(own) <= 0


@given(sales(), currencies)
def test_reductions_and_rewards_are_never_shared_out_negatively(lines, digits):
    for channels in split(lines, 0, digits).values():
        assert channels.reduction >= 0


@given(
    st.lists(st.tuples(prices, quantities), max_size=5),
    currencies,
)
def test_a_sale_at_its_reference_has_no_channels(goods, digits):
    lines = [
        sold(key, reference=price, quantity=quantity)
        for key, (price, quantity) in enumerate(goods)
    ]
    assert split(lines, 0, digits) == {}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (sold(discount=25), {"discount": 25}),
        (sold(typed=75.0), {"price": 25}),
        (sold(typed=80.0, discount=10), {"price": 20, "discount": 8}),
        (sold(listed=70.0), {"pricelist": 30}),
        (sold(listed=70.0, discount=10), {"pricelist": 30, "discount": 7}),
        (sold(discount=100), {"free": 100}),
        (sold(typed=0.0), {"free": 100}),
        (sold(listed=0.0), {"pricelist": 100}),
        (sold(discount=110), {"free": 110}),
        (sold(discount=10, reward=True), {"free": 10}),
        (sold(typed=130.0), {"price": -30}),
        (sold(typed=120.0, discount=30), {"discount": 16}),
        (sold(quantity=-2.0, typed=90.0), {"price": -20}),
    ],
)
def test_each_way_has_its_channel(line, expected):
    channels = split([line], 0, 2)[1]
    assert {
        name: value for name in Channels._fields if (value := getattr(channels, name))
    } == (expected)


def test_a_raised_price_with_a_discount_that_brings_it_back_gives_nothing():
    assert split([sold(typed=125.0, discount=20)], 0, 2) == {}


def test_the_pricelist_s_own_discount_is_not_the_salesperson_s():
    # Entitled to 70, shown as 100 with 30 %.
    own = {"reference": 70.0, "listed": 70.0, "shown": 100.0}
    assert split([sold(discount=30, **own)], 0, 2) == {}
    channels = split([sold(discount=40, **own)], 0, 2)[1]
    assert channels_of(channels, "discount", "price") == {"discount": 10, "price": 0}
    channels = split([sold(discount=30, typed=90.0, **own)], 0, 2)[1]
    assert channels_of(channels, "discount", "price") == {"discount": 0, "price": 7}


def test_a_negative_line_is_shared_to_the_cent():
    lines = [sold(1), sold(2), sold(3), cut(100.0)]
    shares = [split(lines, 0, 2)[key].reduction for key in (1, 2, 3)]
    assert shares == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


def test_what_a_reward_takes_off_is_free_and_what_a_person_does_is_reduction():
    lines = [sold(1), cut(10.0, "coupon", reward=True), cut(20.0, "by hand")]
    channels = split(lines, 0, 2)[1]
    assert channels_of(channels, "free", "reduction") == {"free": 10, "reduction": 20}


def test_a_reduction_with_nothing_to_reduce_stays_where_it_is():
    assert split([cut(20.0)], 0, 2)["cut"].reduction == 20


def test_goods_taken_back_above_their_price_take_off():
    lines = [sold(1, quantity=-2.0, typed=110.0), sold(2)]
    assert split(lines, 0, 2)[2].reduction == 20


def test_early_payment_is_taken_from_what_is_left_to_pay():
    lines = [sold(1, discount=50), sold(2), cut(30.0)]
    split_ = split(lines, 2, 2)
    assert sum(channels.term for channels in split_.values()) == Decimal("2.40")


def test_the_customer_s_own_early_payment_discount_is_no_concession():
    assert split([sold()], 0, 2) == {}
    assert split([sold()], -3, 2) == {}


def test_a_cost_written_below_the_kept_one_is_told():
    assert written_down(60.0, 50.0, 3.0, 2) == 30
    assert written_down(60.0, 70.0, 3.0, 2) == 0
    assert written_down(60.0, 50.0, -3.0, 2) == 0
    assert written_down(0.0, -50.0, 1.0, 2) == 50
    with pytest.raises(ValueError, match="finite"):
        written_down(60.0, float("nan"), 3.0, 2)


@pytest.mark.parametrize("digits", [0, 2, 3])
def test_every_currency_is_split_to_its_own_unit(digits):
    lines = [sold(key, typed=100 - 1 / 3) for key in (1, 2, 3)]
    cent = Decimal(1).scaleb(-digits)
    for channels in split(lines, 2, digits).values():
        for amount in channels:
            assert amount == amount.quantize(cent)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        split([sold(typed=bad)], 0, 2)
