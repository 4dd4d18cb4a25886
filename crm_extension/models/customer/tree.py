"""Who has a say over whom among the people of one customer: values in, values out."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, NamedTuple


class Branch(NamedTuple):
    """A person, and those below.

    :param below: tuple of :class:`Branch`, in the order in which they were given
    """

    key: Any
    below: tuple = ()


def find_cycle(edges: Mapping[Hashable, Iterable[Hashable]]) -> list:
    """People who stand above themselves (FEATURES C01.5).

    :param edges: to whom each leads; people that lead nowhere need no entry
    :return: the first cycle, each person once, in its order; empty for none
    """
    done = set()
    for start in edges:
        if start in done:
            continue
        # Without recursion: an import may bring a chain of any length.
        path, position = [start], {start: 0}
        ways = [iter(edges.get(start, ()))]
        while ways:
            following = next(ways[-1], None)
            if following is None:
                ways.pop()
                done.add(path[-1])
                del position[path.pop()]
            elif following in position:
                return path[position[following] :]
            elif following not in done:
                position[following] = len(path)
                path.append(following)
                ways.append(iter(edges.get(following, ())))
    return []


def arrange(keys: Iterable[Hashable], above: Mapping) -> tuple:
    """The people of one customer as a forest, everybody exactly once.

    What makes no sense is drawn as if it were not there: somebody above who is not
    among them, or a cycle that was made past all checks, as merging customers does.

    :param keys: in the order in which people of one height are drawn
    :param above: the person above each, if any
    :return: the :class:`Branch` of each person at the top
    """
    keys = list(keys)
    known = set(keys)
    above = {key: above[key] for key in keys if above.get(key) in known}
    while cycle := find_cycle({key: (top,) for key, top in above.items()}):
        del above[min(cycle, key=keys.index)]
    below = {}
    for key in keys:
        below.setdefault(above.get(key), []).append(key)
    branches = {}
    for key in reversed(_from_the_top(below)):
        branches[key] = Branch(key, tuple(branches[one] for one in below.get(key, ())))
    return tuple(branches[key] for key in below.get(None, ()))


def _from_the_top(below: Mapping) -> list:
    """Everybody, after the person above."""
    order = list(below.get(None, ()))
    for key in order:  # grows while it is read
        order.extend(below.get(key, ()))
    return order
