from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        """What has been matched may be what a delivery waits for."""
        parts = super().create(vals_list)
        if parts and self.env["crm.hold.policy"]._looks_at_money():
            parts.sudo().credit_move_id.partner_id._crm_release_deliveries()
        return parts
