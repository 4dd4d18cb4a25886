"""Who may make whom the owner of a customer (FEATURES C04.1, C04.4, GZ-07)."""

from typing import NamedTuple

CLAIMED, RELEASED, GIVEN, TAKEN = "claimed", "released", "given", "taken"
# Why somebody may not.
IDLE, FOREIGN, ACROSS = "idle", "foreign", "across"
PROTECTED, RESTING = "protected", "resting"


class Standing(NamedTuple):
    """Where somebody works.

    :param sells: whether the person works here, and in sales
    :param here: whether the person still works here at all
    :param teams: the sales teams
    :param departments: the departments
    :param leaders: who leads the person: managers, of teams and departments too
    """

    sells: bool = True
    here: bool = True
    teams: frozenset = frozenset()
    departments: frozenset = frozenset()
    leaders: frozenset = frozenset()


class Move(NamedTuple):
    """A customer that changes hands.

    :param before: who had it, or ``None`` for the pool
    :param after: who gets it, or ``None``
    :param protected: whether it stays with who had it for now
    :param resting: whether the acting person had it a short time ago
    """

    before: int | None
    after: int | None
    protected: bool = False
    resting: bool = False


class Cause(NamedTuple):
    """Why the engine itself changes an owner; a client cannot send one.

    :param event: what is noted
    :param note: text of the person who does it, or empty
    """

    event: str
    note: str = ""


def event_of(before: int | None, after: int | None, actor: int) -> str:
    """What a change of owner is called."""
    if after is None:
        return RELEASED if before == actor else TAKEN
    return CLAIMED if before is None and after == actor else GIVEN


def work_together(one: Standing, other: Standing) -> bool:
    """Whether two are of one department; where one of them has none, of one team."""
    if one.departments and other.departments:
        return bool(one.departments & other.departments)
    return bool(one.teams & other.teams)


def refuse(
    move: Move, actor: int, standings: dict[int, Standing], administers: bool = False
) -> str | None:
    """Why the acting person may not change an owner so, or ``None``.

    Everybody in sales takes from the pool and releases what is theirs. Who leads the
    people concerned gives inside their department; only administration gives to
    another one.

    :param standings: of all who are concerned
    :param administers: whether the acting person may do what leaders may not
    """
    before, after = move.before, move.after
    if after is not None and not standings[after].sells:
        return IDLE
    if administers:
        return None
    others = {before, after} - {None, actor}
    if not others:
        return RESTING if before is None and move.resting else None
    if not all(actor in standings[other].leaders for other in others):
        return FOREIGN
    if None not in (before, after) and not work_together(
        standings[before], standings[after]
    ):
        return ACROSS
    if before in others and move.protected and standings[before].here:
        return PROTECTED
    return None
