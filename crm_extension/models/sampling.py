"""Samples that are drawn by chance and can be drawn again to see that they were: values
in, values out (FEATURES GZ-08).

Stands in the hallway of the house: rooms that know nothing of each other draw this way.
"""

from collections.abc import Iterable
from random import Random
from secrets import token_hex


def new_seed() -> str:
    """A seed that nobody has chosen."""
    return token_hex(16)


def draw(population: Iterable[int], number: int, seed: str) -> list[int]:
    """So many of a population, or all of a smaller one. The same population and seed
    always give the same ones, in whatever order they are named."""
    known = sorted(set(population))
    # What is kept secret is the seed until it is drawn; this only spreads it.
    return Random(seed).sample(known, max(min(number, len(known)), 0))


def share(count: int, percent: float) -> int:
    """How many are so many percent: rounded up, so that whoever has any is looked at.

    :param percent: from 0 to 100
    """
    return min(-int(-count * percent // 100), count)
