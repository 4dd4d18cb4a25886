"""How far an order has got: the plain stages. No database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.fulfilment.progress import Execution, stages

amounts = st.integers(0, 1000).map(float)
executions = st.builds(
    Execution, st.booleans(), amounts, amounts, amounts, amounts, amounts
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
        # Nothing ordered, nothing to deliver: never called delivered.
        ({"ordered": 0}, ["done", "now", "later", "later"]),
    ],
)
def test_each_stage_is_judged_for_itself(values, expected):
    assert states(**values) == expected


@given(executions)
def test_nothing_is_paid_that_was_not_invoiced(execution):
    found = dict(stages(execution))
    if found["paid"] == "done":
        assert found["invoiced"] == "done"


@given(executions)
def test_a_quotation_has_done_nothing(execution):
    if not execution.confirmed:
        assert "done" not in dict(stages(execution)).values()
