from odoo import api, models


class HrVersion(models.Model):
    _name = "hr.version"
    _inherit = ["hr.version", "crm.reporting.line"]

    @api.model
    def _crm_get_line_fields(self):
        return super()._crm_get_line_fields() | {"department_id"}
