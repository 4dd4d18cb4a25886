from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

    def write(self, vals):
        result = super().write(vals)
        if {"active", "group_ids", "company_ids"} & vals.keys():
            self._crm_move_approvals()
        return result

    def _crm_move_approvals(self):
        """What waits for people who may no longer answer goes to somebody else at
        once; everything else that changes about people is found by the hour."""
        items = (
            self.env["crm.approval.item"]
            .sudo()  # whoever manages users need not see what waits for them
            .search([("user_id", "in", self.ids), ("state", "in", ("later", "open"))])
        )
        if items:
            items._filter_unable()._reroute()
