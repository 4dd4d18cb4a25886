from odoo import fields, models


class CrmTierMove(models.TransientModel):
    """A customer whom a rating would move, were it in force."""

    _name = "crm.tier.move"
    _description = "Customer Who Would Move"
    _order = "moves_on, score desc, id"
    _rec_name = "partner_id"

    scheme_id = fields.Many2one("crm.tier.scheme", ondelete="cascade", index=True)
    partner_id = fields.Many2one("res.partner", string="Customer", ondelete="cascade")
    from_tier_id = fields.Many2one("crm.customer.tier", string="Old Tier")
    to_tier_id = fields.Many2one("crm.customer.tier", string="New Tier")
    direction = fields.Selection(
        [("first", "First tier"), ("up", "Up"), ("down", "Down")]
    )
    score = fields.Float(digits=(4, 1), aggregator="avg")
    moves_on = fields.Date(
        string="Moves on",
        help="At once, or after the days of grace unless the score rises.",
    )
