"""How figures become points, and points a tier; no database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.tier.score import (
    INDICATORS,
    Figures,
    Missing,
    Outcome,
    Peers,
    Rules,
    Rung,
    Standing,
    Step,
    Weight,
    decide,
    falls_on,
    fifth,
    figures_of,
    missing,
    points,
    score,
)

CORE, PROMISING, GENERAL = 1, 2, 3
LADDER = (Rung(CORE, 70), Rung(PROMISING, 40), Rung(GENERAL, 0))
TODAY = date(2026, 6, 30)
PEERS = Peers(recency=(-200, -90, -30, -7), frequency=(1, 2, 4, 8), money=(1, 2, 3, 4))
WEIGHTS = (
    Weight("turnover", 30, 100_000),
    Weight("recency", 20),
    Weight("frequency", 20),
    Weight("overdue", 20, 60),
    Weight("returns", 10, 20),
)
RULES = Rules(WEIGHTS, LADDER, slack=5, grace=30)


def rated(**figures):
    return score(RULES, Figures(**figures), PEERS)


amounts = st.floats(-1e9, 1e9, allow_nan=False)
figures = st.builds(
    Figures,
    turnover=amounts,
    margin=amounts,
    orders=st.integers(0, 10_000),
    recency=st.none() | st.integers(0, 365),
    frequency=st.integers(0, 13),
    overdue=st.integers(0, 5000),
    returns=st.floats(0, 100),
    years=st.floats(0, 80),
)
cuts = st.lists(st.integers(-400, 400), min_size=4, max_size=4).map(sorted)
peers = st.builds(
    Peers,
    recency=st.lists(st.integers(-365, 0), min_size=4, max_size=4).map(sorted),
    frequency=st.lists(st.integers(0, 13), min_size=4, max_size=4).map(sorted),
    money=st.lists(amounts, min_size=4, max_size=4).map(sorted),
)
weights = st.lists(
    st.builds(
        Weight,
        st.sampled_from(INDICATORS),
        st.integers(0, 100),
        st.floats(0.1, 1e6),
    ),
    min_size=1,
    unique_by=lambda weight: weight.indicator,
).map(tuple)
rules = st.builds(
    Rules,
    weights,
    st.just(LADDER),
    slack=st.floats(0, 30),
    grace=st.integers(0, 90),
)
scores = st.floats(0, 100).map(lambda value: round(value, 1))
days = st.integers(-200, 200).map(lambda days: TODAY + timedelta(days=days))
standings = st.builds(
    Standing, st.sampled_from([None, CORE, PROMISING, GENERAL, 99]), st.none() | days
)


class TestFigures:
    def test_what_counts_on_a_day(self):
        assert figures_of(
            TODAY,
            invoiced=1000,
            credited=250,
            margin=90,
            orders=3,
            frequency=2,
            last_on=TODAY - timedelta(days=10),
            first_on=TODAY - timedelta(days=1461),
            overdue_on=TODAY - timedelta(days=5),
        ) == Figures(750, 90, 3, 10, 2, 5, 25.0, 4.0)

    @pytest.mark.parametrize(
        ("invoiced", "credited", "returns"),
        [(100, 0, 0), (100, 20, 20), (100, 300, 100), (0, 50, 100), (0, 0, 0)],
    )
    def test_the_credited_part_is_never_more_than_everything(
        self, invoiced, credited, returns
    ):
        told = figures_of(
            TODAY,
            invoiced=invoiced,
            credited=credited,
            margin=0,
            orders=0,
            frequency=0,
            last_on=None,
            first_on=None,
            overdue_on=None,
        )
        assert told.returns == returns
        assert told.recency is None
        assert told.years == 0


class TestFifths:
    def test_different_customers_fill_the_fifths_evenly(self):
        assert [fifth(value, (1, 2, 3, 4)) for value in (1, 2, 3, 4, 5)] == [
            *(1, 2, 3, 4, 5)
        ]

    def test_customers_who_are_all_equal_are_in_the_middle(self):
        assert fifth(7, (7, 7, 7, 7)) == 3
        assert fifth(8, (7, 7, 7, 7)) == 5
        assert fifth(6, (7, 7, 7, 7)) == 1

    @given(st.integers(-400, 400), st.integers(-400, 400), cuts)
    def test_more_is_never_a_lower_fifth(self, one, other, values):
        low, high = sorted((one, other))
        assert 1 <= fifth(low, values) <= fifth(high, values) <= 5


class TestPoints:
    @pytest.mark.parametrize(
        ("indicator", "mark", "value", "expected"),
        [
            ("turnover", 1000, 0, 0),
            ("turnover", 1000, 500, 50),
            ("turnover", 1000, 1000, 100),
            ("turnover", 1000, 9000, 100),
            ("turnover", 1000, -500, 0),
            ("margin", 1000, -1, 0),
            ("orders", 10, 3, 30),
            ("years", 5, 2.5, 50),
            ("overdue", 60, 0, 100),
            ("overdue", 60, 15, 75),
            ("overdue", 60, 60, 0),
            ("overdue", 60, 700, 0),
            ("returns", 20, 5, 75),
            ("recency", 0, 3, 100),
            ("recency", 0, 50, 60),
            ("recency", 0, 300, 20),
            ("frequency", 0, 9, 100),
        ],
    )
    def test_what_a_figure_earns(self, indicator, mark, value, expected):
        told = Figures(recency=1)._replace(**{indicator: value})
        assert points(Weight(indicator, 1, mark), told, PEERS) == pytest.approx(
            expected
        )

    def test_money_that_went_back_earns_nothing_beside_others(self):
        told = Figures(turnover=-5, recency=1)
        assert points(Weight("money", 1), told, PEERS) == 0
        assert points(Weight("money", 1), told._replace(turnover=5), PEERS) == 100

    def test_who_bought_nothing_has_no_points(self):
        assert rated(overdue=0, returns=0, years=30) == 0
        assert rated(recency=365) > 0

    def test_the_score_is_the_weighted_mean(self):
        assert (
            rated(turnover=50_000, recency=50, frequency=3, overdue=30, returns=10)
            == (30 * 50 + 20 * 60 + 20 * 60 + 20 * 50 + 10 * 50) / 100
        )

    @given(rules, figures, peers)
    def test_a_score_is_between_0_and_100(self, rating, told, others):
        assert 0 <= score(rating, told, others) <= 100

    @given(rules, figures, peers, amounts, amounts)
    def test_buying_more_never_costs_points(self, rating, told, others, one, other):
        low, high = sorted((one, other))
        assert score(rating, told._replace(turnover=low), others) <= score(
            rating, told._replace(turnover=high), others
        )

    @given(rules, figures, peers, st.integers(0, 3000), st.integers(0, 3000))
    def test_paying_later_never_earns_points(self, rating, told, others, one, other):
        low, high = sorted((one, other))
        assert score(rating, told._replace(overdue=low), others) >= score(
            rating, told._replace(overdue=high), others
        )

    def test_nothing_that_counts_is_no_score(self):
        rating = RULES._replace(weights=(Weight("turnover", 0, 10),))
        assert score(rating, Figures(turnover=100, recency=1), PEERS) == 0


class TestTiers:
    @pytest.mark.parametrize(
        ("tier", "points", "below", "expected"),
        [
            # The first tier, at and beside a threshold.
            (None, 70.0, None, Outcome(CORE, None, "first")),
            (None, 69.9, None, Outcome(PROMISING, None, "first")),
            (None, 0.0, None, Outcome(GENERAL, None, "first")),
            # Up at once.
            (GENERAL, 40.0, None, Outcome(PROMISING, None, "rose")),
            (GENERAL, 70.0, None, Outcome(CORE, None, "rose")),
            (PROMISING, 70.0, 3, Outcome(CORE, None, "rose")),
            (GENERAL, 39.9, None, Outcome(GENERAL, None)),
            # Within the leeway nothing happens, and what had begun is over.
            (CORE, 65.0, None, Outcome(CORE, None)),
            (CORE, 65.0, 29, Outcome(CORE, None)),
            # Below it the days of grace run.
            (CORE, 64.9, None, Outcome(CORE, TODAY)),
            (CORE, 64.9, 29, Outcome(CORE, TODAY - timedelta(days=29))),
            (CORE, 64.9, 30, Outcome(PROMISING, None, "fell")),
            (CORE, 20.0, 400, Outcome(GENERAL, None, "fell")),
            # Who falls lands where those stay who were there before.
            (CORE, 36.0, 30, Outcome(PROMISING, None, "fell")),
            (PROMISING, 36.0, 30, Outcome(PROMISING, None)),
            (GENERAL, 0.0, None, Outcome(GENERAL, None)),
            # A tier that is no longer used.
            (99, 50.0, None, Outcome(PROMISING, None, "gone")),
        ],
    )
    def test_which_tier_follows(self, tier, points, below, expected):
        since = None if below is None else TODAY - timedelta(days=below)
        assert decide(RULES, Standing(tier, since), points, TODAY) == expected

    def test_below_a_ladder_that_does_not_reach_down(self):
        rating = RULES._replace(rungs=LADDER[:2], grace=0)
        assert decide(rating, Standing(), 10, TODAY) == Outcome(None, None)
        fallen = decide(rating, Standing(PROMISING), 10, TODAY)
        assert fallen == Outcome(None, None, "fell")

    def test_without_grace_it_falls_at_once(self):
        rating = RULES._replace(grace=0)
        fallen = decide(rating, Standing(CORE), 64.9, TODAY)
        assert fallen == Outcome(PROMISING, None, "fell")

    @given(rules, standings, scores)
    def test_deciding_again_changes_nothing(self, rating, standing, points):
        outcome = decide(rating, standing, points, TODAY)
        again = decide(rating, Standing(*outcome[:2]), points, TODAY)
        assert again == outcome._replace(reason="")

    @given(rules, standings, scores, scores)
    def test_a_higher_score_is_never_a_lower_tier(self, rating, standing, one, other):
        low, high = sorted((one, other))
        rank = {CORE: 0, PROMISING: 1, GENERAL: 2, None: 3}
        better = decide(rating, standing, high, TODAY)
        worse = decide(rating, standing, low, TODAY)
        assert rank[better.tier] <= rank[worse.tier]

    @given(
        rules,
        st.lists(st.floats(-1, 1), min_size=2, max_size=60),
        st.sampled_from([40.0, 70.0]),
    )
    def test_a_score_that_wavers_around_a_threshold_moves_once_at_most(
        self, rating, noise, threshold
    ):
        standing, moves = Standing(GENERAL if threshold < 50 else PROMISING), 0
        for number, step in enumerate(noise):
            points = round(threshold + step * rating.slack, 1)
            if points < threshold - rating.slack:
                continue  # rounded out of the leeway
            outcome = decide(rating, standing, points, TODAY + timedelta(days=number))
            moves += outcome.tier != standing.tier
            standing = Standing(outcome.tier, outcome.below_since)
        assert moves <= 1

    def test_when_a_tier_is_lost(self):
        assert falls_on(RULES, Standing(CORE, TODAY)) == TODAY + timedelta(days=30)
        assert falls_on(RULES, Standing(CORE)) is None


class TestWhatIsMissing:
    TOLD = Figures(turnover=20_000, recency=50, frequency=3, overdue=30, returns=2)

    def test_to_the_next_tier(self):
        rating = Rules(
            (Weight("turnover", 50, 1000), Weight("overdue", 50, 60)), LADDER
        )
        told = Figures(turnover=300, recency=1, overdue=30)
        assert score(rating, told, PEERS) == 40
        assert missing(rating, Standing(PROMISING), told, PEERS) == Missing(
            CORE,
            70,
            30.0,
            (Step("turnover", 300, 900),),  # paying at once brings 25 points only
        )

    def test_the_highest_tier_misses_nothing(self):
        assert missing(RULES, Standing(CORE), self.TOLD, PEERS) is None

    def test_who_bought_nothing_has_no_single_figure_to_improve(self):
        found = missing(RULES, Standing(GENERAL), Figures(turnover=5), PEERS)
        assert (found.tier, found.points, found.steps) == (PROMISING, 40.0, ())

    @given(rules, standings, figures, peers)
    def test_each_figure_alone_would_do(self, rating, standing, told, others):
        found = missing(rating, standing, told, others)
        if found is None:
            return
        assert found.points >= 0
        for step in found.steps:
            name = "turnover" if step.indicator == "money" else step.indicator
            better = told._replace(**{name: step.needed})
            assert score(rating, better, others) >= found.threshold - 0.05
