from odoo import fields, models
from odoo.exceptions import UserError


class CrmVisit(models.Model):
    """A visit and the documents it is about."""

    _name = "crm.visit"
    _inherit = ["crm.visit.appointment", "crm.visit"]

    opportunity_id = fields.Many2one(
        comodel_name="crm.lead",
        index="btree_not_null",
        check_company=True,
        ondelete="set null",
        domain="[('type', '=', 'opportunity')]",
    )
    order_id = fields.Many2one(
        comodel_name="sale.order",
        index="btree_not_null",
        check_company=True,
        ondelete="set null",
    )
    ticket_id = fields.Many2one(
        comodel_name="helpdesk.ticket",
        index="btree_not_null",
        check_company=True,
        ondelete="set null",
    )

    # === ACTION METHODS === #

    def action_make_opportunity(self):
        """Make the opportunity that a visit has brought, and open it.

        :raises UserError: where there is one already
        """
        self.ensure_one()
        self.check_access("write")
        if self.opportunity_id:
            raise UserError(
                self.env._(
                    "%(visit)s is about %(opportunity)s already. Take that out of it"
                    " before another is made.",
                    visit=self.display_name,
                    opportunity=self.opportunity_id.display_name,
                )
            )
        self.opportunity_id = self.env["crm.lead"].create(self._prepare_opportunity())
        return self.opportunity_id.get_formview_action()

    # === BUSINESS METHODS === #

    def _prepare_opportunity(self):
        return {
            "type": "opportunity",
            "name": self.next_step or self.display_name,
            "partner_id": self.partner_id.id,
            "partner_name": self.partner_name,
            "user_id": self.user_id.id,
            "team_id": self.team_id.id,
            "company_id": self.company_id.id,
        }
