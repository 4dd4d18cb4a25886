from odoo import api, models


class CrmHoldPolicy(models.Model):
    """Whoever changes what holds has it looked at soon: there may be very many
    deliveries."""

    _inherit = "crm.hold.policy"

    @api.model_create_multi
    def create(self, vals_list):
        policies = super().create(vals_list)
        self._look_soon()
        return policies

    def write(self, vals):
        result = super().write(vals)
        self._look_soon()
        return result

    def unlink(self):
        result = super().unlink()
        self._look_soon()
        return result

    @api.model
    def _look_soon(self):
        cron = self.env.ref("crm_extension.ir_cron_crm_hold", raise_if_not_found=False)
        if cron:
            # Superuser mode: administrators of approvals need not run jobs.
            cron.sudo()._trigger()
