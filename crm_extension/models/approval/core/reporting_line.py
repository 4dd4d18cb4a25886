"""Who stands above somebody, and who of them holds a position."""

from collections.abc import Callable, Hashable, Iterator
from decimal import Decimal
from typing import NamedTuple


class Person(NamedTuple):
    """An employee as the engine sees one.

    :param key: identifies the employee
    :param user: the user who can decide, or ``None``
    :param job: the position held, or ``None``
    :param manager: key of the manager, or ``None``
    :param department: the department, or ``None``
    """

    key: Hashable
    user: Hashable | None
    job: Hashable | None
    manager: Hashable | None
    department: Hashable | None = None


def managers_of(start: Hashable, people: dict[Hashable, Person]) -> Iterator[Person]:
    """Managers of ``start``, nearest first; a circle in the line ends the walk."""
    met = {start}
    person = people.get(start)
    while person and person.manager not in met and person.manager in people:
        met.add(person.manager)
        person = people[person.manager]
        yield person


def holders(
    job: Hashable,
    start: Hashable | None,
    people: dict[Hashable, Person],
    is_eligible: Callable[[Hashable], bool],
) -> set:
    """Users who hold a position, as near to ``start`` as possible.

    First the reporting line (the nearest holder only), then the department, then
    the whole company (FEATURES C11.4). People who may not decide do not count, so
    the search goes on behind them.
    """

    def able(person):
        return (
            person.job == job and person.user is not None and is_eligible(person.user)
        )

    for manager in managers_of(start, people):
        if able(manager):
            return {manager.user}
    everybody = {person.user for person in people.values() if able(person)}
    own = people.get(start)
    if own and own.department is not None:
        department = {
            person.user
            for person in people.values()
            if able(person) and person.department == own.department
        }
        return department or everybody
    return everybody


def managers_able(
    start: Hashable | None,
    people: dict[Hashable, Person],
    is_eligible: Callable[[Hashable], bool],
) -> list:
    """The users of all managers above who may decide, nearest first."""
    users = (manager.user for manager in managers_of(start, people))
    return list(
        dict.fromkeys(user for user in users if user is not None and is_eligible(user))
    )


def authority(
    measure: Decimal | None,
    limits: dict[Hashable, Decimal],
    start: Hashable | None,
    people: dict[Hashable, Person],
    is_eligible: Callable[[Hashable], bool],
) -> set:
    """The nearest manager above who may grant that much alone.

    :param measure: how much is conceded; ``None`` when nothing is measured, then
        every manager will do
    :param limits: ``{user: the most that user may grant}``; a user not in it has no
        known limit and does not count
    """
    able = managers_able(start, people, is_eligible)
    return set(filter_enough(able, measure, limits)[:1])


def filter_enough(
    users: list, measure: Decimal | None, limits: dict[Hashable, Decimal]
) -> list:
    """Those of some users who may grant that much alone; see :func:`authority`."""
    return [
        user
        for user in users
        if measure is None or (user in limits and limits[user] >= measure)
    ]


def nth_manager(
    level: int,
    start: Hashable | None,
    people: dict[Hashable, Person],
    is_eligible: Callable[[Hashable], bool],
) -> set:
    """The user of the n-th manager (1 = direct), or of the next one above who may
    decide; empty when the line ends before."""
    for index, manager in enumerate(managers_of(start, people), start=1):
        if index >= level and manager.user is not None and is_eligible(manager.user):
            return {manager.user}
    return set()
