"""Whether an answer will come in time, judged by how long it usually takes."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

Outlook = Literal["on_time", "at_risk", "late"]

# Below that it is worth a mark of its own, whatever the usual time.
URGENT = timedelta(hours=4)


def outlook(
    now: datetime, due: datetime | None, usual: timedelta | None
) -> Outlook | None:
    """The outlook of a question that is still open.

    :param now: the present moment, in the time zone of ``due``
    :param due: when the answer is due; ``None`` when it has all the time
    :param usual: how long an answer usually takes; ``None`` when nobody knows yet
    :return: ``None`` without a due time: nothing can be late then
    """
    if due is None:
        return None
    if due < now:
        return "late"
    if usual is not None and now + usual > due:
        return "at_risk"
    return "on_time"


def is_urgent(now: datetime, due: datetime | None) -> bool:
    """Whether the answer is late, or due within a few hours."""
    return due is not None and due - now < URGENT


def whole_way(ranks: Iterable[Iterable[float | None]]) -> float | None:
    """How long until everybody has answered: one rank after the other, each as long as
    the slowest of those who are asked at the same time.

    :param ranks: hours per point; ``None`` for a point of which nobody knows yet
    :return: hours, or ``None`` as soon as one point is unknown, or nobody is asked
    """
    slowest = []
    for rank in ranks:
        hours = list(rank)
        if None in hours:
            return None
        slowest.append(max(hours, default=0.0))
    return sum(slowest) if slowest else None
