from odoo import models


class CrmMovePaid(models.AbstractModel):
    """Payments and credit notes release the deliveries that wait for them (FEATURES
    C13.4, N14). Part of ``account.move``, and nothing else's."""

    _name = "crm.move.paid"
    _description = "Entry that Releases Deliveries"

    def _post(self, soft=True):
        posted = super()._post(soft)
        if posted and self.env["crm.hold.policy"]._looks_at_money():
            posted._crm_get_payers_of_all()._crm_release_deliveries()
        return posted

    def _crm_get_payers_of_all(self):
        """Who owes less by these entries."""
        lines = self.sudo().line_ids.filtered(  # whoever posts
            lambda line: (
                line.account_id.account_type == "asset_receivable" and line.balance < 0
            )
        )
        return lines.partner_id
