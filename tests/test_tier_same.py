"""The database and the plain thinking rate customers alike, to the last digit."""

import json
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from odoo.addons.crm_extension.models.tier.score import (
    INDICATORS,
    Peers,
    Rules,
    Rung,
    Standing,
    Weight,
    decide,
    figures_of,
    score,
)
from odoo.addons.crm_extension.models.tier.score_sql import judge

from .common import TAGS

TODAY = date(2026, 6, 30)
TYPES = {
    **dict.fromkeys(("id", "tier", "orders", "frequency"), "int"),
    **dict.fromkeys(("below_since", "last_on", "first_on", "overdue_on"), "date"),
    **dict.fromkeys(("score", "invoiced", "credited", "margin"), "numeric"),
}
TIERS = (1, 2, 3, 4)

tenths = st.integers(0, 1000).map(lambda number: number / 10)
cents = st.integers(-(10**11), 10**11) | st.integers(-500, 500)
amounts = cents.map(lambda number: Decimal(number) / 100)
past = st.none() | st.integers(0, 2000).map(lambda days: TODAY - timedelta(days))
customers = st.lists(
    st.fixed_dictionaries(
        {
            "tier": st.sampled_from([None, *TIERS, 99]),
            "below_since": st.none()
            | st.integers(-5, 200).map(lambda days: TODAY - timedelta(days)),
            "score": st.none() | tenths.map(str).map(Decimal),
            "invoiced": amounts,
            "credited": amounts,
            "margin": amounts,
            "orders": st.integers(0, 5000),
            "frequency": st.integers(0, 61),
            "last_on": past,
            "first_on": past,
            "overdue_on": past,
        }
    ),
    min_size=1,
    max_size=20,
)
marks = st.sampled_from([0.0, 1e-300, 1.0, 7.0, 1e300]) | st.floats(0.01, 1e6)
weights = st.lists(
    st.builds(Weight, st.sampled_from(INDICATORS), st.integers(0, 1000), marks),
    unique_by=lambda weight: weight.indicator,
).map(tuple)
rungs = st.lists(
    st.builds(Rung, st.sampled_from(TIERS), tenths), unique_by=lambda rung: rung.tier
).map(tuple)
rules = st.builds(Rules, weights, rungs, slack=tenths, grace=st.integers(0, 90))


def four(values):
    return st.just([]) | st.lists(values, min_size=4, max_size=4).map(sorted)


peers = st.builds(
    Peers,
    recency=four(st.integers(-365, 0)),
    frequency=four(st.integers(0, 13)),
    money=four(amounts.map(float)),
)
NOBODY = {
    **dict.fromkeys(("tier", "below_since", "score", "overdue_on")),
    **{"invoiced": Decimal("64.95"), "credited": 0, "margin": 0},
    **{"orders": 1, "frequency": 1, "last_on": TODAY, "first_on": TODAY},
}
HUNDRED = Rules((Weight("turnover", 1, 100.0),), (Rung(1, 65.0), Rung(2, 0.0)))


@tagged(*TAGS)
class TestSame(TransactionCase):
    def ask(self, rating, others, known):
        """What the database says: ``(points, tier, below since)`` of each."""
        source = SQL(
            "SELECT * FROM jsonb_to_recordset(%s) AS known(%s)",
            json.dumps(known, default=str),
            SQL(", ").join(
                SQL("%s %s", SQL.identifier(name), SQL(kind))
                for name, kind in TYPES.items()
            ),
        )
        judged = judge(rating, others, TODAY, source)
        return self.env.execute_query(
            SQL(
                "SELECT points, new_tier, new_since FROM (%s) judged ORDER BY id",
                judged,
            )
        )

    def think(self, rating, others, customer):
        values = {
            name: float(value) if isinstance(value, Decimal) else value
            for name, value in customer.items()
        }
        standing = Standing(values.pop("tier"), values.pop("below_since"))
        del values["score"], values["id"]
        points = score(rating, figures_of(TODAY, **values), others)
        outcome = decide(rating, standing, points, TODAY)
        return points, outcome.tier, outcome.below_since

    @settings(
        max_examples=300,
        deadline=None,
        suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
    )
    @given(rules, peers, customers)
    @example(HUNDRED, Peers(), [NOBODY])
    @example(HUNDRED, Peers(), [NOBODY | {"invoiced": Decimal("64.85")}])
    @example(HUNDRED, Peers(), [NOBODY | {"invoiced": None, "last_on": None}])
    def test_the_database_rates_as_we_think(self, rating, others, known):
        known = [customer | {"id": key} for key, customer in enumerate(known)]
        told = self.ask(rating, others, known)
        for customer, row in zip(known, told, strict=True):
            filled = customer | {"invoiced": customer["invoiced"] or Decimal(0)}
            self.assertEqual(row, self.think(rating, others, filled), customer)

    def test_points_are_rounded_half_up_in_both(self):
        for cents, expected in (("64.94", 64.9), ("64.95", 65.0), ("0.05", 0.1)):
            known = NOBODY | {"id": 0, "invoiced": Decimal(cents)}
            self.assertEqual(self.think(HUNDRED, Peers(), known)[0], expected)
            ((points, *_rest),) = self.ask(HUNDRED, Peers(), [known])
            self.assertEqual(points, expected)
