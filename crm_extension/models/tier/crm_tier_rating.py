import json
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from .crm_customer_standing import FIGURES, SUMS
from .score import (
    Figures,
    Outcome,
    Peers,
    Rules,
    Rung,
    Standing,
    Weight,
    decide,
    figures_of,
    score,
)

# Customers per step of the nightly run: what a step holds in memory, and what is done
# again when it breaks off.
BATCH = 2000


class Judged(NamedTuple):
    """A customer as a rating sees it.

    :param key: id of the commercial partner
    :param standing: where it stood
    :param was: its score before; ``None`` without one
    :param points: its score now
    :param outcome: where it stands from now on
    :param figures: what the score is made of
    """

    key: int
    standing: Standing
    was: float | None
    points: float
    outcome: Outcome
    figures: Figures


class CrmTierRating(models.AbstractModel):
    """Works out scores and tiers by a rating that is in force.

    Part of ``crm.tier.scheme``. A run has two phases, figures first: a customer's score
    depends on where it stands among all others. Each step ends with the id of its last
    customer, so a run that breaks off goes on where it was.

    What customers bought is read by ``res.partner``, in whose hands the documents are:
    ``_crm_query_customers`` and ``_crm_query_figures``.
    """

    _name = "crm.tier.rating"
    _description = "Working Out Tiers"

    run_on = fields.Date(
        readonly=True, copy=False, help="The day of the run that is under way."
    )
    run_phase = fields.Selection(
        selection=[("figures", "Reading figures"), ("tiers", "Rating")],
        readonly=True,
        copy=False,
    )
    run_cursor = fields.Integer(readonly=True, copy=False)
    last_run_on = fields.Date(string="Last Worked Out", readonly=True, copy=False)
    peers = fields.Json(readonly=True, copy=False)

    # === CRON === #

    @api.model
    def _cron_work_out(self):
        """Every night: work out the tiers of all companies, in steps that are kept
        one by one."""
        cron = self.env["ir.cron"]
        published = self.search([("state", "=", "published")], order="id")
        running = published.filtered("run_on")
        if not running:
            # Those of a day start together: the next call goes on with what is left.
            for scheme in published:
                scheme._start()
            running = published
        left = {scheme: scheme._count_left() for scheme in running}
        if not cron._commit_progress(remaining=sum(left.values())):
            return
        for scheme in running:
            while scheme.run_on:
                done = scheme._take_step()
                left[scheme] = max(left[scheme] - done, 0) if scheme.run_on else 0
                if not cron._commit_progress(done, remaining=sum(left.values())):
                    return
                # Another rating may have been put in force meanwhile.
                scheme.invalidate_recordset()

    def _start(self):
        company = self.company_id
        partners = self.env["res.partner"]
        partners._crm_drop_former_customers(company)
        self.env["crm.customer.standing"]._seed(
            company, partners._crm_query_customers(company)
        )
        today = fields.Date.context_today(self)
        self._note(run_on=today, run_phase="figures", run_cursor=0)

    def _count_left(self):
        """Steps of single customers that the run has still to take."""
        ((behind, ahead),) = self.env.execute_query(
            SQL(
                """
                SELECT COUNT(*) FILTER (WHERE partner_id <= %(cursor)s),
                       COUNT(*) FILTER (WHERE partner_id > %(cursor)s)
                  FROM crm_customer_standing WHERE company_id = %(company)s
                """,
                cursor=self.run_cursor,
                company=self.company_id.id,
            )
        )
        return behind + 2 * ahead if self.run_phase == "figures" else ahead

    def _take_step(self):
        """The next customers of the run, or its next phase.

        :return: how many customers were done
        """
        self.ensure_one()
        batch = self._lock_standings(
            SQL("partner_id > %s", self.run_cursor), self._get_batch_size()
        )
        if batch and self.run_phase == "figures":
            self._read_figures(batch, self.run_on)
        elif batch:
            self._rate(batch, self.run_on, self._get_peers())
        elif self.run_phase == "figures":
            self._part_peers(self.run_on)
            self._note(run_phase="tiers", run_cursor=0)
            return 0
        else:
            self._note(
                last_run_on=self.run_on, run_on=False, run_phase=False, run_cursor=0
            )
            return 0
        self._note(run_cursor=batch[-1])
        return len(batch)

    @api.model
    def _get_batch_size(self):
        return BATCH

    # === ONE CUSTOMER === #

    def _work_out(self, partner_ids):
        """Read and rate some customers now, beside what is known of the others."""
        self.ensure_one()
        company, day = self.company_id, fields.Date.context_today(self)
        standings = self.env["crm.customer.standing"]
        standings._seed(
            company, SQL("SELECT unnest(%s::int[]) AS id", list(partner_ids))
        )
        batch = self._lock_standings(SQL("partner_id = ANY(%s)", list(partner_ids)))
        self._read_figures(batch, day)
        if not self.peers:
            self._part_peers(day)
        self._rate(batch, day, self._get_peers())

    # === STEPS === #

    def _lock_standings(self, condition, limit=None):
        """Lock the next customers, so that nobody else works them out meanwhile.

        :return: ids of commercial partners, in order
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id FROM crm_customer_standing
                 WHERE company_id = %s AND %s ORDER BY partner_id LIMIT %s FOR UPDATE
                """,
                self.company_id.id,
                condition,
                limit,
            )
        )
        return [key for (key,) in rows]

    def _read_figures(self, partner_ids, day):
        company = self.company_id
        figures = self.env["res.partner"]._crm_query_figures(
            company, day, self.window_days, partner_ids
        )
        self.env["crm.customer.standing"]._store_figures(company, figures)

    def _part_peers(self, day):
        peers = self.env["crm.customer.standing"]._find_peers(
            self.company_id, self.window_days, day
        )
        self._note(peers=peers._asdict())

    def _get_peers(self):
        return Peers(**(self.peers or {}))

    def _to_rules(self):
        """The rating as the plain thinking sees it."""
        self.ensure_one()
        return Rules(
            weights=tuple(
                Weight(line.indicator, line.weight, line.mark)
                for line in self.weight_ids
            ),
            rungs=tuple(
                Rung(rung.tier_id.id, rung.threshold) for rung in self.rung_ids
            ),
            slack=self.hysteresis,
            grace=self.grace_days,
            window=self.window_days,
        )

    def _rate(self, partner_ids, day, peers):
        """Score some customers and keep what changed."""
        known = self.env["crm.customer.standing"]._query_kept(
            self.company_id, partner_ids
        )
        rated = [
            row
            for row in self._judge(known, day, peers)
            if (row.points, row.outcome.tier, row.outcome.below_since)
            != (row.was, row.standing.tier, row.standing.below_since)
        ]
        self._keep_scores(rated)
        moved = [row for row in rated if row.outcome.tier != row.standing.tier]
        agreed = self.env["res.partner"]._crm_find_agreed(
            self.company_id, [row.key for row in moved], day
        )
        self._keep_moves([row for row in moved if row.key not in agreed], day)

    def _judge(self, figures, day, peers):
        """What some customers earn, and which tier that leads to.

        :param figures: query of their figures
        :return: list of :class:`Judged`
        """
        rules = self._to_rules()
        found = []
        for key, tier, since, was, *values in self._read_customers(figures):
            told = figures_of(day, **dict(zip(FIGURES, values, strict=True)))
            points = score(rules, told, peers)
            standing = Standing(tier, since)
            found.append(
                Judged(
                    key,
                    standing,
                    None if was is None else float(was),
                    points,
                    decide(rules, standing, points, day),
                    told,
                )
            )
        return found

    def _read_customers(self, figures):
        self.env["res.partner"].flush_model(["crm_tier_id", "commercial_partner_id"])
        self.env["crm.customer.standing"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT found.id, (partner.crm_tier_id->>%(key)s)::int,
                       kept.below_since, kept.score, %(names)s
                  FROM (%(figures)s) found
                  JOIN res_partner partner ON partner.id = found.id
                  LEFT JOIN crm_customer_standing kept
                    ON kept.partner_id = found.id AND kept.company_id = %(company)s
                 ORDER BY found.id
                """,
                key=str(self.company_id.id),
                company=self.company_id.id,
                names=SQL(", ").join(
                    SQL("found.%s::float", SQL.identifier(name))
                    if name in SUMS
                    else SQL.identifier("found", name)
                    for name in FIGURES
                ),
                figures=figures,
            )
        )
        return rows

    # === WRITING === #

    def _keep_scores(self, rated):
        """One statement however many customers: nobody else writes scores."""
        rows = [
            {"id": row.key, "score": row.points, "since": row.outcome.below_since}
            for row in rated
        ]
        if not rows:
            return
        self.env.execute_query(
            SQL(
                """
                UPDATE crm_customer_standing kept
                   SET score = rated.score, below_since = rated.since
                  FROM jsonb_to_recordset(%s)
                    AS rated(id int, score numeric, since date)
                 WHERE kept.partner_id = rated.id AND kept.company_id = %s
                RETURNING kept.id
                """,
                json.dumps(rows, default=str),
                self.company_id.id,
            )
        )
        self.env["crm.customer.standing"].invalidate_model(flush=False)

    def _keep_moves(self, moved, day):
        """Note new tiers on the customers and in their history."""
        if not moved:
            return
        rows = [
            {
                "id": row.key,
                "tier": row.outcome.tier,
                "score": row.points,
                "reason": row.outcome.reason,
                "indicators": row.figures._asdict(),
            }
            for row in moved
        ]
        self.env["crm.customer.tier.history"]._follow(self.company_id, rows, day)
        self.env["res.partner"]._crm_set_tiers(
            self.company_id, {row["id"]: row["tier"] for row in rows}
        )
