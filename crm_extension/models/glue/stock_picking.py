from odoo import api, fields, models
from odoo.tools import format_date


class StockPicking(models.Model):
    _inherit = "stock.picking"

    crm_approval_note = fields.Char(
        string="Approval",
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
            granted = picking.sudo().sale_id.crm_approval_request_ids.filtered(
                lambda request: request.state == "granted"
            )[:1]
            picking.crm_approval_note = granted and self.env._(
                "Order approved by %(people)s on %(date)s",
                people=", ".join(
                    granted.decision_ids.filtered(
                        lambda row: row.verb == "approve"
                    ).mapped("user_id.name")
                ),
                date=format_date(self.env, granted.date_close),
            )
