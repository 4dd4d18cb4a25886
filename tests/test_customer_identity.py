"""When two names mean the same customer: the plain rules. No database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.customer.identity import name_key

words = st.text("abcdefghijklmnopqrstuvwxyzäöü", min_size=2, max_size=8).map(
    lambda word: f"{word}x"  # no legal form ends with it
)
names = st.lists(words, min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme", "ACME"),
        ("Acme", "acme, Inc."),
        ("Acme", "Acme Co., Ltd."),
        ("Muster", "Muster GmbH & Co. KG"),
        ("Iberia", "Iberia S.A."),
        ("Acme Nord", "Acme-Nord"),
        ("ACME", "ＡＣＭＥ"),
        ("深圳市华强", "深圳市华强有限公司"),
        ("深圳市华强有限公司", "深圳市华强集团股份有限公司"),
        ("深圳华强有限责任公司", "深圳 华强 公司"),
        ("华强（深圳）有限公司", "华强(深圳)"),
    ],
)
def test_these_are_the_same_customer(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme Nord", "Acme Süd"),
        ("Acme 1", "Acme 2"),
        ("Inc", "Ltd"),
        ("深圳市华强有限公司", "广州市华强有限公司"),
        ("华公司", "公司"),
    ],
)
def test_these_are_not(one, other):
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize("nothing", ["", "  ", "–", "..."])
def test_without_letters_there_is_nothing_to_compare(nothing):
    assert name_key(nothing) == ""


@given(names, st.sampled_from(["Inc.", "LTD", "GmbH", "Co., Ltd.", "有限公司"]))
def test_case_signs_and_legal_form_never_count(words, form):
    plain = " ".join(words)
    written = f"  {'-'.join(words).upper()}, {form}"
    assert name_key(written) == name_key(plain) == "".join(words)


@given(names, names)
def test_other_words_are_another_customer(one, other):
    same = "".join(one) == "".join(other)
    assert (name_key(" ".join(one)) == name_key(" ".join(other))) == same
