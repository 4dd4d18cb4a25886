"""What may be said of a visit: the rules, without a database."""

from datetime import date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.visit.rules import (
    KINDS,
    SUBJECTS,
    day_of,
    is_late,
    is_same_time,
    is_too_early,
    is_wrong_first,
    missing_for_done,
    moment_on,
    proposed_subject,
    subject_of,
)

MONDAY = datetime(2026, 3, 2, 9)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHANGHAI = "Asia/Shanghai"
subjects = st.sampled_from(sorted(SUBJECTS))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))


def test_the_vocabulary_has_five_subjects_and_no_other():
    pairs = product(("call", "outside", "incoming"), ("first", "follow", "visit", ""))
    found = set()
    for mode, occasion in pairs:
        try:
            found.add(subject_of(mode, occasion))
        except ValueError:
            continue
    assert found == {
        *("call_first", "call_follow"),
        *("outside_first", "outside_follow"),
        "incoming",
    }


@pytest.mark.parametrize(
    ("mode", "occasion"),
    [("call", "visit"), ("outside", "visit"), ("call", "tracking")],
    ids=["电访—拜访", "外访—拜访", "电访—跟踪"],
)
def test_the_three_distractors_are_no_subjects(mode, occasion):
    with pytest.raises(ValueError, match="no subject"):
        subject_of(mode, occasion)


def test_every_mode_has_its_usual_kind():
    assert [KINDS[mode][0] for mode in ("outside", "incoming", "call")] == [
        *("face", "face", "phone")
    ]
    assert not any("phone" in KINDS[mode] for mode in ("outside", "incoming"))
    assert "face" not in KINDS["call"]


@pytest.mark.parametrize(
    ("mode", "earlier", "proposed"),
    [
        ("call", [], "call_first"),
        ("outside", ["call_first", "call_follow"], "outside_first"),
        ("outside", ["outside_first"], "outside_follow"),
        ("call", ["incoming"], "call_first"),
        ("incoming", [], "incoming"),
    ],
)
def test_the_next_subject_follows_from_what_was(mode, earlier, proposed):
    assert proposed_subject(mode, earlier) == proposed


@given(mode=st.sampled_from(sorted(KINDS)), others=st.lists(subjects))
def test_what_is_proposed_is_never_wrong(mode, others):
    subject = proposed_subject(mode, others)
    dated = [(other, MONDAY - DAY) for other in others]
    assert not is_wrong_first(subject, MONDAY, dated)


@pytest.mark.parametrize(
    ("other", "begun", "wrong"),
    [
        ("outside_follow", MONDAY - DAY, True),
        ("outside_follow", MONDAY, True),
        ("outside_follow", MONDAY + HOUR, False),
        ("outside_first", MONDAY + DAY, True),
        ("call_first", MONDAY - DAY, False),
        ("call_follow", MONDAY - DAY, False),
        ("incoming", MONDAY - DAY, False),
    ],
)
def test_a_first_visit_is_the_first_of_its_mode(other, begun, wrong):
    assert is_wrong_first("outside_first", MONDAY, [(other, begun)]) is wrong


@given(others=st.lists(st.tuples(subjects, moments)))
def test_a_follow_up_is_never_wrong(others):
    for subject in ("call_follow", "outside_follow", "incoming"):
        assert not is_wrong_first(subject, MONDAY, others)


@given(st.lists(st.tuples(subjects, moments), max_size=8))
def test_a_history_has_at_most_one_first_of_a_mode(contacts):
    accepted = []
    for subject, start in contacts:
        if not is_wrong_first(subject, start, accepted):
            accepted.append((subject, start))
    firsts = [subject for subject, _start in accepted if "first" in subject]
    assert len(firsts) == len(set(firsts))


def test_done_needs_purpose_people_with_roles_and_a_result():
    people = [("王芳", "采购处处长")]
    assert missing_for_done("Samples", people, "She likes them") == ()
    assert missing_for_done("", [], " \n") == ("purpose", "people", "result")
    people = [("王芳", "采购处处长"), ("李强", " ")]
    assert missing_for_done("Samples", people, "Fine") == ("role",)


def test_clocks_may_differ_by_a_quarter_of_an_hour():
    assert not is_too_early(MONDAY, MONDAY - timedelta(minutes=15))
    assert is_too_early(MONDAY, MONDAY - timedelta(minutes=16))
    assert is_too_early(MONDAY + DAY, MONDAY)


def test_late_is_more_than_a_day_after():
    assert not is_late(MONDAY, MONDAY + timedelta(hours=24))
    assert is_late(MONDAY, MONDAY + timedelta(hours=24, seconds=1))
    assert not is_late(MONDAY, MONDAY - DAY)


def test_a_visit_is_on_the_day_of_whoever_pays_it():
    evening = datetime(2026, 3, 1, 17)  # Sunday in Europe, Monday in China
    assert day_of(evening, "UTC") == date(2026, 3, 1)
    assert day_of(evening, SHANGHAI) == date(2026, 3, 2)


def test_what_has_only_a_day_was_over_at_the_end_of_work_or_is_now():
    day = date(2026, 3, 2)
    assert moment_on(day, SHANGHAI, datetime(2026, 3, 9)) == datetime(2026, 3, 2, 10)
    noon = datetime(2026, 3, 2, 4)
    assert moment_on(day, SHANGHAI, noon) == noon


@given(
    day=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    zone=st.sampled_from(["UTC", SHANGHAI, "America/New_York", "Pacific/Auckland"]),
    now=moments,
)
def test_a_day_stays_the_day_that_was_told(day, zone, now):
    assert day_of(moment_on(day, zone, now), zone) == day


@pytest.mark.parametrize(
    ("begin", "end", "same"),
    [
        (timedelta(0), HOUR, True),
        (HOUR, 2 * HOUR, False),
        (-HOUR, timedelta(0), False),
        (-HOUR, HOUR / 2, True),
        (timedelta(0), timedelta(0), True),
    ],
)
def test_two_spells_share_time_or_only_touch(begin, end, same):
    one, other = (MONDAY, MONDAY + HOUR), (MONDAY + begin, MONDAY + end)
    assert is_same_time(one, other) is is_same_time(other, one) is same
