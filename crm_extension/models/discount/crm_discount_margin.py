from odoo import api, fields, models

from .margin import MarginFloor


class CrmDiscountMargin(models.Model):
    """A least margin: how much of the net price must be left after cost, and on what.

    What is left empty stands for everything. Of the rules that fit a line the one with
    the smallest priority number decides, of equals the larger. Whoever goes below it
    needs somebody's agreement.
    """

    _name = "crm.discount.margin"
    _inherit = ["crm.discount.rule"]
    _description = "Least Margin"
    _order = "sequence, id"

    sequence = fields.Integer(
        string="Priority",
        default=10,
        required=True,
        help="Of the least margins that fit a line the one with the smallest number"
        " decides; of equals the larger percentage.",
    )
    min_quantity = fields.Float(
        string="Quantity From",
        digits="Product Unit",
        help="Of the order line, in the product's own unit.",
    )
    percent = fields.Float(
        string="Least Margin (%)",
        required=True,
        # Beside the price at which it is met, it would tell the cost.
        groups="crm_extension.crm_extension_group_cost",
        help="Of the net price: what the customer pays after all that is given, minus"
        " cost. 0: not below cost.",
    )

    _check_percent = models.Constraint(
        "CHECK (percent >= 0 AND percent < 100)",
        "A least margin is at least 0 and less than 100 percent.",
    )
    # What is no number counts as larger than every number in the database.
    _check_min_quantity = models.Constraint(
        "CHECK (min_quantity >= 0 AND min_quantity <> 'NaN')",
        "The quantity from which a least margin holds is a number of 0 or more.",
    )

    @api.depends("name", "category_id", "class_id", "tier_id", "min_quantity")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for rule in self:
            scope = (rule.category_id, rule.class_id, rule.tier_id)
            names = [part.display_name for part in scope if part]
            if rule.min_quantity:
                names.append(self.env._("from %g", rule.min_quantity))
            rule.display_name = (
                rule.name or " · ".join(names) or self.env._("Every order line")
            )

    def _to_floor(self):
        """The rule as the plain thinking sees it."""
        self.ensure_one()
        return MarginFloor(
            self.id,
            self.display_name,
            self.percent,
            self.sequence,
            self.category_id.id or None,
            self.class_id.id or None,
            self.min_quantity,
            self.date_from or None,
            self.date_to or None,
            self.tier_id.id or None,
        )
