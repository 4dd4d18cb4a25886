"""Who gets scarce stock and why: plain values, no database."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.fulfilment.allocation import (
    LAST,
    Demand,
    Standing,
    allocate,
    differ,
)

CHAIR, DESK = 1, 2
STOCK, SHELF = 8, 9
PARENTS = {SHELF: STOCK}


def standing(key=0, **values):
    usual = {
        "held": False,
        "relaxed": True,
        "rank": LAST,
        "promised": date(2026, 3, 10),
        "no_order": False,
        "confirmed": 0.0,
        "entered": key,
    }
    return Standing(**usual | values)


def want(key, wanted, had=0, kept=0, fixed=False, **values):
    place = {name: values.pop(name) for name in ("step", "group") if name in values}
    return Demand(
        key,
        values.pop("product", CHAIR),
        values.pop("place", STOCK),
        Decimal(str(wanted)),
        Decimal(str(had)),
        Decimal(str(kept)),
        fixed,
        standing(key, **values),
        **place,
    )


def share(*demands, supply=5):
    if not isinstance(supply, dict):
        supply = {(CHAIR, STOCK): supply}
    supply = {key: Decimal(str(each)) for key, each in supply.items()}
    return allocate(demands, supply, PARENTS)


def gets(*demands, supply=5):
    return [float(share(*demands, supply=supply)[each.key].gets) for each in demands]


def test_the_readme_story_five_chairs_and_three_orders_that_want_twelve():
    told = share(want(1, 4, rank=30), want(2, 4, rank=10), want(3, 4, rank=20))
    assert {key: float(one.gets) for key, one in told.items()} == {2: 4, 3: 1, 1: 0}
    assert (told[2].reason, told[2].criterion, told[2].other) == ("whole", "rank", 3)
    assert (told[3].reason, told[3].criterion, told[3].other) == ("part", "rank", 2)
    assert (told[1].reason, told[1].criterion, told[1].other) == ("nothing", "rank", 3)
    assert [told[key].position for key in (2, 3, 1)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("better", "criterion"),
    [
        ({"held": False}, "held"),
        ({"relaxed": False}, "urgent"),
        ({"rank": 1}, "rank"),
        ({"promised": date(2026, 3, 9)}, "promised"),
        ({"no_order": False}, "ordered"),
        ({"confirmed": -1.0}, "confirmed"),
    ],
)
def test_each_part_of_the_rule_decides_where_those_before_it_are_the_same(
    better, criterion
):
    name = next(iter(better))
    worse = {"held": True, "no_order": True}.get(name)
    told = share(
        want(1, 5, **({} if worse is None else {name: worse})), want(2, 5, **better)
    )
    assert (told[2].gets, told[2].criterion, told[2].other) == (5, criterion, 1)
    assert (told[1].gets, told[1].criterion, told[1].other) == (0, criterion, 2)


def test_an_earlier_part_of_the_rule_counts_more_than_all_later_ones():
    late_star = want(1, 5, relaxed=False, promised=date(2027, 1, 1), confirmed=9.0)
    early_a = want(2, 5, rank=1, promised=date(2026, 1, 1), confirmed=1.0)
    assert gets(early_a, late_star) == [0, 5]


def test_of_two_that_are_alike_the_one_entered_first_gets_it():
    assert gets(want(2, 5), want(1, 5)) == [0, 5]
    assert differ(standing(1), standing(2)) == "entered"
    assert differ(standing(1), standing(1)) == "entered"


def test_what_is_being_picked_neither_loses_nor_gains():
    told = share(want(1, 9, had=3, kept=3, fixed=True), want(2, 4, rank=1))
    assert (told[1].gets, told[1].reason) == (3, "begun")
    assert told[2].gets == 4


def test_what_somebody_has_gone_to_pick_is_kept_and_may_grow():
    assert gets(want(1, 9, had=3, kept=3), want(2, 4, rank=1)) == [4, 4]
    told = share(want(1, 9, had=3, kept=3), want(2, 4, rank=1), supply=4)
    assert (told[1].gets, told[1].reason) == (3, "kept")


def test_more_than_wanted_is_given_back():
    assert gets(want(1, 2, had=6), want(2, 9), supply=6) == [2, 4]


def test_more_picked_than_wanted_stays():
    assert gets(want(1, 2, had=6, kept=6, fixed=True), want(2, 9), supply=1) == [6, 1]
    assert gets(want(1, 2, had=6, kept=6), want(2, 9), supply=1) == [6, 1]


def test_a_negative_demand_and_a_negative_stock_give_nothing_to_anybody():
    assert gets(want(1, -3), want(2, 9)) == [0, 5]
    told = share(want(1, 3), supply=-2)
    assert (told[1].gets, told[1].reason) == (0, "empty")
    assert gets(want(1, 3), supply={}) == [0]
    assert not share()


def test_enough_for_everybody_is_told_as_that():
    told = share(want(1, 2), want(2, 3))
    assert {one.reason for one in told.values()} == {"enough"}
    assert {one.other for one in told.values()} == {None}


def test_all_at_once_gets_everything_or_holds_nothing():
    told = share(want(1, 9, had=5, group=7), want(2, 3))
    assert (told[1].gets, told[1].reason) == (0, "at_once")
    assert (told[2].gets, told[2].reason) == (3, "enough")
    assert gets(want(1, 4, group=7), want(2, 3)) == [4, 1]


def test_all_at_once_counts_over_all_products_of_the_delivery():
    chairs, desks = want(1, 4, group=7), want(2, 4, group=7, product=DESK)
    later = want(3, 4, product=DESK)
    short = {(CHAIR, STOCK): 3, (DESK, STOCK): 4}
    assert gets(chairs, desks, later, supply=short) == [0, 0, 4]
    enough = {(CHAIR, STOCK): 4, (DESK, STOCK): 4}
    assert gets(chairs, desks, later, supply=enough) == [4, 4, 0]


def test_a_part_is_given_in_whole_steps_of_the_unit():
    dozen = want(1, 12, step=Decimal("0.12"))
    assert gets(dozen, want(2, 9)) == [4.92, 0.08]
    serial = want(1, 3, step=Decimal(1))
    assert gets(serial, supply="1.5") == [1]
    # What is wanted in full is given in full.
    assert gets(want(1, "4.54", step=Decimal("0.0045359"))) == [4.54]


def test_a_shelf_gives_no_more_than_lies_on_it_and_counts_for_the_whole():
    supply = {(CHAIR, STOCK): 2, (CHAIR, SHELF): 3}
    shelf, anywhere = want(1, 9, place=SHELF), want(2, 9)
    assert gets(shelf, anywhere, supply=supply) == [3, 2]
    first = want(2, 4, rank=1)
    assert gets(shelf, first, supply=supply) == [1, 4]
    # What is missing elsewhere is missing on the shelf too: it was promised already.
    assert gets(shelf, supply={(CHAIR, STOCK): -2, (CHAIR, SHELF): 3}) == [1]


quantities = st.integers(0, 12).map(Decimal)


@st.composite
def contests(draw):
    demands = []
    for key in range(1, draw(st.integers(1, 9)) + 1):
        had = draw(quantities)
        begun = draw(st.sampled_from(("free", "free", "printed", "fixed")))
        demands.append(
            Demand(
                key,
                draw(st.sampled_from((CHAIR, DESK))),
                draw(st.sampled_from((STOCK, STOCK, SHELF))),
                draw(st.integers(-1, 12).map(Decimal)),
                had,
                Decimal(0) if begun == "free" else had,
                begun == "fixed",
                standing(
                    key,
                    held=draw(st.booleans()),
                    relaxed=draw(st.booleans()),
                    rank=draw(st.sampled_from((1, 2, LAST))),
                    promised=date(2026, 3, draw(st.integers(1, 3))),
                ),
                Decimal(draw(st.sampled_from((1, 1, 3)))),
                draw(st.sampled_from((None, None, None, 1, 2))),
            )
        )
    supply = {
        (product, place): Decimal(draw(st.integers(-2, 15)))
        for product in (CHAIR, DESK)
        for place in (STOCK, SHELF)
    }
    return demands, supply


def free(each, told):
    """What it takes of the supply."""
    return Decimal(0) if each.fixed else told[each.key].gets - each.kept


@settings(max_examples=150, deadline=None)
@given(contests())
def test_never_more_than_there_is_never_negative_and_what_is_picked_is_kept(contest):
    demands, supply = contest
    told = allocate(demands, supply, PARENTS)
    assert told.keys() == {each.key for each in demands}
    for each in demands:
        one = told[each.key]
        assert one.gets >= each.kept >= 0
        assert one.gets <= max(each.wanted, each.kept)
        if each.fixed:
            assert one.gets == each.had
    for product in (CHAIR, DESK):
        line = [each for each in demands if each.product == product]
        on_shelf = max(supply[product, SHELF], Decimal(0))
        there = max(supply[product, STOCK] + supply[product, SHELF], Decimal(0))
        assert sum(free(each, told) for each in line) <= there
        shelf = [each for each in line if each.place == SHELF]
        assert sum(free(each, told) for each in shelf) <= on_shelf


@settings(max_examples=150, deadline=None)
@given(contests())
def test_nobody_gets_what_somebody_before_wants_and_could_have(contest):
    demands, supply = contest
    plain = [
        each._replace(place=STOCK, group=None, step=Decimal(1)) for each in demands
    ]
    told = allocate(plain, supply, PARENTS)
    for each in plain:
        if each.fixed or told[each.key].gets >= each.wanted:
            continue
        after = [
            other
            for other in plain
            if other.product == each.product and other.standing > each.standing
        ]
        assert not sum(free(other, told) for other in after)


@settings(max_examples=150, deadline=None)
@given(contests())
def test_a_second_run_changes_nothing(contest):
    demands, supply = contest
    told = allocate(demands, supply, PARENTS)
    again, left = [], dict(supply)
    for each in demands:
        got = told[each.key].gets
        kept = got if each.kept else Decimal(0)
        again.append(each._replace(had=got, kept=kept))
        if not each.fixed and each.kept:
            left[each.product, each.place] -= got - each.kept
    after = allocate(again, left, PARENTS)
    assert {key: one.gets for key, one in after.items()} == {
        key: one.gets for key, one in told.items()
    }


@settings(max_examples=100, deadline=None)
@given(contests())
def test_a_group_gets_everything_or_nothing(contest):
    demands, supply = contest
    told = allocate(demands, supply, PARENTS)
    for group in (1, 2):
        members = [each for each in demands if each.group == group and not each.fixed]
        missing = [each for each in members if told[each.key].gets < each.wanted]
        if missing:
            assert not any(free(each, told) for each in members)


@settings(max_examples=100, deadline=None)
@given(contests())
def test_every_reason_names_whom_and_what_decides(contest):
    demands, supply = contest
    by_key = {each.key: each for each in demands}
    for key, one in allocate(demands, supply, PARENTS).items():
        assert (one.other is None) == (one.criterion is None)
        if one.reason == "nothing":
            assert one.other
        if one.reason in ("part", "nothing") and one.other:
            other = by_key[one.other]
            assert other.standing < by_key[key].standing
        if one.reason == "whole":
            assert by_key[one.other].standing > by_key[key].standing
