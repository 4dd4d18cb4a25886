from odoo import api, fields, models


class CrmCustomerTier(models.Model):
    """What a customer is worth to a company, as people say it: core, promising or
    general customers (FEATURES C02.6, GH-01).

    From which score a tier is reached is said where the score is made
    (``crm.tier.scheme``), so that it can be tried before it holds.
    """

    _name = "crm.customer.tier"
    _description = "Customer Tier"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10, help="The best tier comes first.")
    color = fields.Integer()
    company_id = fields.Many2one(
        comodel_name="res.company",
        index="btree_not_null",
        help="Only in this company; in all of them when empty.",
    )
    threshold = fields.Float(
        string="From Points",
        digits=(4, 1),
        compute="_compute_threshold",
        help="Score from which customers of the current company are in this tier, by"
        " the rating in force.",
    )

    @api.depends_context("company")
    def _compute_threshold(self):
        rungs = self.env["crm.tier.rung"].search(
            [
                ("tier_id", "in", self.ids),
                ("scheme_id.company_id", "=", self.env.company.id),
                ("scheme_id.state", "=", "published"),
            ]
        )
        thresholds = {rung.tier_id.id: rung.threshold for rung in rungs}
        for tier in self:
            tier.threshold = thresholds.get(tier.id, 0.0)
