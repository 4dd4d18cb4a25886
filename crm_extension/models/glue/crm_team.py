from odoo import api, models


class CrmTeam(models.Model):
    _name = "crm.team"
    _inherit = ["crm.team", "crm.reporting.line"]

    @api.model
    def _crm_get_line_fields(self):
        return super()._crm_get_line_fields() | {"user_id"}
