from odoo import fields, models
from odoo.tools import SQL


class CrmCustomerLookup(models.Model):
    """Who looks after which customer, for everybody in sales (FEATURES C01.9, C24.7;
    KC-10, ZK-09), whatever else they may see of it.

    It has no more than name, owner and state, so that there is nothing else that a
    search, a sort, a group or an export could tell.
    """

    _name = "crm.customer.lookup"
    _description = "Customer, as Everybody Finds It"
    _auto = False
    _order = "name, id"
    _depends = {
        "res.partner": ["name", "active", "parent_id", "partner_share", "user_id"]
        + ["company_id", "is_company", "supplier_rank", "customer_rank", "crm_released"]
        + ["commercial_partner_id"],
        "res.company": ["partner_id"],
        "res.users": ["partner_id"],
    }

    name = fields.Char(readonly=True)
    owner = fields.Char(string="Looked After by", readonly=True)
    state = fields.Selection(
        selection=[
            ("new", "Not released yet"),
            ("released", "Released"),
            ("archived", "Archived"),
        ],
        readonly=True,
    )
    # Only for the record rule, which is nobody's to read.
    company_id = fields.Many2one(
        comodel_name="res.company", readonly=True, groups=fields.NO_ACCESS
    )

    # === BUSINESS METHODS === #

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT customer.id,
                   customer.name,
                   owner.name AS owner,
                   CASE WHEN customer.active IS NOT TRUE THEN 'archived'
                        WHEN customer.crm_released THEN 'released'
                        ELSE 'new' END AS state,
                   customer.company_id
              FROM res_partner customer
         LEFT JOIN res_users account ON account.id = customer.user_id
         LEFT JOIN res_partner owner ON owner.id = account.partner_id
             WHERE customer.commercial_partner_id = customer.id
               AND customer.partner_share
               AND customer.name IS NOT NULL
               AND (COALESCE(customer.supplier_rank, 0) = 0
                    OR COALESCE(customer.customer_rank, 0) > 0)
               AND NOT EXISTS (
                   SELECT FROM res_company own WHERE own.partner_id = customer.id)
               -- Visitors and the template of portal users are nobody.
               AND (customer.active OR NOT EXISTS (
                   SELECT FROM res_users visitor
                    WHERE visitor.partner_id = customer.id))
            """
        )
