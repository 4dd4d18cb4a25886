"""A condition in words: readable, and never a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.approval.core.words import (
    PHRASES,
    Label,
    leaves,
    number_text,
    parse,
    tell,
)

LABELS = {
    "discount": Label("Highest Discount (%)"),
    "state": Label("Status", {"draft": "Quotation", "sale": "Sales Order"}),
    "partner_id": Label("Customer", {7: "Azure"}),
    "urgent": Label("Urgent", yes_no=True),
    "line_ids": Label("Lines"),
    "line_ids.price": Label("Lines › Price"),
}


def say(*domain):
    return tell(parse(domain), LABELS)


@pytest.mark.parametrize(
    ("domain", "sentence"),
    [
        ([("discount", ">", 10.0)], "Highest Discount over 10 %"),
        ([("discount", ">=", 1000000)], "Highest Discount at least 1000000 %"),
        ([("state", "=", "sale")], "Status is Sales Order"),
        (
            [("state", "in", ["draft", "sale"])],
            "Status is one of Quotation or Sales Order",
        ),
        ([("state", "in", ["sale"])], "Status is Sales Order"),
        ([("partner_id", "=", 7)], "Customer is Azure"),
        ([("partner_id", "=", False)], "Customer is not set"),
        ([("partner_id", "!=", False)], "Customer is set"),
        ([("urgent", "=", True)], "Urgent"),
        ([("urgent", "!=", True)], "not Urgent"),
        ([("partner_id", "ilike", "az")], "Customer contains “az”"),
        (
            [("line_ids", "any", [("price", ">", 5)])],
            "Lines has (Lines › Price over 5)",
        ),
        ([(1, "=", 1)], "always"),
        ([(0, "=", 1)], "never"),
        ([], "always"),
        (
            [
                "|",
                ("urgent", "=", True),
                "&",
                ("discount", ">", 1),
                ("discount", "<", 9),
            ],
            "Urgent or (Highest Discount over 1 % and Highest Discount under 9 %)",
        ),
        (
            [("urgent", "=", True), ("discount", ">", 1)],
            "Urgent and Highest Discount over 1 %",
        ),
        (["!", ("urgent", "=", True)], "not (Urgent)"),
        ([("gone", ">", 1)], "gone over 1"),
    ],
)
def test_conditions_read_as_people_say_them(domain, sentence):
    assert say(*domain) == sentence


@pytest.mark.parametrize("domain", [["&", ("a", "=", 1)], ["!"], [("a", "=")], ["x"]])
def test_what_is_no_condition_is_refused(domain):
    with pytest.raises(ValueError):
        parse(domain)


def test_the_words_of_another_language_are_used():
    german = {**PHRASES, ">": "%(field)s über %(value)s", "and": "und"}
    text = tell(parse([("discount", ">", 1), ("discount", ">", 2)]), LABELS, german)
    assert text == "Highest Discount über 1 % und Highest Discount über 2 %"


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)
)
values = st.one_of(scalars, st.lists(scalars, max_size=3))
conditions = st.tuples(
    st.one_of(st.sampled_from(sorted(LABELS)), st.text(max_size=5), st.integers(0, 1)),
    st.sampled_from(
        ["=", "!=", "<", ">", "<=", ">=", "in", "not in", "like", "ilike", "=like"]
        + ["not ilike", "child_of", "parent_of", "=?", "any", "not any", "<>"]
    ),
    values,
)
domains = st.recursive(
    conditions.map(lambda one: [one]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("&|"), inner, inner).map(
            lambda three: [three[0], *glue(three[1]), *glue(three[2])]
        ),
        inner.map(lambda one: ["!", *glue(one)]),
        st.tuples(inner, inner).map(lambda two: [*two[0], *two[1]]),
    ),
    max_leaves=6,
)


def glue(domain):
    """The parts of a domain as one operand."""
    parts = 0
    for token in reversed(domain):
        parts += (
            {"&": -1, "|": -1, "!": 0}.get(token, 1) if isinstance(token, str) else 1
        )
    return ["&"] * (parts - 1) + domain


@given(domains)
def test_every_valid_condition_can_be_told(domain):
    try:
        tree = parse(domain)
        list(leaves(tree))
    except ValueError:
        # A list under "any" that is no condition itself.
        assert any("any" in str(token) for token in domain)
        return
    assert isinstance(tell(tree, LABELS), str)


@given(st.integers(-(10**12), 10**12))
def test_numbers_are_written_without_exponents(number):
    assert number_text(float(number)) == str(number)
