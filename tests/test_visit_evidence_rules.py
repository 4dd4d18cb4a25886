"""How well a visit is proved: the plain thinking, without a database."""

from math import inf, nan, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.visit.evidence import (
    EARTH,
    Check,
    Position,
    distance,
    is_measured,
    is_on_globe,
    proof,
)

OFFICE = (37.8706, 112.5489)
TAKEN = Check("taken", Position(*OFFICE, 12.0, 1.0))
latitudes, longitudes = st.floats(-90, 90), st.floats(-180, 180)
points = st.tuples(latitudes, longitudes)
positions = st.builds(
    Position, latitudes, longitudes, st.floats(0, 1e6), st.floats(0, 1e6)
)
checks = st.one_of(
    st.builds(Check, st.just("taken"), positions),
    st.builds(Check, st.sampled_from(["refused", "unavailable", "off", ""])),
)


def at(metres, accuracy=10.0, age=0.0):
    """A position so many metres north of the office."""
    degrees = metres / EARTH * 180 / pi
    return Check("taken", Position(OFFICE[0] + degrees, OFFICE[1], accuracy, age))


def test_a_full_proof_has_nothing_to_say():
    assert proof(TAKEN, TAKEN, OFFICE, 15, "taken") == (100, ())


@pytest.mark.parametrize(
    ("check", "key"),
    [
        (Check("refused"), "refused"),
        (Check("unavailable"), "unavailable"),
        (Check("off"), "off"),
        (at(0, age=121), "stale"),
        (at(0, accuracy=501), "vague"),
        (at(300), "far"),
    ],
)
def test_what_lacks_is_said_and_costs(check, key):
    found = proof(check, TAKEN, OFFICE, 15, "taken")
    assert found.findings == (key,)
    assert found.score < 100


@pytest.mark.parametrize(
    ("check", "findings"),
    [
        (at(0, age=120), ()),
        (at(0, accuracy=500), ()),
        (at(205), ()),
        (at(215), ("far",)),
    ],
)
def test_the_limits_themselves_are_fine(check, findings):
    # Whoever may be ten metres nearer is.
    assert proof(check, TAKEN, OFFICE, 15, "taken").findings == findings


def test_a_position_without_an_address_is_half_of_one():
    assert proof(TAKEN, TAKEN, None, 15, "taken") == (70, ("no_address",))


def test_who_left_at_once_was_hardly_there():
    assert proof(TAKEN, TAKEN, OFFICE, 3, "taken") == (84, ("short",))
    assert proof(TAKEN, Check(""), OFFICE, None, "taken") == (60, ("open",))


def test_a_photo_that_was_seen_before_is_none():
    assert proof(TAKEN, TAKEN, OFFICE, 15, "again") == (80, ("photo_again",))
    assert proof(TAKEN, TAKEN, OFFICE, 15, "") == (80, ("photo_none",))


@pytest.mark.parametrize(
    ("latitude", "longitude", "there"),
    [
        (90, 180, True),
        (-90, -180, True),
        (90.0001, 0, False),
        (0, -180.0001, False),
        (nan, 0, False),
        (0, inf, False),
    ],
)
def test_a_position_is_on_the_globe(latitude, longitude, there):
    assert is_on_globe(latitude, longitude) is there


def test_no_device_measures_less_than_nothing():
    assert is_measured(Position(*OFFICE, 0, 0))
    for accuracy, age in ((-1, 0), (0, -1), (nan, 0), (0, inf)):
        assert not is_measured(Position(*OFFICE, accuracy, age))


def test_known_distances():
    assert distance((0, 0), (0, 180)) == pytest.approx(pi * EARTH)
    assert distance((0, 0), (0, 1)) == pytest.approx(111_195, abs=1)
    assert distance((0, 179.5), (0, -179.5)) == pytest.approx(111_195, abs=1)


@given(points, points)
def test_a_distance_is_the_same_both_ways_and_never_round_the_globe(here, there):
    way = distance(here, there)
    assert 0 <= way <= pi * EARTH + 1
    assert way == pytest.approx(distance(there, here), abs=1e-3)
    assert distance(here, here) == 0


@given(
    arrival=checks,
    departure=checks,
    address=st.none() | points,
    minutes=st.none() | st.floats(0, 1e5),
    photo=st.sampled_from(["taken", "again", ""]),
)
def test_a_score_is_from_0_to_100_and_full_only_without_a_remark(
    arrival, departure, address, minutes, photo
):
    found = proof(arrival, departure, address, minutes, photo)
    assert 0 <= found.score <= 100
    assert len(found.findings) == len(set(found.findings))
    if found.score == 100:
        assert set(found.findings) <= {"far"}  # by less than half a point
