from odoo import fields, models
from odoo.tools import SQL

COMPLAINT = "crm_extension.helpdesk_ticket_category_complaint"


class CrmCustomerTicket(models.Model):
    """What a customer has asked service for and complained of (FEATURES C01.2, XT-06),
    for salespeople, who are not in the service team.

    Title, state and who is on it; what was written is for the service team.
    """

    _name = "crm.customer.ticket"
    _inherit = ["crm.customer.seen"]
    _description = "Service for a Customer"
    _auto = False
    _order = "date desc, id desc"
    _depends = {
        "helpdesk.ticket": ["number", "name", "partner_id", "category_id", "stage_id"]
        + ["user_id", "closed_date", "company_id", "active"],
        "helpdesk.ticket.category": ["parent_path"],
        "res.partner": ["commercial_partner_id"],
    }

    number = fields.Char(readonly=True)
    name = fields.Char(string="Subject", readonly=True)
    date = fields.Datetime(string="Asked on", readonly=True)
    date_closed = fields.Datetime(string="Closed on", readonly=True)
    is_complaint = fields.Boolean(string="Complaint", readonly=True)
    stage_id = fields.Many2one(comodel_name="helpdesk.ticket.stage", readonly=True)
    user_id = fields.Many2one(
        comodel_name="res.users", string="Looked After by", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)

    # === BUSINESS METHODS === #

    @property
    def _table_query(self):
        complaint = self.env["ir.model.data"]._xmlid_to_res_id(COMPLAINT) or 0
        return SQL(
            """
            SELECT ticket.id,
                   partner.commercial_partner_id AS partner_id,
                   ticket.number,
                   ticket.name,
                   ticket.create_date AS date,
                   ticket.closed_date AS date_closed,
                   COALESCE('/' || category.parent_path LIKE %(complaint)s, FALSE)
                       AS is_complaint,
                   ticket.stage_id,
                   ticket.user_id,
                   ticket.company_id
              FROM helpdesk_ticket ticket
              JOIN res_partner partner ON partner.id = ticket.partner_id
         LEFT JOIN helpdesk_ticket_category category
                ON category.id = ticket.category_id
             WHERE ticket.active
            """,
            complaint=f"%/{complaint}/%",
        )
