from odoo import api, models


class HrDepartment(models.Model):
    _name = "hr.department"
    _inherit = ["hr.department", "crm.reporting.line"]

    @api.model
    def _crm_get_line_fields(self):
        return super()._crm_get_line_fields() | {"manager_id", "parent_id"}
