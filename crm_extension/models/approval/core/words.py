"""A condition in words: from a stored domain to a sentence people can check.

Names, choices and phrases come in as values, so the sentence is in the language of
whoever gave them.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple


class Leaf(NamedTuple):
    """One comparison, such as ``("amount_total", ">", 100)``."""

    field: str
    operator: str
    value: Any


class Group(NamedTuple):
    """Parts that all hold (``and``) or of which one does (``or``)."""

    kind: str
    parts: tuple


class Not(NamedTuple):
    """The opposite of a part."""

    part: Any


class Label(NamedTuple):
    """How people call a field.

    :param text: its label; a unit in brackets at the end, as in ``Discount (%)``,
        is written behind the value
    :param choices: ``{stored value: what people read}``
    :param yes_no: a tick, which is said or denied rather than compared
    """

    text: str
    choices: Mapping = {}
    yes_no: bool = False


# What is said for each operator; the key is also the way to translate it.
PHRASES = MappingProxyType(
    {
        "=": "%(field)s is %(value)s",
        "!=": "%(field)s is not %(value)s",
        ">": "%(field)s over %(value)s",
        ">=": "%(field)s at least %(value)s",
        "<": "%(field)s under %(value)s",
        "<=": "%(field)s at most %(value)s",
        "in": "%(field)s is one of %(value)s",
        "not in": "%(field)s is none of %(value)s",
        "ilike": "%(field)s contains %(value)s",
        "not ilike": "%(field)s does not contain %(value)s",
        "=ilike": "%(field)s looks like %(value)s",
        "not =ilike": "%(field)s does not look like %(value)s",
        "child_of": "%(field)s is or lies below %(value)s",
        "parent_of": "%(field)s is or lies above %(value)s",
        "any": "%(field)s has %(value)s",
        "not any": "%(field)s has none with %(value)s",
        "set": "%(field)s is set",
        "not set": "%(field)s is not set",
        "yes": "%(field)s",
        "no": "not %(field)s",
        "and": "and",
        "or": "or",
        "not": "not (%(part)s)",
        "true": "yes",
        "false": "no",
        "always": "always",
        "never": "never",
    }
)

ALIASES = {
    "==": "=",
    "<>": "!=",
    "like": "ilike",
    "not like": "not ilike",
    "=like": "=ilike",
    "not =like": "not =ilike",
    "=?": "=",
    "any!": "any",
    "not any!": "not any",
}


def parse(domain: list | tuple) -> Leaf | Group | Not:
    """Read a domain as a tree; what stands side by side holds together.

    :raises ValueError: when an operator lacks its parts or a condition is none
    """
    rest = list(domain)
    parts = []
    while rest:
        parts.append(_take(rest))
    return _group("and", parts)


def leaves(tree) -> Iterator[Leaf]:
    """All comparisons of a tree; those inside ``any`` by their dotted path."""
    if isinstance(tree, Group):
        for part in tree.parts:
            yield from leaves(part)
    elif isinstance(tree, Not):
        yield from leaves(tree.part)
    else:
        yield tree
        if _is_nested(tree):
            for inner in leaves(parse(tree.value)):
                yield inner._replace(field=f"{tree.field}.{inner.field}")


def tell(
    tree,
    labels: Mapping[str, Label],
    phrases: Mapping[str, str] = PHRASES,
    prefix: str = "",
) -> str:
    """The tree in words.

    :param labels: ``{field path: Label}``; a field without one is called by its path
    :param phrases: as :data:`PHRASES`, in another language; must have all its keys
    """
    if isinstance(tree, Not):
        part = tell(tree.part, labels, phrases, prefix)
        return phrases["not"] % {"part": part}
    if isinstance(tree, Group):
        if not tree.parts:
            return phrases["always"]
        told = [
            f"({text})" if isinstance(part, Group) else text
            for part in tree.parts
            for text in [tell(part, labels, phrases, prefix)]
        ]
        return f" {phrases[tree.kind]} ".join(told)
    return _tell_leaf(tree, labels, phrases, prefix)


def number_text(value) -> str:
    """A number without needless zeros or exponents."""
    number = Decimal(str(value))
    if not number.is_finite():
        return str(value)
    return format(number.normalize(), "f") if number else "0"


def _take(rest: list) -> Leaf | Group | Not:
    if not rest:
        raise ValueError("a condition ends too early")
    token = rest.pop(0)
    if token in ("&", "|"):
        parts = [_take(rest), _take(rest)]
        return _group("and" if token == "&" else "or", parts)
    if token == "!":
        return Not(_take(rest))
    if isinstance(token, list | tuple) and len(token) == 3:
        return Leaf(str(token[0]), str(token[1]).lower(), token[2])
    raise ValueError(f"not a condition: {token!r}")


def _group(kind: str, parts: list):
    """Join parts, those of the same kind taken in."""
    if len(parts) == 1:
        return parts[0]
    flat: list = []
    for part in parts:
        same = isinstance(part, Group) and part.kind == kind
        flat.extend(part.parts if same else [part])
    return Group(kind, tuple(flat))


def _is_nested(leaf: Leaf) -> bool:
    operator = ALIASES.get(leaf.operator, leaf.operator)
    return operator in ("any", "not any") and isinstance(leaf.value, list | tuple)


def _tell_leaf(leaf: Leaf, labels, phrases, prefix: str) -> str:
    if leaf.field in ("0", "1"):
        # The two constants of a domain: (1, "=", 1) and (0, "=", 1).
        return phrases["always" if leaf.field == str(leaf.value) else "never"]
    operator = ALIASES.get(leaf.operator, leaf.operator)
    path = prefix + leaf.field
    label = labels.get(path) or Label(path)
    name, unit = _split_unit(label.text)
    if _is_nested(leaf):
        inner = tell(parse(leaf.value), labels, phrases, f"{path}.")
        return phrases[operator] % {"field": name, "value": f"({inner})"}
    operator, value = _simplify(operator, leaf.value, label.yes_no)
    if isinstance(value, list | tuple | set | frozenset):
        words = [_value_text(one, label, phrases) for one in value]
        last = f" {phrases['or']} ".join(words[-2:])
        text = ", ".join([*words[:-2], last])
    else:
        text = _value_text(value, label, phrases)
    if unit and operator in ("=", "!=", ">", ">=", "<", "<="):
        text = f"{text} {unit}"
    phrase = phrases.get(operator, f"%(field)s {operator} %(value)s")
    return phrase % {"field": name, "value": text}


def _simplify(operator: str, value, yes_no: bool):
    """The plainest way to say a comparison."""
    if operator in ("in", "not in") and isinstance(value, list | tuple):
        if len(value) == 1:
            operator, value = ("=" if operator == "in" else "!="), value[0]
        elif not value:
            return ("never" if operator == "in" else "always"), ""
    if operator in ("=", "!=") and isinstance(value, bool | None):
        affirmed = bool(value) == (operator == "=")
        if yes_no:
            return ("yes" if affirmed else "no"), ""
        if not value:
            return ("not set" if operator == "=" else "set"), ""
    return operator, value


def _split_unit(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"(.+?)\s*[(（](.{1,6})[)）]", text)  # noqa: RUF001
    return (found[1], found[2]) if found else (text, "")


def _value_text(value, label: Label, phrases) -> str:
    try:
        if value in label.choices:
            return str(label.choices[value])
    except TypeError:  # a list or a dict inside a condition
        return str(value)
    if isinstance(value, bool | None):
        return phrases["true" if value else "false"]
    if isinstance(value, int | float | Decimal):
        return number_text(value)
    return f"“{value}”" if isinstance(value, str) else str(value)
