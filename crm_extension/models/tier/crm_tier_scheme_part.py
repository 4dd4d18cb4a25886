from odoo import api, fields, models

from .score import BY_PEERS


class CrmTierSchemePart(models.AbstractModel):
    """A line of a rating: changes with it, as long as it is a draft."""

    _name = "crm.tier.scheme.part"
    _description = "Part of a Customer Rating"

    scheme_id = fields.Many2one(
        comodel_name="crm.tier.scheme", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="scheme_id.company_id")

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._note_change()
        return parts

    def write(self, vals):
        self._note_change()
        result = super().write(vals)
        self._note_change()
        return result

    def unlink(self):
        self._note_change()
        return super().unlink()

    def _note_change(self):
        self.scheme_id._check_draft()
        # What was tried was something else.
        self.scheme_id._note(tried_on=False, trial_note=False)


class CrmTierWeight(models.Model):
    """How much a figure counts in the score.

    Where customers are compared with each other, each fifth of them is worth 20
    points more. Otherwise points grow with the figure, up to a goal; days overdue and
    returns take points away, down to none at a limit.
    """

    _name = "crm.tier.weight"
    _inherit = ["crm.tier.scheme.part"]
    _description = "What Counts in a Customer Rating"
    _order = "weight desc, id"

    indicator = fields.Selection(
        selection=[
            ("recency", "Last Purchase (compared)"),
            ("frequency", "Months with a Purchase (compared)"),
            ("money", "Turnover (compared)"),
            ("turnover", "Turnover"),
            ("margin", "Margin of Orders"),
            ("orders", "Confirmed Orders"),
            ("years", "Years as a Customer"),
            ("overdue", "Days Overdue"),
            ("returns", "Credited Part of Sales"),
        ],
        required=True,
    )
    weight = fields.Integer(
        default=10, help="Relative to the others: 20 counts twice as much as 10."
    )
    mark = fields.Float(
        string="Goal or Limit",
        help="Turnover, margin, orders and years: the value that is worth all 100"
        " points. Days overdue and credited part (%): the value that leaves none.",
    )
    needs_mark = fields.Boolean(compute="_compute_needs_mark")
    unit = fields.Char(compute="_compute_unit")

    _weight_range = models.Constraint(
        "CHECK (weight BETWEEN 0 AND 1000)", "A weight is between 0 and 1000."
    )
    _mark_range = models.Constraint(
        "CHECK (mark IS NULL OR (mark >= 0 AND mark < 'Infinity'))",
        "The value that is worth all points, or none, is not below 0.",
    )
    _indicator_unique = models.UniqueIndex(
        "(scheme_id, indicator)", "Each figure counts once in a rating."
    )

    @api.depends("indicator")
    def _compute_needs_mark(self):
        for line in self:
            line.needs_mark = bool(line.indicator) and line.indicator not in BY_PEERS

    @api.depends("indicator", "scheme_id.company_id")
    def _compute_unit(self):
        units = {
            "margin": "",
            "orders": self.env._("orders"),
            "years": self.env._("years"),
            "overdue": self.env._("days"),
            "returns": "%",
        }
        for line in self:
            if line.indicator in ("turnover", "margin"):
                line.unit = line.scheme_id.company_id.currency_id.symbol
            else:
                line.unit = units.get(line.indicator, "")

    def _tell_indicator(self):
        self.ensure_one()
        labels = dict(self._fields["indicator"]._description_selection(self.env))
        return labels[self.indicator]


class CrmTierRung(models.Model):
    """From which score a tier is reached."""

    _name = "crm.tier.rung"
    _inherit = ["crm.tier.scheme.part"]
    _description = "Tier of a Customer Rating"
    _order = "threshold desc, id"
    _check_company_auto = True

    tier_id = fields.Many2one(
        comodel_name="crm.customer.tier",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    threshold = fields.Float(string="From Points", digits=(4, 1))

    _threshold_range = models.Constraint(
        "CHECK (threshold >= 0 AND threshold <= 100)",
        "A tier begins between 0 and 100 points.",
    )
    _tier_unique = models.UniqueIndex(
        "(scheme_id, tier_id)", "Each tier begins at one score."
    )
