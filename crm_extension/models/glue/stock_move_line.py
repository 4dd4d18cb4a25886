from odoo import api, models


class StockMoveLine(models.Model):
    _inherit = "stock.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        # More goods of a delivery that has left already.
        lines._crm_check_later(lambda line: True)
        return lines

    def write(self, vals):
        if "quantity" in vals:
            more = vals["quantity"] or 0
            self._crm_check_later(lambda line: more > line.quantity)
        return super().write(vals)

    def _crm_check_later(self, is_more):
        """What is added to a delivery after it has left leaves as well.

        :param is_more: function of a line: whether something is added
        """
        later = self.filtered(lambda line: line.state == "done" and is_more(line))
        later.move_id._crm_check_later()
