import json

from odoo import api, fields, models
from odoo.tools import SQL

from .rhythm import DECLINE, EXPLORATION, FORMATION, STABLE, overdue_days

STAGES = [
    (EXPLORATION, "Getting to know"),
    (FORMATION, "Forming"),
    (STABLE, "Stable"),
    (DECLINE, "Declining"),
]
# What is kept of a customer, with its type in the database.
KEPT = {
    "purchases": "int",
    "first_on": "date",
    "last_on": "date",
    "usual_days": "numeric",
    "due_on": "date",
    "warn_on": "date",
    "stage": "text",
    "owner_id": "int",
    "state": "text",
    "silence_on": "date",
    "until": "date",
}


class CrmCustomerRhythm(models.Model):
    """How often a customer orders from a company, and whether its silence is a warning:
    one row each (FEATURES C20.4, C21).

    Written by whatever watches the customers, and by the answers of people: nobody
    writes it by hand.
    """

    _name = "crm.customer.rhythm"
    _inherit = ["crm.customer.silence"]
    _description = "Customer Rhythm"
    _order = "warn_on, id"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, ondelete="cascade"
    )
    owner_id = fields.Many2one(
        comodel_name="res.users",
        string="Looked After by",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The salesperson of the customer, or else of its last order; the leader of"
        " the sales team where neither works here any more.",
    )
    purchases = fields.Integer(
        string="Days with an Order",
        readonly=True,
        help="Orders confirmed on the same day count as one.",
    )
    first_on = fields.Date(string="First Order", readonly=True)
    last_on = fields.Date(string="Last Order", readonly=True)
    usual_days = fields.Float(
        string="Usual Interval",
        digits=(8, 1),
        readonly=True,
        aggregator="avg",
        help="Days from one order to the next, in the mean of the last six; 0 for those"
        " with fewer than three.",
    )
    due_on = fields.Date(
        string="Next Order Expected",
        readonly=True,
        index="btree_not_null",
        help="The last order and the usual interval.",
    )
    warn_on = fields.Date(
        string="Warning Day",
        readonly=True,
        help="From this day on, silence is a warning.",
    )
    stage = fields.Selection(
        selection=STAGES,
        string="Life-cycle Stage",
        readonly=True,
        help="Getting to know: fewer than three orders. Forming: in the first year."
        " Stable: longer. Declining: at risk or lost, or ordering less than half as"
        " often as the year before.",
    )
    overdue_days = fields.Integer(
        string="Overdue by",
        compute="_compute_overdue_days",
        help="Days since the next order was to be expected.",
    )
    silent_days = fields.Integer(
        string="Silent for",
        compute="_compute_overdue_days",
        help="Days since the last order.",
    )
    summary = fields.Char(compute="_compute_summary")

    _partner_company_unique = models.UniqueIndex(
        "(company_id, partner_id)", "A customer has one rhythm in a company."
    )

    # === COMPUTE METHODS === #

    @api.depends("due_on", "last_on")
    def _compute_overdue_days(self):
        for company, rows in self.grouped("company_id").items():
            day = company._crm_get_today()
            for row in rows:
                row.overdue_days = overdue_days(row.due_on or None, day)
                row.silent_days = max((day - row.last_on).days, 0) if row.last_on else 0

    @api.depends("due_on", "last_on", "state")
    @api.depends_context("lang")
    def _compute_summary(self):
        for row in self:
            row.summary = row._tell_silence()

    # === BUSINESS METHODS: rows === #

    @api.model
    def _seed(self, company, customers):
        """Give a row to all who have none.

        :param customers: query of the ids of commercial partners, as ``id``
        """
        self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_customer_rhythm (company_id, partner_id)
                SELECT %s, found.id FROM (%s) found
                 WHERE NOT EXISTS (
                    SELECT 1 FROM crm_customer_rhythm known
                     WHERE known.company_id = %s AND known.partner_id = found.id)
                ON CONFLICT DO NOTHING RETURNING id
                """,
                company.id,
                customers,
                company.id,
            )
        )

    @api.model
    def _lock(self, company, condition, limit=None):
        """Lock the next customers, so that nobody else watches them meanwhile.

        :return: ids of commercial partners, in order
        """
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id FROM crm_customer_rhythm
                 WHERE company_id = %s AND %s ORDER BY partner_id LIMIT %s FOR UPDATE
                """,
                company.id,
                condition,
                limit,
            )
        )
        return [key for (key,) in rows]

    @api.model
    def _read_kept(self, company, purchases):
        """What is known of some customers, beside what they have bought.

        :param purchases: query of their purchases, see ``_crm_query_purchases``
        :return: list of (id of the row, kept values as a dict, dict of the purchases)
        """
        found = ("id", "days", "count", "first_on", "recent", "before")
        found += ("owner_id", "active")
        rows = self.env.execute_query(
            SQL(
                """
                SELECT kept.id, %s, %s
                  FROM (%s) found
                  JOIN crm_customer_rhythm kept
                    ON kept.partner_id = found.id AND kept.company_id = %s
                 ORDER BY found.id
                """,
                SQL(", ").join(SQL.identifier("kept", name) for name in KEPT),
                SQL(", ").join(SQL.identifier("found", name) for name in found),
                purchases,
                company.id,
            )
        )
        split = 1 + len(KEPT)
        return [
            (
                row[0],
                dict(zip(KEPT, row[1:split], strict=True)),
                dict(zip(found, row[split:], strict=True)),
            )
            for row in rows
        ]

    @api.model
    def _store(self, changes):
        """Keep what has changed of some rows, in one statement.

        :param changes: dicts of ``id`` and all of :data:`KEPT`
        """
        if not changes:
            return
        self.env.execute_query(
            SQL(
                """
                UPDATE crm_customer_rhythm kept SET (%s) = ROW(%s)
                  FROM jsonb_to_recordset(%s) AS fresh(id int, %s)
                 WHERE kept.id = fresh.id RETURNING kept.id
                """,
                SQL(", ").join(SQL.identifier(name) for name in KEPT),
                SQL(", ").join(SQL.identifier("fresh", name) for name in KEPT),
                json.dumps(changes, default=str),
                SQL(", ").join(
                    SQL("%s %s", SQL.identifier(name), SQL(kind))
                    for name, kind in KEPT.items()
                ),
            )
        )
        self.invalidate_model(flush=False)

    def _keep_activities(self, activities):
        """Note which activity is about which customer, in one statement.

        :param activities: of the same number and order as the rows
        """
        self.flush_model(["activity_id", "told_on"])
        self.env.execute_query(
            SQL(
                """
                UPDATE crm_customer_rhythm kept SET activity_id = fresh.activity,
                       told_on = (NOW() AT TIME ZONE 'UTC')::date
                  FROM unnest(%s::int[], %s::int[]) AS fresh(id, activity)
                 WHERE kept.id = fresh.id RETURNING kept.id
                """,
                self.ids,
                activities.ids,
            )
        )
        self.invalidate_recordset(["activity_id", "told_on"], flush=False)

    def _forget(self):
        """Take away what is known of those who are no customers of their own any more,
        and what their owners were told about them."""
        self._close_activities()
        for company, rows in self.grouped("company_id").items():
            rows.partner_id._crm_set_churn(company, dict.fromkeys(rows.partner_id.ids))
        self.unlink()
