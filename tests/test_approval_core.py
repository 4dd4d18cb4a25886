"""The plain core of the engine: facts, routes, reporting lines. No database."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.approval.core.facts import (
    Fact,
    covers,
    fingerprint,
    from_json,
    to_json,
    worsened,
)
from odoo.addons.crm_extension.models.approval.core.reporting_line import (
    Person,
    holders,
    managers_of,
    nth_manager,
)
from odoo.addons.crm_extension.models.approval.core.route import (
    Point,
    standing,
    yes_needed,
)

numbers = st.decimals(
    allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9
)
values = st.one_of(
    st.text(max_size=8), st.booleans(), st.none(), st.integers(-(10**9), 10**9), numbers
)
fact = st.builds(Fact, values, st.sampled_from(["lower", "higher", "changed"]))
facts = st.dictionaries(st.text(min_size=1, max_size=8), fact, max_size=6)


# --- facts -----------------------------------------------------------------


@given(facts)
def test_equal_content_has_one_fingerprint_in_any_order(content):
    backwards = dict(reversed(list(content.items())))
    assert fingerprint(content) == fingerprint(backwards)


@given(facts)
def test_stored_facts_are_the_facts(content):
    stored = from_json(to_json(content))
    assert fingerprint(stored) == fingerprint(content)
    assert covers(stored, content) and covers(content, stored)


@given(facts, st.text(min_size=1, max_size=8), fact)
def test_a_new_concession_is_never_covered(content, key, new):
    before = {name: value for name, value in content.items() if name != key}
    assert worsened(before, content | {key: new}) == [key]


@given(facts, st.data())
def test_a_concession_taken_back_asks_nobody(content, data):
    kept = {key: value for key, value in content.items() if data.draw(st.booleans())}
    assert covers(content, kept)


@given(numbers, numbers)
def test_numbers_are_judged_by_their_direction(before, after):
    def asks(direction):
        return not covers({"x": Fact(before, direction)}, {"x": Fact(after, direction)})

    assert asks("lower") == (after < before)
    assert asks("higher") == (after > before)
    assert asks("changed") == (after != before)


def test_trailing_zeros_and_negative_zero_are_no_change():
    assert fingerprint({"x": Fact(Decimal("1.50"), "lower")}) == fingerprint(
        {"x": Fact(Decimal("1.5"), "lower")}
    )
    assert covers(
        {"x": Fact(Decimal("0"), "changed")}, {"x": Fact(Decimal("-0"), "changed")}
    )


@pytest.mark.parametrize("text", ["NaN", "Infinity"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match="finite"):
        fingerprint({"x": Fact(Decimal(text), "lower")})


def test_a_label_is_no_content():
    assert fingerprint({"x": Fact(1, "lower", "Price")}) == fingerprint(
        {"x": Fact(1, "lower", "价格")}
    )


# --- route -----------------------------------------------------------------


@st.composite
def points(draw):
    return [
        Point(
            key,
            draw(st.integers(1, 4)),
            needed := draw(st.integers(1, 3)),
            draw(st.integers(0, needed)),
            rejected=draw(st.booleans()) and draw(st.booleans()),
            skipped=draw(st.booleans()),
        )
        for key in range(draw(st.integers(0, 6)))
    ]


@given(points())
def test_granted_exactly_when_every_asked_point_has_its_yes(route):
    asked = [point for point in route if not point.skipped]
    enough = all(point.approvals >= point.needed for point in asked)
    rejected = any(point.rejected for point in route)
    assert (standing(route).outcome == "granted") == (enough and not rejected)


@given(points())
def test_only_one_rank_waits_and_never_after_a_rejection(route):
    result = standing(route)
    waiting = {point.rank for point in route if result.states[point.key] == "waiting"}
    assert len(waiting) <= 1
    if result.outcome == "rejected":
        assert not waiting
    if result.outcome == "pending":
        assert waiting


@given(points())
def test_nobody_is_asked_before_the_rank_below_is_through(route):
    result = standing(route)
    for point in route:
        if result.states[point.key] == "waiting":
            below = [other for other in route if other.rank < point.rank]
            assert all(
                result.states[other.key] in ("approved", "skipped") for other in below
            )


def test_parallel_points_are_asked_together_and_joined():
    route = [Point(1, 10, 1), Point(2, 10, 1), Point(3, 20, 1)]
    assert standing(route).states == {1: "waiting", 2: "waiting", 3: "later"}
    route[0] = route[0]._replace(approvals=1)
    assert standing(route).states == {1: "approved", 2: "waiting", 3: "later"}
    route[1] = route[1]._replace(approvals=1)
    assert standing(route).states == {1: "approved", 2: "approved", 3: "waiting"}


def test_no_applicable_point_is_granted():
    assert standing([]).outcome == "granted"
    assert standing([Point(1, 10, 1, skipped=True)]).outcome == "granted"


@pytest.mark.parametrize(
    ("quorum", "count", "eligible", "needed"),
    [("any", 0, 3, 1), ("all", 0, 3, 3), ("count", 2, 3, 2), ("count", 3, 3, 3)],
)
def test_how_many_must_agree(quorum, count, eligible, needed):
    assert yes_needed(quorum, count, eligible) == needed


@pytest.mark.parametrize(
    ("quorum", "count", "eligible"),
    [("any", 0, 0), ("all", 0, 0), ("count", 4, 3), ("count", 0, 3)],
)
def test_a_quorum_nobody_could_reach_is_refused(quorum, count, eligible):
    with pytest.raises(ValueError, match="cannot say yes"):
        yes_needed(quorum, count, eligible)


# --- reporting line --------------------------------------------------------

SALES, MANAGER, DIRECTOR = "salesperson", "manager", "director"


def line():
    """sam (1) → mara (2) → dora (3); max (4) is a manager of another department."""
    return {
        1: Person(1, "sam", SALES, 2, "east"),
        2: Person(2, "mara", MANAGER, 3, "east"),
        3: Person(3, "dora", DIRECTOR, None, "board"),
        4: Person(4, "max", MANAGER, 3, "west"),
    }


def everybody(_user):
    return True


def test_the_position_is_found_in_the_own_line_first():
    assert holders(MANAGER, 1, line(), everybody) == {"mara"}


def test_outside_the_line_the_own_department_comes_before_the_company():
    people = line() | {
        5: Person(5, "fay", "finance", 3, "east"),
        6: Person(6, "fred", "finance", 3, "west"),
    }
    assert holders("finance", 1, people, everybody) == {"fay"}
    assert holders("finance", 3, people, everybody) == {"fay", "fred"}


def test_a_holder_who_may_not_decide_does_not_stop_the_search():
    assert holders(MANAGER, 1, line(), lambda user: user != "mara") == {"max"}
    assert holders(MANAGER, 2, line(), lambda user: user != "mara") == {"max"}


def test_the_nth_manager_or_the_next_above_who_may_decide():
    assert nth_manager(1, 1, line(), everybody) == {"mara"}
    assert nth_manager(2, 1, line(), everybody) == {"dora"}
    assert nth_manager(1, 1, line(), lambda user: user != "mara") == {"dora"}
    assert nth_manager(3, 1, line(), everybody) == set()


@given(st.dictionaries(st.integers(1, 8), st.integers(1, 8)))
def test_a_circle_in_the_line_ends_the_walk(manager_of):
    people = {
        key: Person(key, f"user{key}", "job", manager)
        for key, manager in manager_of.items()
    }
    for key in people:
        walked = [person.key for person in managers_of(key, people)]
        assert len(walked) == len(set(walked))
        assert key not in walked


def test_somebody_without_employee_still_finds_the_company_s_holders():
    assert holders(DIRECTOR, None, line(), everybody) == {"dora"}
