from odoo import api, fields, models
from odoo.tools import format_date


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = [
        *("crm.picking.hold", "crm.picking.allocation", "crm.picking.return"),
        *("stock.picking", "crm.approval.mixin"),
    ]

    crm_approval_note = fields.Char(
        string="Approval of the Order",
        compute="_compute_crm_approval_note",
        groups="base.group_user",
        help="Who approved the order that this delivery serves.",
    )

    @api.depends("sale_id.crm_approval_request_ids.state")
    @api.depends_context("lang")
    def _compute_crm_approval_note(self):
        for picking in self:
            # Superuser mode: the warehouse may not read orders or requests, and
            # needs no more of them than this one line.
            requests = picking.sudo().sale_id.crm_approval_request_ids
            granted = requests.filtered(lambda request: request.state == "granted")[:1]
            picking.crm_approval_note = (
                picking._crm_get_approval_note(granted) if granted else False
            )

    def _crm_get_approval_note(self, granted):
        approvals = granted.decision_ids.filtered(lambda row: row.verb == "approve")
        return self.env._(
            "Order approved by %(people)s on %(date)s",
            people=", ".join(approvals.mapped("user_id.name")),
            date=format_date(self.env, granted.date_close),
        )
