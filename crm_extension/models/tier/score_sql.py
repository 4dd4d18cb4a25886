"""The thinking of :mod:`.score` in the words of the database, for very many customers.

A night works out everybody, and nearly everybody stays where they are: so the database
says who has other points and who moves, and only those who move are looked at one by
one. ``score`` says what is right, this says the same; a test holds them together.

All figures are floats and take the same steps in the same order on both sides, so that
not even the last digit differs.
"""

from odoo.tools import SQL

from .score import AWAY_FROM_LIMIT, BY_PEERS, FIFTH

# What counts on a day; see figures_of.
TOLD = """
    SELECT known.*,
           COALESCE(invoiced, 0)::float8 - COALESCE(credited, 0)::float8 AS turnover,
           COALESCE(margin, 0)::float8 AS earned,
           GREATEST(%(day)s::date - last_on, 0) AS recency,
           GREATEST(%(day)s::date - overdue_on, 0) AS overdue,
           CASE WHEN COALESCE(credited, 0) <= 0 THEN 0
                WHEN COALESCE(invoiced, 0) <= 0 THEN 100
                ELSE LEAST(credited::float8 / invoiced::float8 * 100, 100)
           END AS returns,
           GREATEST(%(day)s::date - first_on, 0) / 365.25::float8 AS years
      FROM (%(known)s) known
    OFFSET 0
"""
COLUMNS = {
    "turnover": SQL("turnover"),
    "money": SQL("turnover"),
    "margin": SQL("earned"),
    "orders": SQL("COALESCE(orders, 0)"),
    "years": SQL("years"),
    "overdue": SQL("overdue"),
    "returns": SQL("returns"),
    "recency": SQL("-recency"),
    "frequency": SQL("COALESCE(frequency, 0)"),
}
# OFFSET 0: each step is worked out once, however often the next one names it.
JUDGED = """
    SELECT placed.*,
           CASE WHEN held IS NULL OR reached_at > held THEN reached
                WHEN points >= held - %(slack)s::float8 THEN tier
                WHEN %(day)s::date - COALESCE(below_since, %(day)s::date) < %(grace)s
                THEN tier
                ELSE kept
           END AS new_tier,
           CASE WHEN held IS NULL OR reached_at > held THEN NULL
                WHEN points >= held - %(slack)s::float8 THEN NULL
                WHEN %(day)s::date - COALESCE(below_since, %(day)s::date) < %(grace)s
                THEN COALESCE(below_since, %(day)s::date)
           END AS new_since
      FROM (
        SELECT scored.*,
               %(held)s::float8 AS held,
               %(reached)s::int AS reached,
               %(reached_at)s::float8 AS reached_at,
               %(kept)s::int AS kept
          FROM (
            SELECT told.*, FLOOR((%(mean)s) * 10 + 0.5::float8) / 10 AS points
              FROM (%(told)s) told
            OFFSET 0
        ) scored
        OFFSET 0
    ) placed
    OFFSET 0
"""


def judge(rules, peers, day, known):
    """Query of what some customers earn, and where that leads.

    :param rules: :class:`.score.Rules`
    :param peers: :class:`.score.Peers`
    :param known: query of the figures of customers, as :func:`.score.figures_of` takes
        them, with ``tier`` and ``below_since``: where each of them stands
    :return: query of the same columns and ``points``, ``new_tier`` and ``new_since``
    """
    ladder = sorted(rules.rungs, key=lambda rung: -rung.threshold)
    return SQL(
        JUDGED,
        told=SQL(TOLD, day=day, known=known),
        mean=_mean(rules, peers),
        held=_choose((SQL("tier = %s", r.tier), r.threshold) for r in ladder),
        reached=_choose((_reaches(r.threshold), r.tier) for r in ladder),
        reached_at=_choose((_reaches(r.threshold), r.threshold) for r in ladder),
        kept=_choose((_reaches(r.threshold - rules.slack), r.tier) for r in ladder),
        slack=rules.slack,
        grace=rules.grace,
        day=day,
    )


def _choose(cases):
    """The value of the first condition that holds; NULL if none does."""
    parts = [SQL("WHEN %s THEN %s", condition, value) for condition, value in cases]
    return SQL("CASE %s END", SQL(" ").join(parts)) if parts else SQL("NULL")


def _reaches(threshold):
    return SQL("points >= %s::float8", threshold)


def _mean(rules, peers):
    total = sum(weight.weight for weight in rules.weights)
    if total <= 0:
        return SQL("0::float8")
    earned = [
        SQL("%s::float8 * %s", weight.weight, _points(weight, peers))
        for weight in rules.weights
        if weight.weight
    ]
    return SQL(
        "CASE WHEN last_on IS NULL THEN 0::float8 ELSE (%s) / %s::float8 END",
        SQL(" + ").join(earned),
        total,
    )


def _points(weight, peers):
    told = COLUMNS[weight.indicator]
    if weight.indicator in BY_PEERS:
        place = _fifth(told, getattr(peers, weight.indicator))
        if weight.indicator == "money":
            return SQL("CASE WHEN %s <= 0 THEN 0 ELSE %s END", told, place)
        return place
    part = _part(told, weight.mark)
    if weight.indicator in AWAY_FROM_LIMIT:
        part = SQL("(1 - %s)", part)
    return SQL("(%s * 100)", part)


def _part(told, mark):
    """How much of the way to a mark, from 0 to 1; a tiny mark overflows nothing."""
    if mark <= 0:
        return SQL("(CASE WHEN %s > 0 THEN 1 ELSE 0 END)::float8", told)
    return SQL(
        "(CASE WHEN %(told)s <= 0 THEN 0 WHEN %(told)s >= %(mark)s::float8 THEN 1"
        " ELSE %(told)s / %(mark)s::float8 END)::float8",
        told=told,
        mark=mark,
    )


def _fifth(told, cuts):
    if not cuts:
        return SQL("%s::float8", FIFTH)
    beyond = [
        SQL(
            "(%(told)s > %(cut)s::float8)::int + (%(told)s >= %(cut)s::float8)::int",
            told=told,
            cut=cut,
        )
        for cut in cuts
    ]
    return SQL("(%s::float8 * (1 + (%s) / 2))", FIFTH, SQL(" + ").join(beyond))
