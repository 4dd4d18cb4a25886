from odoo import api, models


class HrEmployee(models.Model):
    _name = "hr.employee"
    _inherit = ["hr.employee", "crm.reporting.line"]

    @api.model
    def _crm_get_line_fields(self):
        return super()._crm_get_line_fields() | {
            "user_id",
            "parent_id",
            "department_id",
        }
