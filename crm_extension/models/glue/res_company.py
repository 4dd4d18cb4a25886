from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from odoo import api, fields, models
from odoo.tools import ormcache


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "crm.company.sight", "crm.company.collection"]

    crm_settlement_days = fields.Integer(
        string="Longest Settlement (days)",
        help="Payment terms of customers end within so many days; with 0 there is no"
        " limit.",
    )

    crm_organisations_only = fields.Boolean(
        string="Organisations Only",
        help="Individuals are no customers: they are not released, and their orders"
        " are not confirmed. Contacts of an organisation are fine.",
    )

    crm_visit_positions = fields.Boolean(
        string="Position of Visits",
        help="Ask for the position of the phone when somebody checks in or out of a"
        " visit, and at no other time. Without it, check-ins have a time only.",
    )

    _check_crm_settlement_days = models.Constraint(
        "CHECK (crm_settlement_days >= 0)",
        "The longest settlement is a number of days, or 0 for no limit.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "partner_id" in vals:
            self.env.registry.clear_cache()
        return result

    # === BUSINESS METHODS === #

    @api.model
    @ormcache()
    def _crm_get_own_partner_ids(self):
        """The partners that are our companies, whichever one sees."""
        everything = self.sudo().with_context(active_test=False)
        companies = everything.search([("partner_id", "!=", False)])
        return frozenset(companies.partner_id.ids)

    def _crm_get_zone(self):
        """Name of the time zone in which the company counts its days: that of its
        working calendar, or else of its address."""
        self.ensure_one()
        company = self.sudo()  # the same whoever looks
        name = company.resource_calendar_id.tz or company.partner_id.tz or "UTC"
        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError):
            return "UTC"

    def _crm_get_today(self):
        """Which day it is at the company."""
        zone = self._crm_get_zone()
        return fields.Date.context_today(self.with_context(tz=zone))
