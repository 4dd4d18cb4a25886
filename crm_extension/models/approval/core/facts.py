"""What a decision was about: governed facts, and which of them got worse.

A *fact* is one governed value of a document (the net price of line 3, the
customer). All facts of a document together have a *fingerprint*. Every request
keeps the facts it was granted for, so that later content can be compared with
it: whatever changed in the company's favour asks nobody again (FEATURES C11.4,
ANCHORS N1).
"""

import hashlib
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, NamedTuple

Direction = Literal["lower", "higher", "changed"]


class Fact(NamedTuple):
    """One governed value.

    :param value: text, whole number, truth value or ``None``; an amount or a
        percentage as :class:`~decimal.Decimal`, already rounded to its unit
    :param worse: which move is worse for the company; ``changed`` means any
    :param label: for people, in the language of whoever built it; it is no
        part of the fingerprint
    :param topic: what the fact is about (``"discount"``); an approval point may
        look at some topics alone. Without one it concerns every point
    """

    value: str | int | bool | Decimal | None
    worse: Direction
    label: str = ""
    topic: str = ""


Facts = dict[str, Fact]


def canonical(value) -> str | bool | None:
    """Write a value so that equal values are written alike.

    Numbers become plain decimal text without trailing zeros, so ``Decimal("1.50")``,
    ``Decimal("1.5")`` and a stored ``"1.5"`` agree.

    :raises ValueError: for a number that is not finite (NaN, infinity)
    """
    if value is None or isinstance(value, bool | str):
        return value
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"a governed value must be a finite number, not {number}")
    if not number:
        return "0"
    return format(number.normalize(), "f")


def fingerprint(facts: Facts) -> str:
    """SHA-256 (hex) over the canonical form; the order of the facts plays no part."""
    return hashlib.sha256(_dump(facts).encode()).hexdigest()


def to_json(facts: Facts) -> dict:
    """Facts as plain JSON data, to be stored with the request."""
    return {
        key: {
            "value": canonical(fact.value),
            "number": _is_number(fact.value),
            "worse": fact.worse,
            "label": fact.label,
            "topic": fact.topic,
        }
        for key, fact in facts.items()
    }


def from_json(data: dict | None) -> Facts:
    """The inverse of :func:`to_json`."""
    return {
        key: Fact(
            Decimal(entry["value"]) if entry["number"] else entry["value"],
            entry["worse"],
            entry["label"],
            # Facts stored before there were topics concern every point.
            entry.get("topic", ""),
        )
        for key, entry in (data or {}).items()
    }


def about(facts: Facts, topics: Iterable[str]) -> Facts:
    """What a point that looks at these topics sees; no topic at all means all."""
    wanted = {"", *topics}
    if wanted == {""}:
        return facts
    return {key: fact for key, fact in facts.items() if fact.topic in wanted}


def worsened(seen: Facts, now: Facts) -> list[str]:
    """Keys of what is worse for the company now than when it was seen.

    A fact that was not there before is worse: only concessions are stated as
    facts of a line, so a new one means a new concession. One that is gone is not.
    """
    return [
        key
        for key, fact in now.items()
        if key not in seen or _is_worse(seen[key].value, fact)
    ]


def covers(seen: Facts, now: Facts) -> bool:
    """Whether a decision on ``seen`` still speaks for ``now``."""
    return not worsened(seen, now)


def _is_worse(before, fact: Fact) -> bool:
    after = fact.value
    if canonical(before) == canonical(after):
        return False
    if fact.worse == "changed" or not (_is_number(before) and _is_number(after)):
        return True
    return after < before if fact.worse == "lower" else after > before


def _is_number(value) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _dump(facts: Facts) -> str:
    return json.dumps(
        {key: canonical(fact.value) for key, fact in facts.items()},
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
