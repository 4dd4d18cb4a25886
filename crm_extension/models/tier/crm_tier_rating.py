from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from .among import among
from .crm_customer_standing import FIGURES
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
from .score_sql import judge

# Customers per step of the nightly run, and what is done again when it breaks off.
# Figures are read by going through whole tables: the fewer steps, the better. Where one
# is enough for everybody, they are rated in it, too. Of those who are rated, all may
# move: that many are held in memory.
READ, RATED = 250_000, 25_000


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
    _inherit = ["crm.nightly.run"]
    _description = "Working Out Tiers"

    run_phase = fields.Selection(
        selection=[("figures", "Reading figures"), ("tiers", "Rating")],
        readonly=True,
        copy=False,
    )
    last_run_on = fields.Date(string="Last Worked Out")
    is_stale = fields.Boolean(
        default=True,
        readonly=True,
        copy=False,
        help="Whether figures have changed since all customers were rated last.",
    )
    peers = fields.Json(readonly=True, copy=False)

    # === CRON === #

    @api.model
    def _cron_work_out(self):
        """Every night: work out the tiers of all companies, in steps that are kept
        one by one."""
        self.search([("state", "=", "published")], order="id")._run_steps()

    def _start(self):
        company = self.company_id
        partners = self.env["res.partner"]
        gone = partners._crm_drop_former_customers(company)
        new = self.env["crm.customer.standing"]._seed(
            company, partners._crm_query_newcomers(company)
        )
        today = fields.Date.context_today(self)
        self._note(
            run_on=today,
            run_phase="figures",
            run_cursor=0,
            is_stale=bool(self.is_stale or gone or new or self.last_run_on != today),
        )

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
        batch, count = self._find_batch()
        figures = count and self.run_phase == "figures"
        if figures and not self.run_cursor and count < self._get_batch_size():
            self._do_everybody(self.run_on)
            self._finish()
            count *= 2  # both phases
        elif figures:
            changed = self._read_figures(batch, self.run_on)
            self._note(run_cursor=batch[-1], is_stale=self.is_stale or bool(changed))
        elif count:
            self._rate(batch, self.run_on, self._get_peers())
            self._note(run_cursor=batch[-1])
        elif self.run_phase == "figures" and self.is_stale:
            self._part_peers(self.run_on)
            self._note(run_phase="tiers", run_cursor=0)
        else:
            self._finish()
        return count

    def _finish(self):
        self._note(
            last_run_on=self.run_on,
            is_stale=False,
            run_on=False,
            run_phase=False,
            run_cursor=0,
        )

    def _find_batch(self):
        """The customers of the next step.

        :return: a range of ids of commercial partners, and how many of them are
            customers
        """
        ((last, count),) = self.env.execute_query(
            SQL(
                """
                SELECT MAX(partner_id), COUNT(*) FROM (
                    SELECT partner_id FROM crm_customer_standing
                     WHERE company_id = %s AND partner_id > %s
                     ORDER BY partner_id LIMIT %s) batch
                """,
                self.company_id.id,
                self.run_cursor,
                self._get_batch_size(),
            )
        )
        return range(self.run_cursor + 1, (last or 0) + 1), count

    def _get_batch_size(self):
        return READ if self.run_phase == "figures" else RATED

    # === ONE CUSTOMER === #

    def _work_out(self, partner_ids):
        """Read and rate some customers now, beside what is known of the others."""
        self.ensure_one()
        company, day = self.company_id, fields.Date.context_today(self)
        standings = self.env["crm.customer.standing"]
        standings._seed(
            company, SQL("SELECT unnest(%s::int[]) AS id", list(partner_ids))
        )
        batch = self._lock_standings(partner_ids)
        changed = self._read_figures(batch, day)
        if changed and not self.is_stale:
            # The others stand beside other peers: tonight's run, or the next one.
            self._note(is_stale=True)
        if not self.peers:
            self._part_peers(day)
        self._rate(batch, day, self._get_peers())

    def _lock_standings(self, partner_ids):
        """Lock some customers, so that nobody else works them out meanwhile.

        :return: ids of commercial partners, in order
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id FROM crm_customer_standing
                 WHERE company_id = %s AND %s ORDER BY partner_id FOR UPDATE
                """,
                self.company_id.id,
                among(SQL("partner_id"), partner_ids),
            )
        )
        return [key for (key,) in rows]

    # === STEPS === #

    def _do_everybody(self, day):
        """Read the figures of all customers and rate them, if anything has changed.
        What is written is written once."""
        company = self.company_id
        standings = self.env["crm.customer.standing"]
        with standings._set_aside(self._query_news(None, day)) as found:
            ((changed,),) = self.env.execute_query(SQL("SELECT EXISTS (%s)", found))
            if not changed and not self.is_stale:
                return
            known = standings._query_renewed(company, found)
            self._part_peers(day, known)
            judged = standings._query_news(
                judge(self._to_rules(), self._get_peers(), day, known)
            )
            with standings._set_aside(judged, "crm_customer_judged") as found:
                standings._store_judged(company, found)
                for rows in standings._page_leaving(found, RATED):
                    moved = self._judge(rows, day, self._get_peers())
                    self._keep_moves(moved, day)

    def _read_figures(self, customers, day):
        """Read what some customers have bought and owe, and keep what changed.

        :param customers: ids of commercial partners, or a range of them
        :return: of how many it changed
        """
        company = self.company_id
        standings = self.env["crm.customer.standing"]
        changed = self._query_news(customers, day)
        if isinstance(customers, list):
            return standings._store_figures(company, changed)
        with standings._set_aside(changed) as found:
            return standings._store_figures(company, found)

    def _query_news(self, customers, day):
        """Query of the figures of some customers that are not what is kept.

        :param customers: ids of commercial partners, a range of them, or ``None`` for
            everybody
        """
        standings, company = self.env["crm.customer.standing"], self.company_id
        if customers is None:
            # In parts, so that the database can share the work between its processes.
            parts = standings._part_customers(company)
        else:
            parts = [customers]
        queries = (
            SQL("(%s)", self._query_figures(part, day, self._query_asked(part)))
            for part in parts
        )
        figures = SQL(" UNION ALL ").join(queries)
        return standings._query_changed(company, figures)

    def _query_asked(self, customers):
        """Query of those of some customers that are known; ``None`` for a list, which
        says it itself."""
        if isinstance(customers, list):
            return None
        return SQL(
            "SELECT partner_id AS id FROM crm_customer_standing"
            " WHERE company_id = %s AND %s",
            self.company_id.id,
            among(SQL("partner_id"), customers),
        )

    def _query_figures(self, customers, day, asked=None):
        """The figures of some customers that count in this rating."""
        return self.env["res.partner"]._crm_query_figures(
            self.company_id,
            day,
            self.window_days,
            customers,
            asked,
            margins=self._counts("margin"),
        )

    def _counts(self, indicator):
        return any(
            line.weight for line in self.weight_ids if line.indicator == indicator
        )

    def _part_peers(self, day, source=None):
        peers = self.env["crm.customer.standing"]._find_peers(
            self.company_id, self.window_days, day, source
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

    def _rate(self, customers, day, peers):
        """Score some customers, keep what changed, and move those who move.

        :param customers: ids of commercial partners, or a range of them
        """
        standings = self.env["crm.customer.standing"]
        known = standings._query_kept(self.company_id, customers)
        leaving = standings._store_scores(
            self.company_id, judge(self._to_rules(), peers, day, known)
        )
        self._keep_moves(self._judge(leaving, day, peers), day)

    def _judge(self, rows, day, peers):
        """What some customers earn, and which tier that leads to.

        :param rows: of :data:`.crm_customer_standing.STANDING` and of their figures
        :return: list of :class:`Judged`
        """
        rules = self._to_rules()
        found = []
        for key, tier, since, was, *values in rows:
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

    # === WRITING === #

    def _keep_moves(self, moved, day):
        """Note new tiers on the customers and in their history.

        All who move come by here, whatever made them move.

        :param moved: list of :class:`Judged`, of customers whose tier changes; those
            whose tier is agreed keep it
        """
        agreed = self.env["res.partner"]._crm_find_agreed(
            self.company_id, [row.key for row in moved], day
        )
        moved = [row for row in moved if row.key not in agreed]
        if not moved:
            return
        rows = [
            {
                "id": row.key,
                "tier": row.outcome.tier,
                "score": row.points,
                "reason": row.outcome.reason,
                "indicators": self._tell_indicators(row.figures),
            }
            for row in moved
        ]
        self.env["crm.customer.tier.history"]._follow(self.company_id, rows, day)
        self.env["res.partner"]._crm_set_tiers(
            self.company_id, {row["id"]: row["tier"] for row in rows}
        )

    def _tell_indicators(self, figures):
        """The figures behind a score, as they are kept; what orders earn is read only
        where it counts."""
        told = figures._asdict()
        if not self._counts("margin"):
            del told["margin"]
        return told
