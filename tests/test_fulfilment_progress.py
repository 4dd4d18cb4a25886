"""How far an order has got, and what it is about: plain thinking. No database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.fulfilment.progress import Execution, stages
from odoo.addons.crm_extension.models.fulfilment.summary import summarize

amounts = st.integers(0, 1000).map(float)
executions = st.builds(
    Execution,
    st.booleans(),
    *(amounts for _figure in range(5)),
    st.booleans(),
    amounts,
    st.none() | amounts,
    amounts,
    st.booleans(),
    st.booleans(),
)


def states(**values):
    nothing = Execution(True, 10, 0, 100, 0, 0)
    return [state for _name, state in stages(nothing._replace(**values))]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"confirmed": False}, ["now", "later", "later", "later"]),
        ({}, ["done", "now", "later", "later"]),
        ({"delivered": 9.99}, ["done", "now", "later", "later"]),
        ({"delivered": 10}, ["done", "done", "now", "later"]),
        ({"delivered": 12}, ["done", "done", "now", "later"]),
        ({"invoiced": 30, "unpaid": 30}, ["done", "now", "now", "now"]),
        (
            {"delivered": 10, "invoiced": 100, "unpaid": 100},
            ["done", "done", "done", "now"],
        ),
        (
            {"delivered": 10, "invoiced": 100, "unpaid": 0.01},
            ["done", "done", "done", "now"],
        ),
        (
            {"delivered": 10, "invoiced": 100, "unpaid": 0},
            ["done", "done", "done", "done"],
        ),
        # Paid in advance: payment need not wait for the goods.
        ({"invoiced": 100, "unpaid": 0}, ["done", "now", "done", "done"]),
        # All of it credited again.
        (
            {"delivered": 10, "invoiced": 0, "unpaid": 0},
            ["done", "done", "now", "later"],
        ),
        # Nothing to deliver: that stage is left out, never called delivered.
        ({"ordered": 0}, ["done", "later", "later"]),
        # Delivered without being ordered.
        ({"ordered": 0, "delivered": 1}, ["done", "done", "now", "later"]),
        # What is left out for good is not awaited, and not invoiced.
        (
            {"delivered": 3, "awaited": 0, "invoiced": 30, "billed": True},
            ["done", "done", "done", "done"],
        ),
        ({"delivered": 12, "awaited": 2}, ["done", "now", "later", "later"]),
    ],
)
def test_each_stage_is_judged_for_itself(values, expected):
    assert states(**values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, [("reserved", "now"), ("delivered", "now")]),
        ({"reserved": 9}, [("reserved", "now"), ("delivered", "now")]),
        ({"reserved": 10}, [("reserved", "done"), ("delivered", "now")]),
        (
            {"delivered": 4, "reserved": 6},
            [("reserved", "done"), ("delivered", "now")],
        ),
        ({"delivered": 10}, [("reserved", "done"), ("delivered", "done")]),
        # A cancelled delivery: nothing is awaited, and nothing delivered.
        ({"awaited": 0}, [("reserved", "done"), ("delivered", "now")]),
    ],
)
def test_goods_are_set_aside_before_they_leave(values, expected):
    nothing = Execution(True, 10, 0, 100, 0, 0, stocked=True)
    assert stages(nothing._replace(**values))[1:3] == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, None),
        ({"coming": True}, "now"),
        ({"coming": True, "returned": 2}, "now"),
        ({"returned": 2}, "done"),
    ],
)
def test_returns_are_shown_where_there_are_any(values, expected):
    delivered = Execution(True, 10, 10, 100, 0, 0)
    assert dict(stages(delivered._replace(**values))).get("returned") == expected


@given(executions)
def test_nothing_is_paid_that_was_not_invoiced(execution):
    found = dict(stages(execution))
    if found["paid"] == "done":
        assert found["invoiced"] == "done"


@given(executions)
def test_a_quotation_has_done_nothing(execution):
    if not execution.confirmed:
        assert "done" not in dict(stages(execution)).values()


@given(executions)
def test_no_stage_is_told_twice_and_the_order_comes_first(execution):
    names = [name for name, _state in stages(execution)]
    assert names[0] == "ordered"
    assert len(names) == len(set(names))


names = st.lists(st.text(max_size=12), max_size=8)


@pytest.mark.parametrize(
    ("told", "most", "expected"),
    [
        ([], None, ""),
        (["Desk", "Chair", "Desk"], None, "Desk, Chair"),
        (["Desk", "", " "], None, "Desk"),
        (["Desk", "Chair"], 11, "Desk, Chair"),
        (["Desk", "Chair"], 10, "Desk +1"),
        (["Desk", "Chair", "Lamp"], 14, "Desk, Chair +1"),
        (["A very long name"], 8, "A very …"),
        (["A very long name", "Desk"], 8, "A ve… +1"),
    ],
)
def test_a_summary_names_what_is_sold(told, most, expected):
    assert summarize(told, most) == expected


@given(names, st.integers(6, 60))
def test_a_summary_fits(told, most):
    assert len(summarize(told, most)) <= most
