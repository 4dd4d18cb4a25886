import json

from odoo import api, fields, models
from odoo.tools import SQL

from .spells import Spell


class CrmCustomerTierHistory(models.Model):
    """Which tier a customer had from when to when, and why (FEATURES C02.8).

    Written by whatever works out the tiers, and by nobody else. A row holds from its
    first day up to, and not including, its last: a customer whose tier changes twice
    on a day had only the later one.
    """

    _name = "crm.customer.tier.history"
    _description = "Tier History"
    _order = "date_from desc, id desc"
    _rec_name = "tier_id"

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True
    )
    tier_id = fields.Many2one(
        comodel_name="crm.customer.tier",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    color = fields.Integer(related="tier_id.color")
    date_from = fields.Date(string="From", required=True, readonly=True)
    date_to = fields.Date(
        string="Until",
        readonly=True,
        help="From this day on it no longer held; empty while it holds.",
    )
    reason = fields.Selection(
        selection=[
            ("first", "By its points"),
            ("rose", "Reached enough points"),
            ("fell", "Too few points for too long"),
            ("gone", "The tier before is no longer used"),
            ("agreed", "Agreed by request"),
        ],
        readonly=True,
    )
    score = fields.Float(
        digits=(4, 1), readonly=True, aggregator="avg", help="Points, of 100."
    )
    indicators = fields.Json(
        readonly=True,
        # What orders earn is among them.
        groups="crm_extension.crm_extension_group_approver",
        help="The figures behind the score on that day.",
    )

    _partner_company_idx = models.Index("(partner_id, company_id, date_from)")
    _open_unique = models.UniqueIndex(
        "(partner_id, company_id) WHERE date_to IS NULL",
        "A customer has one tier at a time in a company.",
    )

    @api.model
    def _get_tiers_on(self, partners, company, day):
        """Which tier customers had on a day: ``{commercial partner id: tier}``.

        :param partners: customers, or contacts of them
        :param day: a date; customers without a tier then are left out
        """
        return self._get_tiers_held(partners.commercial_partner_id.ids, company, day)

    @api.model
    def _get_tiers_held(self, partner_ids, company, day):
        """The same by the ids of those who were customers of their own then."""
        # Superuser mode: prices and terms follow the tier whoever looks.
        rows = self.sudo().search_fetch(
            [
                ("partner_id", "in", partner_ids),
                ("company_id", "=", company.id),
                ("date_from", "<=", day),
                "|",
                ("date_to", "=", False),
                ("date_to", ">", day),
            ],
            ["partner_id", "tier_id"],
            order="date_from, id",
        )
        return {row.partner_id.id: row.tier_id.sudo(False) for row in rows}

    @api.model
    def _get_spells(self, partners, company):
        """All tiers that customers have had in a company:
        ``{commercial partner id: [Spell]}``."""
        if not partners:
            return {}
        # Superuser mode: as above.
        rows = self.sudo()._read_group(
            [("partner_id", "in", partners.ids), ("company_id", "=", company.id)],
            ["partner_id", "tier_id", "date_from:day", "date_to:day"],
        )
        spells = {}
        for partner, tier, first, end in rows:
            spells.setdefault(partner.id, []).append(Spell(tier.id, first, end or None))
        return spells

    def _follow(self, company, moves, day):
        """End what held for some customers, and note what holds from now on.

        :param moves: dicts of ``id`` (of the commercial partner), ``tier`` (its id, or
            none), ``score``, ``reason`` and ``indicators``
        """
        self._close(company, [move["id"] for move in moves], day)
        self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_customer_tier_history (
                    partner_id, company_id, tier_id, date_from, reason, score,
                    indicators, create_uid, create_date)
                SELECT id, %(company)s, tier, %(day)s, reason, score, indicators,
                       %(user)s, NOW() AT TIME ZONE 'UTC'
                  FROM jsonb_to_recordset(%(moves)s) AS moved(
                    id int, tier int, score numeric, reason text, indicators jsonb)
                 WHERE tier IS NOT NULL
                RETURNING id
                """,
                company=company.id,
                day=day,
                user=self.env.uid,
                moves=json.dumps(moves),
            )
        )
        self.invalidate_model(flush=False)

    def _close(self, company, partner_ids, day):
        """End what holds for some customers in a company."""
        self.env.execute_query(
            SQL(
                """
                UPDATE crm_customer_tier_history
                   SET date_to = GREATEST(date_from, %s)
                 WHERE partner_id = ANY(%s) AND date_to IS NULL AND company_id = %s
                RETURNING id
                """,
                day,
                list(partner_ids),
                company.id,
            )
        )
        self.invalidate_model(["date_to"], flush=False)
