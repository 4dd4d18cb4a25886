from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .scope import Entitlement

KINDS = [("volume", "Volume"), ("customer", "Customer"), ("agent", "Agent")]


class CrmDiscountEntitlement(models.Model):
    """What customers may claim that no pricelist carries: by the amount of the order,
    by who they are, as an agent (FEATURES C10.1).

    The best of pricelist and entitlements counts; they do not add up (C10.5).
    """

    _name = "crm.discount.entitlement"
    _inherit = ["crm.discount.rule"]
    _description = "Discount Entitlement"
    _order = "kind desc, percent desc, id"

    name = fields.Char(required=True, translate=True, help=False)
    kind = fields.Selection(selection=KINDS, default="volume", required=True)
    percent = fields.Float(
        string="Entitles to (%)",
        required=True,
        help="Off the price before any discount. The best of pricelist and"
        " entitlements counts; they do not add up.",
    )
    min_quantity = fields.Float(
        string="Quantity From",
        digits="Product Unit",
        help="Of the order line, in the product's own unit.",
    )
    min_amount = fields.Monetary(
        string="Amount From",
        help="Of all lines of the order that the product or category speaks of, before"
        " any discount and without regard to tax.",
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        ondelete="restrict",
    )
    product_tmpl_id = fields.Many2one(
        comodel_name="product.template",
        string="Product",
        ondelete="restrict",
        help="Empty: every product.",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        ondelete="restrict",
        help="With the contacts of the company. Empty: every customer.",
    )
    tag_id = fields.Many2one(
        comodel_name="res.partner.category",
        string="Customer Tag",
        ondelete="restrict",
        help="Empty: every customer. Everybody who may edit customers can give tags.",
    )

    _check_percent = models.Constraint(
        "CHECK (percent > 0 AND percent <= 100)",
        "A customer is entitled to more than 0 and at most 100 percent.",
    )
    # What is no number counts as larger than every number in the database.
    _check_minimum = models.Constraint(
        "CHECK (min_quantity >= 0 AND min_quantity <> 'NaN'"
        " AND min_amount >= 0 AND min_amount <> 'NaN')",
        "The quantity and the amount from which an entitlement holds are numbers of"
        " 0 or more.",
    )

    @api.constrains(
        *("kind", "min_quantity", "min_amount"),
        *("partner_id", "class_id", "tier_id", "tag_id"),
    )
    def _check_kind(self):
        for rule in self:
            if rule.kind == "volume":
                if not rule.min_quantity and not rule.min_amount:
                    raise ValidationError(
                        self.env._(
                            "“%(rule)s” is for volume: say from which quantity or"
                            " amount on.",
                            rule=rule.name,
                        )
                    )
            elif not (rule.partner_id or rule.class_id or rule.tier_id or rule.tag_id):
                raise ValidationError(
                    self.env._(
                        "“%(rule)s” is for certain customers: say which, by name,"
                        " class or tag.",
                        rule=rule.name,
                    )
                )

    def _to_rule(self):
        """The entitlement as the plain thinking sees it."""
        self.ensure_one()
        return Entitlement(
            self.id,
            self.name,
            self.percent,
            self.kind,
            self.min_quantity,
            self.min_amount,
            self.currency_id.id,
            self.product_tmpl_id.id or None,
            self.category_id.id or None,
            self.class_id.id or None,
            self.partner_id.id or None,
            self.tag_id.id or None,
            self.date_from or None,
            self.date_to or None,
            self.tier_id.id or None,
        )
