"""Sealed rows: a chain in which no row can be changed, removed or put in unnoticed.

Every row carries a *number* (1, 2, 3 ... without a gap), the seal of the row before
it (*previous*) and its own *seal*: SHA-256 over the canonical form of the number,
the previous seal and the content (ANCHORS N10). Whoever holds an earlier seal, on
paper or in an exported file, can prove what the chain said then.

The file runs on its own, without Odoo and without a database, so that an auditor
checks an exported file with nothing but Python::

    python chain.py FILE

It answers 0 for a sound file, 1 for a broken one and 2 for one it cannot read.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

FORMAT = "crm.approval.evidence/1"
GENESIS = "0" * 64
PROBLEMS_KEPT = 20

Kind = Literal["altered", "missing", "link", "order", "unreadable", "incomplete"]

# In a file these are read by an auditor, who may not know Odoo.
WORDS = {
    "altered": "its content is not what was sealed",
    "missing": "it is missing",
    "link": "it does not follow the row before it: one of the two was replaced",
    "order": "its number is used twice or comes too late",
    "unreadable": "it cannot be read",
    "incomplete": "the file ends before its last row",
}


class Row(NamedTuple):
    """One sealed row.

    :param content: plain JSON data: text, whole numbers, truth values, ``None``,
        finite numbers, lists and dicts of these
    """

    number: int
    previous: str
    seal: str
    content: dict


class Head(NamedTuple):
    """Where a chain ends: the number and the seal of its last row."""

    number: int
    seal: str


class Problem(NamedTuple):
    """What is wrong with one row; ``last`` ends a run of missing ones."""

    kind: Kind
    number: int
    last: int


class Report(NamedTuple):
    """What checking a chain has found.

    :param checked: how many rows were read
    :param problems: the first ones, in the order of the chain; empty when sound
    :param head: the last row that was read
    """

    checked: int
    problems: tuple
    head: Head


START = Head(0, GENESIS)

_ENCODER = json.JSONEncoder(
    ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False
)


def canonical(value) -> str:
    """Equal data, equal text: ASCII JSON, keys sorted, no blanks.

    :raises ValueError: for a number that is not finite
    :raises TypeError: for what is no JSON data
    """
    return _ENCODER.encode(value)


def seal(previous: str, number: int, content: dict) -> str:
    """The seal of a row: 64 hexadecimal digits.

    :raises ValueError: for a number in the content that is not finite
    """
    sealed = {"previous": previous, "number": number, "content": content}
    return hashlib.sha256(canonical(sealed).encode()).hexdigest()


def seal_all(contents: Iterable[dict], head: Head = START) -> list[Row]:
    """Put rows at the end of a chain, in the order given."""
    rows = []
    for content in contents:
        number = head.number + 1
        row = Row(number, head.seal, seal(head.seal, number, content), content)
        rows.append(row)
        head = Head(number, row.seal)
    return rows


def verify(rows: Iterable[Row], head: Head = START) -> Report:
    """Read a chain from after ``head`` and say what is wrong with it.

    One damaged row is one problem: the rows after it are compared with the seal it
    carries, so they stay sound. Memory does not grow with the number of rows.

    :return: :class:`Report` with at most ``PROBLEMS_KEPT`` problems
    """
    checked, problems = 0, []
    for row in rows:
        checked += 1
        if len(problems) < PROBLEMS_KEPT:
            problems += _judge(row, head)
        if row.number > head.number:
            head = Head(row.number, row.seal)
    return Report(checked, tuple(problems[:PROBLEMS_KEPT]), head)


def _judge(row: Row, head: Head) -> Iterator[Problem]:
    expected = head.number + 1
    if row.number > expected:
        yield Problem("missing", expected, row.number - 1)
    elif row.number < expected:
        yield Problem("order", row.number, row.number)
    elif row.previous != head.seal:
        yield Problem("link", row.number, row.number)
    if not _is_intact(row):
        yield Problem("altered", row.number, row.number)


def _is_intact(row: Row) -> bool:
    try:
        return row.seal == seal(row.previous, row.number, row.content)
    except (ValueError, TypeError, RecursionError):
        return False


# --- files ---


def to_line(row: Row) -> str:
    """One row as a line of an exported file."""
    return canonical(row._asdict()) + "\n"


def header_line(head: Head, **about) -> str:
    """The first line of a file: what it is, and the row it starts after."""
    return canonical(about | {"format": FORMAT, "after": head._asdict()}) + "\n"


def footer_line(head: Head, rows: int) -> str:
    """The last line: a file without it was cut off."""
    return canonical({"end": head._asdict(), "rows": rows}) + "\n"


def verify_lines(lines: Iterable[str]) -> Report:
    """Check an exported file, line by line.

    :raises ValueError: when it is no such file
    """
    lines = iter(lines)
    header = _parse(next(lines, ""))
    if header.get("format") != FORMAT:
        raise ValueError("this is not an exported chain of decisions")
    reading = _Reading(lines)
    report = verify(reading, _parse_head(header.get("after")))
    problems = list(report.problems)
    if reading.broken:
        problems.append(Problem("unreadable", *[report.head.number + 1] * 2))
    elif reading.end != (report.head, report.checked):
        problems.append(Problem("incomplete", *[report.head.number + 1] * 2))
    return report._replace(problems=tuple(problems))


class _Reading:
    """The rows of a file; remembers how it ended."""

    def __init__(self, lines):
        self.lines = lines
        self.end = None
        self.broken = False

    def __iter__(self):
        for line in self.lines:
            try:
                data = _parse(line)
                if "end" in data:
                    self.end = _parse_head(data["end"]), data.get("rows")
                    # Whatever stands after the end was put there by somebody.
                    self.broken = any(line.strip() for line in self.lines)
                    return
                row = _parse_row(data)
            except ValueError:
                self.broken = True
                return
            yield row


def _parse(line) -> dict:
    try:
        data = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(data, dict):
        raise ValueError("not a row")
    return data


def _parse_row(data) -> Row:
    row = Row(*(data.get(name) for name in Row._fields))
    shapes = (
        type(row.number) is int,
        isinstance(row.previous, str),
        isinstance(row.seal, str),
        isinstance(row.content, dict),
        data.keys() == set(Row._fields),
    )
    if not all(shapes):
        raise ValueError("not a row")
    return row


def _parse_head(data) -> Head:
    if not isinstance(data, dict) or type(data.get("number")) is not int:
        raise ValueError("not a place in a chain")
    return Head(data["number"], data.get("seal"))


def describe(problem: Problem) -> str:
    """A problem in plain English, for a file's reader."""
    row = f"Row {problem.number}"
    if problem.last != problem.number:
        row = f"Rows {problem.number} to {problem.last}"
    return f"{row}: {WORDS[problem.kind]}."


def main(arguments: list[str]) -> int:
    """Check the file named on the command line and say so on standard output."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python chain.py FILE\n")
        return 2
    try:
        with open(arguments[0], encoding="utf-8") as lines:
            report = verify_lines(lines)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{arguments[0]} cannot be checked: {error}\n")
        return 2
    for problem in report.problems:
        sys.stdout.write(describe(problem) + "\n")
    outcome = "BROKEN" if report.problems else "SOUND"
    sys.stdout.write(
        f"{outcome}: {report.checked} rows read; the last is number"
        f" {report.head.number} with seal {report.head.seal}\n"
    )
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
