from odoo import api, models


class CrmTeamMember(models.Model):
    _name = "crm.team.member"
    _inherit = ["crm.team.member", "crm.reporting.line"]

    @api.model
    def _crm_get_line_fields(self):
        return super()._crm_get_line_fields() | {"user_id", "crm_team_id", "active"}
