"""Who has a say over whom among the people of one customer: the plain rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.customer.tree import arrange, find_cycle

people = st.lists(st.integers(0, 12), unique=True)
ties = st.dictionaries(st.integers(0, 12), st.integers(0, 12))


def everybody(branches):
    return [
        key for branch in branches for key in (branch.key, *everybody(branch.below))
    ]


@pytest.mark.parametrize(
    "edges",
    [
        {},
        {1: ()},
        {1: (2,), 2: (3,)},
        {1: (3,), 2: (3,)},
        # Two ways to the same person are no circle.
        {1: (2, 3), 2: (4,), 3: (4,)},
    ],
)
def test_who_leads_to_others_is_in_no_circle(edges):
    assert find_cycle(edges) == []


@pytest.mark.parametrize(
    ("edges", "cycle"),
    [
        ({1: (1,)}, [1]),
        ({1: (2,), 2: (1,)}, [1, 2]),
        # Only those in the circle are named, not who leads into it.
        ({9: (1,), 1: (2,), 2: (3,), 3: (1,)}, [1, 2, 3]),
        ({1: (5, 2), 2: (1,)}, [1, 2]),
    ],
)
def test_who_leads_back_to_themselves_is_named(edges, cycle):
    assert find_cycle(edges) == cycle


def test_a_long_chain_by_import_breaks_nothing():
    chain = {number: (number + 1,) for number in range(50_000)}
    assert find_cycle(chain) == []
    assert find_cycle(chain | {50_000: (0,)}) == list(range(50_001))


def test_people_stand_below_those_to_whom_they_report():
    buyer, head, owner, stranger = "buyer", "head", "owner", "stranger"
    tops = arrange([buyer, owner, head], {buyer: head, head: owner, owner: stranger})
    assert tops == ((owner, ((head, ((buyer, ()),)),)),)


def test_side_by_side_they_keep_their_order():
    (top,) = arrange([3, 1, 2], {1: 3, 2: 3})
    assert [branch.key for branch in top.below] == [1, 2]


@given(people, ties)
def test_everybody_is_drawn_exactly_once_whatever_the_ties(keys, above):
    assert sorted(everybody(arrange(keys, above))) == sorted(keys)


@given(people, ties)
def test_without_circles_everybody_stands_below_their_own_superior(keys, above):
    above = {key: top for key, top in above.items() if key > top}

    def check(branches, superior):
        for branch in branches:
            expected = above.get(branch.key)
            assert superior == (expected if expected in keys else None)
            check(branch.below, branch.key)

    check(arrange(keys, above), None)


@given(ties)
def test_a_circle_that_is_named_is_one(above):
    cycle = find_cycle({key: (top,) for key, top in above.items()})
    for one, following in zip(cycle, cycle[1:] + cycle[:1], strict=True):
        assert above[one] == following
