from odoo import api, fields, models

from ..visit.quota import USUAL


class CrmTeam(models.Model):
    _name = "crm.team"
    _inherit = ["crm.team", "crm.reporting.line", "crm.team.calls"]

    crm_visit_quota = fields.Integer(
        string="Visits a Week",
        default=USUAL[0],
        groups="base.group_user",
        help="How many visits everybody in the team pays a week; branches ask for 12,"
        " 16 or 18. 0 for no such quota.",
    )

    _check_crm_visit_quota = models.Constraint(
        "CHECK (crm_visit_quota >= 0)",
        "The visits a week are a number, or 0 for no quota.",
    )

    @api.model
    def _crm_get_line_fields(self):
        return super()._crm_get_line_fields() | {"user_id"}
