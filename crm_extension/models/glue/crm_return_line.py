from odoo import api, models


class CrmReturnLine(models.Model):
    """What changes on a line is looked at with its return."""

    _name = "crm.return.line"
    _inherit = ["crm.return.line", "crm.approval.line.mixin"]
    _approval_document_field = "return_id"

    @api.model
    def _approval_watched_line_fields(self):
        return frozenset({"quantity", "return_id", "sale_line_id"})
