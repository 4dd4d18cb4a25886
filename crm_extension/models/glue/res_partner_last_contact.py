from odoo import api, fields, models
from odoo.tools import SQL

# Any partner of the customers asked about, and the customer it belongs to.
OWN = """
    SELECT id, commercial_partner_id AS customer FROM res_partner
     WHERE commercial_partner_id = ANY(%s::int[])
"""
# An order is one that somebody pays for, and that has been placed by now.
ORDERS = """
    SELECT own.customer, sale.date_order AS at, TRUE AS is_order
      FROM own JOIN sale_order sale ON sale.partner_id = own.id
     WHERE sale.state = 'sale' AND sale.amount_total > 0
"""
LAST = """
    WITH own AS MATERIALIZED (%(own)s), contact AS (%(contacts)s)
    SELECT customer,
           MAX((at AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date),
           MAX((at AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date)
               FILTER (WHERE is_order)
      FROM contact WHERE at <= %(now)s
     GROUP BY customer
"""


class CrmCustomerContacted(models.AbstractModel):
    """When somebody last dealt with a customer so that it can be verified: what holds
    a customer against the pool (FEATURES C04.2; ANCHORS N15).

    Part of ``res.partner``, and nothing else's.
    """

    _name = "crm.customer.contacted"
    _description = "Last Contact with a Customer"

    @api.model
    def _crm_get_contact_queries(self):
        """What counts as contact: a query for each kind, to be extended.

        Each gives rows of ``customer`` (id of the commercial partner), ``at`` (when, a
        timestamp in UTC) and ``is_order``, for the partners in ``own``: a table of
        ``id`` (any partner) and ``customer`` (its commercial partner) that stands
        before it. What nobody but the owner says is no contact.
        """
        self.env["sale.order"].flush_model(
            ["partner_id", "state", "date_order", "amount_total"]
        )
        return [SQL(ORDERS)]

    @api.model
    def _crm_get_last_contacts(self, partner_ids, zone):
        """``{commercial partner id: (date of the last contact, of the last order)}``;
        without what is dated ahead.

        :param zone: name of the time zone in which days are counted
        """
        self.flush_model(["commercial_partner_id"])
        rows = self.env.execute_query(
            SQL(
                LAST,
                own=SQL(OWN, list(partner_ids)),
                contacts=SQL(" UNION ALL ").join(self._crm_get_contact_queries()),
                zone=zone,
                now=fields.Datetime.now(),
            )
        )
        return {key: (contact_on, order_on) for key, contact_on, order_on in rows}
