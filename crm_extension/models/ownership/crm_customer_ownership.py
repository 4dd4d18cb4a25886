from collections import defaultdict

from odoo import api, fields, models

from .rule import CLAIMED, GIVEN, RELEASED, TAKEN, event_of

EVENTS = [
    ("found", "Found so"),
    (CLAIMED, "Taken from the pool"),
    (GIVEN, "Given"),
    (RELEASED, "Released"),
    (TAKEN, "Taken away"),
    ("merged", "Merged with another customer"),
    ("handed", "Handed over"),
    ("recycled", "Back to the pool by the rule"),
]


class CrmCustomerOwnership(models.Model):
    """Who looked after which customer from when to when, by whom and why (FEATURES
    C04.6; KC-10, JZ-06).

    Written whenever the owner changes, whichever door was used, and by nobody's hand.
    What has ended never changes again.
    """

    _name = "crm.customer.ownership"
    _inherit = ["crm.customer.warning"]
    _description = "Whose Customer It Was"
    _order = "date_from desc, id desc"
    _rec_name = "owner_id"

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="partner_id.company_id", store=True, index="btree_not_null"
    )
    owner_id = fields.Many2one(
        comodel_name="res.users",
        string="Looked After by",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    former_id = fields.Many2one(
        comodel_name="res.users",
        string="Before That",
        readonly=True,
        ondelete="restrict",
        help="Who had it until then; empty when it came from the pool.",
    )
    date_from = fields.Datetime(string="From", required=True, readonly=True)
    event = fields.Selection(
        selection=EVENTS, string="How It Began", required=True, readonly=True
    )
    is_entered = fields.Boolean(
        string="Entered by the Owner",
        readonly=True,
        help="The customer was nobody's before: it was not taken from the pool.",
    )
    given_by_id = fields.Many2one(
        comodel_name="res.users", string="Begun by", readonly=True, ondelete="restrict"
    )
    note = fields.Char(string="Why", readonly=True)
    protected_until = fields.Date(
        readonly=True,
        help="Until this day nobody takes it away but administration.",
    )
    date_to = fields.Datetime(
        string="Until", readonly=True, help="Empty while it lasts."
    )
    end_event = fields.Selection(selection=EVENTS, string="How It Ended", readonly=True)
    ended_by_id = fields.Many2one(
        comodel_name="res.users", string="Ended by", readonly=True, ondelete="restrict"
    )
    end_note = fields.Char(string="Why It Ended", readonly=True)

    _partner_idx = models.Index("(partner_id, date_to)")
    _open_unique = models.UniqueIndex(
        "(partner_id) WHERE date_to IS NULL",
        "One person at a time looks after a customer.",
    )

    # === BUSINESS METHODS: writing === #

    @api.model
    def _follow(self, owners, cause=None, protection=None, entered=()):
        """Note who looks after some customers from now on, where it has changed.

        :param owners: ``{partner id: user id, or None}``
        :param cause: a :class:`~.rule.Cause`, or ``None`` for what somebody did by hand
        :param protection: ``{user id: until which day a claim of theirs is protected}``
        :param entered: ids of those who were no customers before
        """
        # Superuser mode: nobody writes the log by hand.
        rows = self.sudo().search(
            [("partner_id", "in", list(owners)), ("date_to", "=", False)]
        )
        kept = {row.partner_id.id: row for row in rows}
        changed = {
            key: owner
            for key, owner in owners.items()
            if (kept[key].owner_id.id if key in kept else None) != owner
        }
        ending = rows.filtered(lambda row: row.partner_id.id in changed)
        former = {row.partner_id.id: row.owner_id.id for row in ending}
        ending._end(changed, cause)
        # Nobody owns two at once, not for an instant.
        self.flush_model(["date_to"])
        self.sudo().create(
            [
                self._prepare_spell(key, former.get(key), owner, cause, protection)
                | {"is_entered": key in entered}
                for key, owner in changed.items()
                if owner
            ]
        )

    def _end(self, owners, cause=None):
        """
        :param owners: ``{partner id: who comes after, or None}``
        """
        self._close_activities()
        by_event = defaultdict(self.browse)
        for row in self:
            after = owners[row.partner_id.id]
            event = event_of(row.owner_id.id, after, self.env.uid)
            by_event[cause.event if cause else event] |= row
        for event, rows in by_event.items():
            rows.write(
                {
                    "date_to": fields.Datetime.now(),
                    "end_event": event,
                    "ended_by_id": self.env.uid,
                    "end_note": cause.note if cause else False,
                    "due_on": False,
                }
            )

    @api.model
    def _prepare_spell(self, partner, former, owner, cause, protection):
        event = cause.event if cause else event_of(former, owner, self.env.uid)
        return {
            "partner_id": partner,
            "owner_id": owner,
            "former_id": former,
            "date_from": fields.Datetime.now(),
            "event": event,
            "given_by_id": self.env.uid,
            "note": cause.note if cause else False,
            "protected_until": event == CLAIMED and (protection or {}).get(owner),
        }

    # === BUSINESS METHODS: reading === #

    @api.model
    def _get_current(self, partner_ids):
        """What holds for some customers now: ``{partner id: row}``."""
        # Superuser mode: whose customer it is, is no secret (FEATURES C01.9).
        rows = self.sudo().search_fetch(
            [("partner_id", "in", list(partner_ids)), ("date_to", "=", False)]
        )
        return {row.partner_id.id: row for row in rows}

    @api.model
    def _count_claims(self, owner, since):
        """How many customers somebody has taken from the pool, whether or not they were
        kept.

        :param since: datetime, in UTC
        """
        # Superuser mode: as above.
        return self.sudo().search_count(
            [
                ("owner_id", "=", owner.id),
                ("event", "=", CLAIMED),
                ("is_entered", "=", False),
                ("date_from", ">=", since),
            ]
        )

    @api.model
    def _get_last(self, partner_ids, owner):
        """What ended last for some customers, of what was somebody's:
        ``{partner id: row}``."""
        domain = [("partner_id", "in", list(partner_ids)), ("date_to", "!=", False)]
        domain += [("owner_id", "=", owner.id)]
        # Superuser mode: as above.
        rows = self.sudo().search_fetch(domain, order="date_to, id")
        return {row.partner_id.id: row for row in rows}

    @api.model
    def _get_latest(self, partner_ids):
        """What holds for some customers, or what ended last: ``{partner id: row}``."""
        # Superuser mode: as above. What has not ended comes last.
        rows = self.sudo().search_fetch(
            [("partner_id", "in", list(partner_ids))], order="date_to, id"
        )
        return {row.partner_id.id: row for row in rows}
