"""Whether all points can be decided by different people: matching, not counting."""

from decimal import Decimal
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.approval.core.reporting_line import (
    Person,
    authority,
)
from odoo.addons.crm_extension.models.approval.core.staffing import (
    Seat,
    shortage,
    staff,
)

people = st.frozensets(st.integers(1, 5), max_size=4)
points = st.dictionaries(
    st.sampled_from("ABCD"), st.tuples(st.integers(1, 2), people), max_size=4
)


def someone(*names):
    return frozenset(names)


def fits(points):
    """The same question by trying everything."""
    seats = [
        candidates
        for needed, candidates in points.values()
        for _number in range(needed)
    ]
    return any(len(set(choice)) == len(seats) for choice in product(*seats))


# --- matching --------------------------------------------------------------


@given(points)
def test_the_proof_finds_exactly_what_trying_everything_finds(points):
    assert (shortage(points, True) == ()) == fits(points)


@given(points)
def test_the_points_named_are_short_and_none_of_them_is_named_in_vain(points):
    short = shortage(points, True)
    if short:
        assert not fits({key: points[key] for key in short})
        for key in short:
            assert fits({other: points[other] for other in short if other != key})


@given(points)
def test_what_is_enough_for_all_points_is_enough_for_every_branch(points):
    if not shortage(points, True):
        for key in points:
            branch = {other: points[other] for other in points if other != key}
            assert not shortage(branch, True)


def test_two_points_with_the_same_single_person_are_short_though_each_has_somebody():
    assert shortage(
        {
            "Sales": (1, someone("Ana")),
            "Finance": (1, someone("Ana")),
            "Director": (1, someone("David")),
        },
        True,
    ) == ("Sales", "Finance")


def test_one_person_may_decide_both_where_the_policy_lets_him():
    both = {"Sales": (1, someone("Ana")), "Finance": (1, someone("Ana"))}
    assert shortage(both, False) == ()


def test_who_is_first_in_line_gives_way_to_who_has_no_other():
    both = {"Sales": (1, someone("Ana", "Guo")), "Finance": (1, someone("Ana"))}
    assert shortage(both, True) == ()


# --- the ladder ------------------------------------------------------------


def test_nobody_found_means_the_next_manager_above():
    result = staff([Seat("Sales", someone(), (someone("Mara"), someone("David")))])
    assert result.people == {"Sales": someone("Mara")}
    assert result.helped == {"Sales"}
    assert not result.short


def test_who_is_wanted_elsewhere_is_left_to_it_and_the_ladder_goes_on():
    result = staff(
        [
            Seat("Sales", someone(), (someone("David"), someone("Admin"))),
            Seat("Director", someone("David"), (someone("Admin"),)),
        ]
    )
    assert result.people == {"Sales": someone("Admin"), "Director": someone("David")}
    assert not result.short


def test_too_few_for_a_number_are_joined_by_those_above():
    result = staff(
        [Seat("Two", someone("Ana"), (someone("Mara"), someone("Admin")), "count", 2)]
    )
    assert result.people == {"Two": someone("Ana", "Mara")}


def test_all_of_them_are_never_joined_by_others():
    result = staff(
        [
            Seat("All", someone("Ana", "Guo"), (someone("Admin"),), "all"),
            Seat("One", someone("Ana"), ()),
        ]
    )
    assert result.people["All"] == someone("Ana", "Guo")
    assert result.short == ("All", "One")


def test_nobody_at_all_is_said():
    assert staff([Seat("Sales", someone())]).short == ("Sales",)


seats = st.builds(
    Seat,
    st.just("?"),
    people,
    st.lists(people.filter(bool), max_size=3).map(tuple),
    st.sampled_from(["any", "all", "count"]),
    st.integers(1, 3),
)


@given(st.lists(seats, max_size=4), st.booleans())
def test_staffing_always_ends_and_keeps_whom_the_rule_found(found, distinct):
    named = [seat._replace(key=number) for number, seat in enumerate(found)]
    result = staff(named, distinct)
    assert set(result.people) == set(range(len(named)))
    for seat in named:
        assert seat.people <= result.people[seat.key]


@given(st.lists(seats, max_size=4))
def test_the_ladder_never_makes_things_worse(found):
    named = [seat._replace(key=number) for number, seat in enumerate(found)]
    without = staff([seat._replace(ladder=()) for seat in named])
    if not without.short:
        assert staff(named) == without


# --- authority -------------------------------------------------------------

LINE = {
    1: Person(1, "sam", None, 2),
    2: Person(2, "mara", None, 3),
    3: Person(3, "david", None, None),
}


def who(measure, limits, able=lambda user: True):
    return authority(measure, limits, 1, LINE, able)


def test_the_nearest_manager_whose_limit_is_enough_decides():
    limits = {"mara": Decimal(20), "david": Decimal(40)}
    assert who(Decimal(20), limits) == {"mara"}
    assert who(Decimal("20.01"), limits) == {"david"}
    assert who(Decimal(41), limits) == set()


def test_a_manager_without_a_known_limit_does_not_count():
    assert who(Decimal(5), {"david": Decimal(40)}) == {"david"}


def test_where_nothing_is_measured_the_nearest_manager_decides():
    assert who(None, {}) == {"mara"}
    assert who(None, {}, lambda user: user != "mara") == {"david"}
