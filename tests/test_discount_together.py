"""Conditions that are read on the sum of what belongs together."""

import pytest

from odoo.addons.crm_extension.models.discount.together import (
    asks_any,
    compares,
    decide,
    find_names,
    meets,
)


def test_what_a_condition_looks_at_is_found_in_lines_too():
    condition = [
        "|",
        ("amount_untaxed", ">", 1),
        "&",
        ("order_line", "any", ["!", ("price_subtotal", ">", 2)]),
        ["order_line.product_uom_qty", "in", [1, 2]],
    ]
    assert find_names(condition) == {
        "amount_untaxed",
        "order_line",
        "order_line.price_subtotal",
        "order_line.product_uom_qty",
    }
    assert find_names([]) == find_names([(1, "=", 1)]) == set()


def test_what_can_be_decided_is_put_in_and_nothing_else():
    condition = ["!", "|", ("amount", ">", 1), ["name", "=", "x"]]
    known = {"amount": True}
    assert decide(condition, lambda name, _o, _v: known.get(name)) == [
        *("!", "|", (1, "=", 1), ["name", "=", "x"])
    ]
    known["amount"] = False
    assert decide(condition, lambda name, _o, _v: known.get(name))[2] == (0, "=", 1)


@pytest.mark.parametrize(
    ("amount", "operator", "value", "expected"),
    [
        (10, ">", 10, False),
        (10.1, ">", 10, True),
        (0.1 + 0.2, ">", 0.3, False),
        (10, ">=", 10, True),
        (9, "<", 10, True),
        (10, "<=", 9, False),
        (10, "=", 10, True),
        (10, "!=", 10, False),
        (10, "in", [10, 20], True),
        (10, "not in", [10, 20], False),
        (0, "=", False, True),
    ],
)
def test_an_amount_compares_as_the_condition_says(amount, operator, value, expected):
    assert compares(operator, value)
    assert meets(amount, operator, value) is expected


@pytest.mark.parametrize(
    ("operator", "value"),
    [("ilike", "1"), ("=", "1"), ("=", None), ("in", "12"), ("in", 3), ("any", [])],
)
def test_what_is_no_comparison_of_numbers_is_left_alone(operator, value):
    assert not compares(operator, value)


def test_lines_are_asked_about_some_or_none():
    assert (asks_any("any"), asks_any("not any"), asks_any("=")) == (True, False, None)
