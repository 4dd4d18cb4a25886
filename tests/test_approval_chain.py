"""The chain of seals, without a database: what it notices, and what it survives."""

import json
import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.approval.core import chain
from odoo.addons.crm_extension.models.approval.core.chain import (
    START,
    Head,
    canonical,
    footer_line,
    header_line,
    seal_all,
    to_line,
    verify,
    verify_lines,
)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
contents = st.dictionaries(st.text(max_size=5), values, max_size=4)
chains = st.lists(contents, min_size=1, max_size=8).map(seal_all)


def kinds(report):
    return [(problem.kind, problem.number) for problem in report.problems]


def export(rows, head=START):
    last = Head(rows[-1].number, rows[-1].seal) if rows else head
    return [
        header_line(head, company=1),
        *map(to_line, rows),
        footer_line(last, len(rows)),
    ]


@given(chains)
def test_a_chain_that_nobody_touched_is_sound(rows):
    report = verify(rows)
    assert not report.problems
    assert report.checked == len(rows)
    assert report.head == (len(rows), rows[-1].seal)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))


@given(chains, st.data())
def test_sealing_in_parts_is_the_same_as_at_once(rows, data):
    cut = data.draw(st.integers(0, len(rows)))
    head = Head(rows[cut - 1].number, rows[cut - 1].seal) if cut else START
    later = seal_all([row.content for row in rows[cut:]], head)
    assert rows[:cut] + later == rows
    assert not verify(rows[cut:], head).problems


@given(chains, st.data(), contents)
def test_a_changed_row_is_named_and_it_alone(rows, data, content):
    place = data.draw(st.integers(0, len(rows) - 1))
    assume(canonical(content) != canonical(rows[place].content))
    rows[place] = rows[place]._replace(content=content)
    assert kinds(verify(rows)) == [("altered", place + 1)]


@given(chains, st.data(), contents)
def test_a_row_changed_and_sealed_anew_shows_at_the_next_one(rows, data, content):
    assume(len(rows) > 1)
    place = data.draw(st.integers(0, len(rows) - 2))
    old = rows[place]
    assume(canonical(content) != canonical(old.content))
    (rows[place],) = seal_all([content], Head(old.number - 1, old.previous))
    assert kinds(verify(rows)) == [("link", place + 2)]


@given(chains, st.data())
def test_a_missing_row_is_named(rows, data):
    assume(len(rows) > 1)
    place = data.draw(st.integers(0, len(rows) - 2))
    del rows[place]
    assert kinds(verify(rows)) == [("missing", place + 1)]


@given(chains, st.data())
def test_two_rows_in_each_others_place_are_named(rows, data):
    assume(len(rows) > 1)
    place = data.draw(st.integers(0, len(rows) - 2))
    one, two = rows[place], rows[place + 1]
    rows[place] = two._replace(number=one.number)
    rows[place + 1] = one._replace(number=two.number)
    assert place + 1 in [number for _kind, number in kinds(verify(rows))]


@given(chains, contents)
def test_a_row_put_in_is_named(rows, content):
    forged = rows[-1]._replace(content=content, seal="f" * 64)
    report = verify([*rows, forged])
    assert ("order", forged.number) in kinds(report)
    # The rows that were there are not blamed.
    assert {number for _kind, number in kinds(report)} == {forged.number}


@given(chains)
def test_a_file_verifies_as_the_chain_does(rows):
    assert verify_lines(export(rows)) == verify(rows)


@given(chains, st.data())
def test_a_file_that_was_cut_off_is_noticed(rows, data):
    lines = export(rows)
    report = verify_lines(lines[: data.draw(st.integers(1, len(lines) - 1))])
    assert [problem.kind for problem in report.problems] == ["incomplete"]


@given(chains, st.data())
def test_no_byte_of_a_row_in_a_file_can_change(rows, data):
    lines = export(rows)
    place = data.draw(st.integers(1, len(lines) - 2))
    line = lines[place]
    at = data.draw(st.integers(0, len(line) - 2))
    other = data.draw(st.sampled_from("0aZ}"))
    changed = line[:at] + other + line[at + 1 :]
    try:
        same = canonical(json.loads(changed)) == line.strip()
    except ValueError:
        same = False
    assume(not same)
    lines[place] = changed
    assert verify_lines(lines).problems


@pytest.mark.parametrize("line", ['{"number": NaN}', "[" * 10**5, "null", "", "\x00"])
def test_a_row_that_is_none_is_reported_and_no_traceback(line):
    lines = export(seal_all([{"a": 1}]))
    lines[1] = line + "\n"
    assert [p.kind for p in verify_lines(lines).problems] == ["unreadable"]


def test_a_number_that_is_none_has_no_seal():
    with pytest.raises(ValueError, match="not JSON compliant"):
        seal_all([{"amount": float("nan")}])


def test_many_problems_are_not_all_listed():
    rows = [row._replace(seal="f" * 64) for row in seal_all([{}] * 500)]
    report = verify(rows)
    assert report.checked == 500
    assert len(report.problems) == chain.PROBLEMS_KEPT


def run(path):
    return subprocess.run(
        [sys.executable, "-I", chain.__file__, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_auditor_verifies_a_file_with_python_alone(tmp_path):
    file = tmp_path / "approvals.jsonl"
    lines = export(seal_all([{"comment": "gut 好 طيب 🙂"}, {"comment": "NaN"}]))
    file.write_text("".join(lines), encoding="utf-8")
    answer = run(file)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("SOUND: 2 rows read")

    file.write_text("".join(lines).replace("NaN", "nan"), encoding="utf-8")
    answer = run(file)
    assert answer.returncode == 1
    assert "Row 2: its content is not what was sealed." in answer.stdout

    file.write_bytes(b"\xff\xfe nothing of ours")
    answer = run(file)
    assert answer.returncode == 2
    assert "cannot be checked" in answer.stderr
