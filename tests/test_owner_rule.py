"""Who may make whom the owner of a customer: the thinking, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.ownership.rule import (
    ACROSS,
    CLAIMED,
    FOREIGN,
    GIVEN,
    IDLE,
    PROTECTED,
    RELEASED,
    RESTING,
    TAKEN,
    Move,
    Standing,
    event_of,
    refuse,
    work_together,
)

SAM, IDA, MARA, BOSS, GONE, CLERK = range(1, 7)
EAST, WEST = frozenset({10}), frozenset({20})
PEOPLE = {
    SAM: Standing(departments=EAST, leaders=frozenset({MARA, BOSS})),
    IDA: Standing(departments=WEST, leaders=frozenset({BOSS})),
    MARA: Standing(departments=EAST, leaders=frozenset({BOSS})),
    BOSS: Standing(),
    GONE: Standing(
        sells=False, here=False, departments=EAST, leaders=frozenset({MARA})
    ),
    CLERK: Standing(sells=False),
}
users = st.sampled_from([None, *PEOPLE])


@pytest.mark.parametrize(
    ("before", "after", "actor", "code"),
    [
        (None, SAM, SAM, None),  # takes from the pool
        (SAM, None, SAM, None),  # releases one's own
        (None, None, SAM, None),
        (IDA, SAM, SAM, FOREIGN),  # takes a colleague's
        (SAM, IDA, SAM, FOREIGN),  # gives one's own away
        (None, IDA, SAM, FOREIGN),  # gives from the pool
        (IDA, None, SAM, FOREIGN),  # frees a colleague's
        (None, SAM, MARA, None),  # a leader gives from the pool
        (SAM, MARA, MARA, None),  # takes over
        (MARA, SAM, MARA, None),  # gives her own
        (SAM, None, MARA, None),
        (IDA, SAM, MARA, FOREIGN),  # not her people
        (SAM, IDA, MARA, FOREIGN),
        (SAM, IDA, BOSS, ACROSS),  # leads both, of two departments
        (GONE, MARA, MARA, None),  # whoever has left is handed over
        (None, CLERK, CLERK, IDLE),
        (SAM, GONE, MARA, IDLE),
    ],
)
def test_who_may_change_an_owner(before, after, actor, code):
    assert refuse(Move(before, after), actor, PEOPLE) == code


def test_whoever_had_it_lately_does_not_take_it_again():
    assert refuse(Move(None, SAM, resting=True), SAM, PEOPLE) == RESTING
    # What the leader gives, is given.
    assert refuse(Move(None, SAM, resting=True), MARA, PEOPLE) is None


def test_what_is_protected_stays_unless_its_owner_gives_it_up_or_has_left():
    assert refuse(Move(SAM, None, protected=True), MARA, PEOPLE) == PROTECTED
    assert refuse(Move(SAM, None, protected=True), SAM, PEOPLE) is None
    assert refuse(Move(GONE, MARA, protected=True), MARA, PEOPLE) is None


@given(users, users, st.booleans(), st.booleans(), st.sampled_from(sorted(PEOPLE)))
def test_administration_may_all_but_give_to_who_does_not_sell(
    before, after, protected, resting, actor
):
    move = Move(before, after, protected, resting)
    code = refuse(move, actor, PEOPLE, administers=True)
    assert code == (IDLE if after in (GONE, CLERK) else None)


@given(users, users, st.sampled_from(sorted(PEOPLE)))
def test_nobody_touches_what_is_somebody_elses_without_leading_them(
    before, after, actor
):
    if refuse(Move(before, after), actor, PEOPLE) is None:
        for other in {before, after} - {None, actor}:
            assert actor in PEOPLE[other].leaders


def test_without_departments_people_of_a_team_work_together():
    team = Standing(teams=frozenset({1}))
    assert work_together(team, team)
    assert not work_together(team, Standing(teams=frozenset({2})))
    # Of one team, and of two departments: across.
    assert not work_together(
        team._replace(departments=EAST), team._replace(departments=WEST)
    )
    assert work_together(team._replace(departments=EAST), team)


def test_what_a_change_is_called():
    assert event_of(None, SAM, SAM) == CLAIMED
    assert event_of(None, SAM, MARA) == GIVEN
    assert event_of(SAM, MARA, MARA) == GIVEN
    assert event_of(SAM, None, SAM) == RELEASED
    assert event_of(SAM, None, MARA) == TAKEN
