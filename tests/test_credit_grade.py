"""How a way of paying becomes a grade; no database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.credit.grade import (
    GRADES,
    Behaviour,
    Mark,
    Scale,
    grade,
    score,
)

SCALE = Scale(
    days=Mark(40, 60),
    ratio=Mark(30, 50),
    years=Mark(15, 5),
    turnover=Mark(15, 100_000),
    floors=(75, 50, 25),
)
behaviours = st.builds(
    Behaviour,
    days=st.floats(0, 1000),
    ratio=st.floats(0, 100),
    years=st.floats(0, 80),
    turnover=st.floats(-1e6, 1e9),
)
more = st.floats(0, 1000)


@pytest.mark.parametrize(
    ("behaviour", "points", "letter"),
    [
        (Behaviour(0, 0, 5, 100_000), 100, "A"),
        (Behaviour(0, 0, 50, 1e9), 100, "A"),
        (Behaviour(0, 0, 0, 0), 70, "B"),
        (Behaviour(30, 25, 0, 0), 35, "C"),
        (Behaviour(60, 50, 5, 100_000), 30, "C"),
        (Behaviour(60, 50, 0, 0), 0, "D"),
        (Behaviour(600, 100, 0, -500), 0, "D"),
    ],
)
def test_points_and_letters(behaviour, points, letter):
    assert score(behaviour, SCALE) == points
    assert grade(behaviour, SCALE) == letter


@pytest.mark.parametrize(("floor", "letter"), [(69.9, "A"), (70, "A"), (70.1, "B")])
def test_exactly_the_points_are_enough(floor, letter):
    scale = SCALE._replace(floors=(floor, 50, 25))
    assert grade(Behaviour(0, 0, 0, 0), scale) == letter


def test_who_was_never_billed_has_no_grade():
    assert grade(None, SCALE) is None


def test_what_has_no_weight_counts_nothing():
    scale = SCALE._replace(years=Mark(0, 0), turnover=Mark(0, 0))
    assert score(Behaviour(0, 0, 0, 0), scale) == 100


def test_where_nothing_counts_nobody_earns_anything():
    nothing = Mark(0, 1)
    scale = Scale(nothing, nothing, nothing, nothing, (75, 50, 25))
    assert grade(Behaviour(), scale) == "D"


@given(behaviours)
def test_points_lie_between_0_and_100_and_give_a_grade(behaviour):
    assert 0 <= score(behaviour, SCALE) <= 100
    assert grade(behaviour, SCALE) in GRADES


@given(behaviours, more, more)
def test_who_pays_later_is_never_graded_better(behaviour, days, ratio):
    worse = behaviour._replace(
        days=behaviour.days + days, ratio=behaviour.ratio + ratio
    )
    assert score(worse, SCALE) <= score(behaviour, SCALE)
    assert grade(worse, SCALE) >= grade(behaviour, SCALE)  # letters rise


@given(behaviours, more, more)
def test_who_buys_longer_and_more_is_never_graded_worse(behaviour, years, turnover):
    better = behaviour._replace(
        years=behaviour.years + years, turnover=behaviour.turnover + turnover
    )
    assert score(better, SCALE) >= score(behaviour, SCALE)
