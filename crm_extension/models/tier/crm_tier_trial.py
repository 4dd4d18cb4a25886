import json
from collections import Counter

from odoo import fields, models
from odoo.tools import SQL, split_every

from .among import among
from .crm_tier_rating import RATED
from .score import decide, falls_on
from .score_sql import judge


class CrmTierTrial(models.AbstractModel):
    """Tries a draft of a rating on all customers before it is put in force.

    Part of ``crm.tier.scheme``. Nothing but the result is kept: who would move, from
    which tier to which, and when.
    """

    _name = "crm.tier.trial"
    _description = "Trying a Customer Rating"

    tried_on = fields.Datetime(string="Tried", readonly=True, copy=False)
    trial_note = fields.Text(string="Who Would Move", readonly=True, copy=False)

    def action_try(self):
        """Work out who would move, and show them."""
        self.ensure_one()
        self.check_access("write")
        self._check_draft()
        self._check_sound()
        # Superuser mode: the figures of all customers of the company count, whoever
        # may publish a rating of it.
        self.sudo()._try()
        return self.action_show_trial()

    def action_show_trial(self):
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.crm_tier_move_action"
        ) | {"domain": [("scheme_id", "=", self.id)]}

    def _try(self):
        partners, company = self.env["res.partner"], self.company_id
        standings = self.env["crm.customer.standing"]
        day = fields.Date.context_today(self)
        ids = partners._crm_find_customers(company)
        figures = self._query_figures(None, day, partners._crm_query_customers(company))
        self.env["crm.tier.move"].search([("scheme_id", "=", self.id)]).unlink()
        counts = Counter()
        with standings._set_aside(figures) as found:
            peers = standings._find_peers(company, self.window_days, day, found)
            for batch in split_every(RATED, ids, list):
                some = SQL(
                    "SELECT * FROM (%s) found WHERE %s",
                    found,
                    among(SQL("id"), range(batch[0], batch[-1] + 1)),
                )
                moves = self._find_moves(some, day, peers)
                counts.update((move["old"], move["new"]) for move in moves)
                self._keep_trial(moves)
        self._note(
            tried_on=fields.Datetime.now(),
            trial_note=self._tell_trial(counts, len(ids)),
        )

    def _find_moves(self, figures, day, peers):
        """Who would move, at once or after the days of grace.

        :param figures: query of the figures of some customers
        :return: list of values of ``crm.tier.move``
        """
        rules = self._to_rules()
        thresholds = {rung.tier: rung.threshold for rung in rules.rungs}
        # Who is too low will fall, unless the score rises before the grace ends.
        soon = rules._replace(grace=0)
        standings = self.env["crm.customer.standing"]
        known = standings._query_beside(self.company_id, figures)
        leaving = standings._find_leaving(judge(soon, peers, day, known))
        moves = []
        for row in self._judge(leaving, day, peers):
            old, outcome = row.standing.tier, row.outcome
            then = decide(soon, row.standing, row.points, day)
            on = day if outcome.tier == then.tier else falls_on(rules, outcome)
            up = thresholds.get(then.tier, -1) > thresholds.get(old, -1)
            moves.append(
                {
                    "partner": row.key,
                    "old": old,
                    "new": then.tier,
                    "direction": ("up" if up else "down") if old else "first",
                    "score": row.points,
                    "day": str(on),
                }
            )
        return moves

    def _keep_trial(self, moves):
        """One statement however many customers would move."""
        if not moves:
            return
        self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_tier_move (
                    scheme_id, partner_id, from_tier_id, to_tier_id, direction, score,
                    moves_on, create_uid, create_date, write_date)
                SELECT %(scheme)s, partner, old, new, direction, score, day, %(user)s,
                       NOW() AT TIME ZONE 'UTC', NOW() AT TIME ZONE 'UTC'
                  FROM jsonb_to_recordset(%(moves)s) AS moved(
                    partner int, old int, new int, direction text, score numeric,
                    day date)
                RETURNING id
                """,
                scheme=self.id,
                user=self.env.uid,
                moves=json.dumps(moves),
            )
        )
        self.env["crm.tier.move"].invalidate_model(flush=False)

    def _tell_trial(self, counts, total):
        moving = sum(counts.values())
        lines = [
            self.env._(
                "%(moving)s of %(total)s customers would move.",
                moving=moving,
                total=total,
            )
        ]
        tiers = self.env["crm.customer.tier"]
        for (old, new), count in counts.most_common():
            lines.append(
                self.env._(
                    "%(old)s → %(new)s: %(count)s",
                    old=tiers.browse(old).name or self.env._("no tier"),
                    new=tiers.browse(new).name or self.env._("no tier"),
                    count=count,
                )
            )
        return "\n".join(lines)
