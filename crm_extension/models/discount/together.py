"""Conditions read on the sum of what belongs together: values in, a condition out.

A rule that asks from an amount or a quantity on must not ask less because the same
thing is bought in parts (issue 4.6). What a condition says of amounts is decided by
their sum, and put back as true or false; everything else is left for others to read.

A condition is a domain as a list, which is read from the left: ``["|", ("a", ">", 1),
("b", "=", 2)]``.
"""

from collections.abc import Callable, Collection, Iterator
from operator import eq, ge, gt, le, lt, ne

TRUE, FALSE = (1, "=", 1), (0, "=", 1)
_COMPARISONS = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_MEMBERSHIPS = {"in": True, "not in": False}
_ANY = {"any": True, "not any": False}
# Sums of binary fractions miss the limit they meet by less than this.
_DIGITS = 6


def find_names(condition) -> set[str]:
    """The names of all that a condition looks at, dotted ones in full: what it says of
    some lines stands with the name of the lines before it."""
    return {
        f"{prefix}{name}" for prefix, (name, *_rest) in _walk(condition) if str(name)
    }


def decide(condition, holds: Callable[[str, str, object], bool | None]) -> list:
    """A condition with what can be decided put in as true or false.

    :param holds: of name, operator and value of one of its parts; ``None`` for what it
        cannot decide
    """
    return [
        part
        if not _is_leaf(part) or (held := holds(*part)) is None
        else (TRUE if held else FALSE)
        for part in condition
    ]


def compares(operator: str, value) -> bool:
    """Whether :func:`meets` knows how to compare so."""
    if operator in _MEMBERSHIPS:
        return isinstance(value, Collection) and not isinstance(value, str)
    return operator in _COMPARISONS and isinstance(value, int | float)


def meets(amount: float, operator: str, value) -> bool:
    """Whether an amount compares to a value as a condition says."""
    amount = round(amount, _DIGITS)
    if operator in _MEMBERSHIPS:
        return (amount in value) == _MEMBERSHIPS[operator]
    return _COMPARISONS[operator](amount, value)


def asks_any(operator: str) -> bool | None:
    """Whether a part is about some of its lines (true), about none of them (false), or
    about no lines by a condition of their own (``None``)."""
    return _ANY.get(operator)


def _walk(condition, prefix="") -> Iterator[tuple]:
    for part in condition:
        if not _is_leaf(part):
            continue
        yield prefix, part
        name, operator, value = part
        if operator in _ANY and isinstance(value, list | tuple):
            yield from _walk(value, f"{prefix}{name}.")


def _is_leaf(part) -> bool:
    return (
        isinstance(part, list | tuple) and len(part) == 3 and isinstance(part[0], str)
    )
