from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from .score import Peers, figures_of

# The figures of a customer's books that are kept, as the query of the glue names them.
SUMS = ("invoiced", "credited", "margin", "orders", "frequency")
DAYS = ("last_on", "first_on", "overdue_on")
FIGURES = (*SUMS, *DAYS)


class CrmCustomerStanding(models.Model):
    """The last known figures and score of a customer in a company: one row each.

    Written by whatever works out the tiers. Days are kept instead of ages, so that a
    night on which nothing happened changes nothing.
    """

    _name = "crm.customer.standing"
    _description = "Customer Score"
    _order = "score desc, id"
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
    currency_id = fields.Many2one(related="company_id.currency_id")
    invoiced = fields.Monetary(readonly=True)
    credited = fields.Monetary(readonly=True)
    margin = fields.Monetary(
        readonly=True, groups="crm_extension.crm_extension_group_approver"
    )
    orders = fields.Integer(readonly=True)
    frequency = fields.Integer(string="Months with a Purchase", readonly=True)
    last_on = fields.Date(string="Last Purchase", readonly=True)
    first_on = fields.Date(string="First Purchase", readonly=True)
    overdue_on = fields.Date(string="Overdue since", readonly=True)
    score = fields.Float(digits=(4, 1), readonly=True, aggregator="avg")
    below_since = fields.Date(string="Too Low since", readonly=True)

    _partner_company_unique = models.UniqueIndex(
        "(company_id, partner_id)", "A customer has one score in a company."
    )

    # === BUSINESS METHODS === #

    def _get_figures(self, day):
        """The figures of a single customer as they count on a day."""
        self.ensure_one()
        sums = {name: self[name] for name in SUMS}
        return figures_of(day, **sums, **{name: self[name] or None for name in DAYS})

    def _query_kept(self, company, partner_ids):
        """Query of figures that are known: ``id`` and :data:`FIGURES`."""
        return SQL(
            """
            SELECT partner_id AS id, %s FROM crm_customer_standing
             WHERE company_id = %s AND partner_id = ANY(%s::int[])
            """,
            SQL(", ").join(SQL.identifier(name) for name in FIGURES),
            company.id,
            list(partner_ids),
        )

    def _seed(self, company, customers):
        """Give a row to all who have none.

        :param customers: query of the ids of commercial partners, as ``id``
        """
        self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_customer_standing (company_id, partner_id)
                SELECT %s, found.id FROM (%s) found
                 WHERE NOT EXISTS (
                    SELECT 1 FROM crm_customer_standing known
                     WHERE known.company_id = %s AND known.partner_id = found.id)
                ON CONFLICT DO NOTHING RETURNING id
                """,
                company.id,
                customers,
                company.id,
            )
        )

    def _store_figures(self, company, figures):
        """Keep the figures of a query, where they changed."""
        fresh = SQL(", ").join(SQL.identifier("found", name) for name in FIGURES)
        kept = SQL(", ").join(SQL.identifier("kept", name) for name in FIGURES)
        self.env.execute_query(
            SQL(
                """
                UPDATE crm_customer_standing kept SET (%s) = ROW(%s)
                  FROM (%s) found
                 WHERE kept.company_id = %s AND kept.partner_id = found.id
                   AND (%s) IS DISTINCT FROM (%s)
                RETURNING kept.id
                """,
                SQL(", ").join(SQL.identifier(name) for name in FIGURES),
                fresh,
                figures,
                company.id,
                kept,
                fresh,
            )
        )
        self.invalidate_model(FIGURES, flush=False)

    def _find_peers(self, company, window, day, source=None):
        """What parts the customers who bought within the window into fifths.

        :param source: query of figures; those that are kept, by default
        """
        kept = SQL(
            "SELECT * FROM crm_customer_standing WHERE company_id = %s", company.id
        )
        fifths = SQL("ARRAY[0.2, 0.4, 0.6, 0.8]")
        ((days, months, amounts),) = self.env.execute_query(
            SQL(
                """
                SELECT percentile_disc(%(fifths)s) WITHIN GROUP (ORDER BY last_on),
                       percentile_disc(%(fifths)s) WITHIN GROUP (ORDER BY frequency),
                       percentile_disc(%(fifths)s)
                           WITHIN GROUP (ORDER BY invoiced - credited)
                  FROM (%(source)s) found
                 WHERE last_on > %(start)s
                """,
                fifths=fifths,
                source=source or kept,
                start=day - timedelta(days=window),
            )
        )
        return Peers(
            [-(day - last_on).days for last_on in days or ()],
            list(months or ()),
            [float(amount) for amount in amounts or ()],
        )
