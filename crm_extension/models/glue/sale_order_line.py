from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_amount

from ..approval.core.facts import Fact
from ..discount.verdict import Line
from .sale_order_line_ledger import LEDGER_FIELDS
from .sale_order_line_rules import RULE_FIELDS
from .sale_order_verdict import DISCOUNT_STATES, EARNING_FIELDS, JUDGED_FIELDS
from .shared_value import SharedValue

# What a line gives away follows from these; each of them is governed.
CONCESSION_FIELDS = frozenset(
    {"order_id", "product_id", "product_uom_id", "product_uom_qty"}
    | {"price_unit", "discount", "display_type"}
)
PRICE_FIELDS = frozenset({"price_unit", "discount"})
# Kept by the add-on: what the customer was entitled to, who went below it, and how.
KEPT_FIELDS = (
    frozenset({"crm_reference_price", "crm_given_by_id"}) | RULE_FIELDS | LEDGER_FIELDS
)


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = [
        "crm.numbers",
        "sale.order.line",
        "crm.sale.line.rules",
        "crm.sale.line.ledger",
        "crm.sale.line.margin",
        "crm.sale.line.kind",
        "crm.approval.line.mixin",
    ]

    _approval_document_field = "order_id"

    crm_reference_price = fields.Float(
        string="Entitled Price",
        compute="_compute_crm_reference_price",
        store=True,
        readonly=False,  # to the ORM alone, see the rules' fields
        copy=False,
        min_display_digits="Product Price",
        groups="base.group_user",
        help="Unit price by the customer's own pricelist or by the best entitlement of"
        " the discount policy, in the order's currency.",
    )
    crm_given_by_id = fields.Many2one(
        comodel_name="res.users",
        string="Given by",
        copy=False,
        readonly=True,
        groups="base.group_user",
        help="Who last set what this line gives away, and so answers for it.",
    )
    crm_discount_given = fields.Float(
        string="Given (%)",
        compute="_compute_crm_discount",
        digits=(5, 2),
        groups="base.group_user",
        help="What this line gives away in all, in percent of the entitled price.",
    )
    crm_discount_state = fields.Selection(
        selection=DISCOUNT_STATES,
        string="Discount State",
        compute="_compute_crm_discount",
        groups="base.group_user",
    )
    crm_judged = SharedValue(
        string="As Judged",
        compute="_compute_crm_judged",
        compute_sudo=True,  # the same whoever looks
        exportable=False,
        groups=fields.NO_ACCESS,
        help="The line as the discount's verdict sees it, for the order's verdict.",
    )
    crm_discount_badge = SharedValue(
        compute="_compute_crm_discount_badge",
        # No groups, which are asked for each line of a long order: others than
        # employees read nothing here.
        help="What the line shows of it: state, note, and what says so.",
    )

    # === COMPUTE METHODS === #

    # Where an amount counts that is the whole order's, the order sees to it.
    @api.depends(
        *("crm_full_price", "crm_own_price", "product_uom_qty"), "order_id.partner_id"
    )
    def _compute_crm_reference_price(self):
        claims = self._crm_get_claims()
        for line in self:
            price, rule = line._crm_get_entitled_price(claims.get(line.id))
            line.crm_reference_price = price
            line.crm_discount_entitlement = rule

    @api.depends("order_id.crm_verdict")
    @api.depends_context("uid")
    def _compute_crm_discount(self):
        verdicts = self.order_id._crm_get_verdicts()
        for line in self:
            given = verdicts[line.order_id.id].lines.get(line.id)
            line.crm_discount_given = given.percent if given else 0
            line.crm_discount_state = given.state if given else "none"

    @api.depends("order_id.crm_verdict")
    @api.depends_context("lang", "uid")
    def _compute_crm_discount_badge(self):
        if not self.env.user._is_internal():
            self.crm_discount_badge = False
            return
        verdicts = self.order_id._crm_get_verdicts()
        # Superuser mode: whether a field may be read is asked once, not of each line.
        readable = self.sudo()
        given = {
            key: verdicts[order.id].lines.get(key)
            for order, lines in readable.grouped("order_id").items()
            for key in lines._ids
        }
        deciders = readable._crm_find_deciders(given)
        # Most lines of a long order look alike.
        alike = defaultdict(list)
        for line in readable:
            alike[line._crm_get_look(given[line.id], deciders)].append(line.id)
        for look, keys in alike.items():
            self.browse(keys).crm_discount_badge = self._crm_get_badge(*look)

    @api.depends(lambda self: self._crm_judged_depends())
    @api.depends_context("uid")
    def _compute_crm_judged(self):
        policies = self.env["crm.discount.policy"]
        for order, lines in self.grouped("order_id").items():
            company = order.company_id or self.env.company
            limits = policies._get_limits(company.id)
            judged = lines._crm_get_judged(limits, company) if limits else {}
            for line in lines:
                line.crm_judged = judged.get(line.id, False)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._crm_refuse_kept_fields(vals)
        given_by = {"crm_given_by_id": self.env.uid}
        lines = super(SaleOrderLine, self._crm_without_kept_defaults()).create(
            [vals | given_by for vals in vals_list]
        )
        # What the products cost now is kept. Superuser mode: whoever sells need not
        # see it.
        lines.sudo().mapped("crm_cost")
        return lines

    def write(self, vals):
        self._crm_refuse_kept_fields(vals)
        # Written only where it changes: the ceiling that is kept follows from it.
        given = self._crm_filter_given_by_writing(vals).filtered(
            lambda line: line.sudo().crm_given_by_id.id != self.env.uid
        )
        super(SaleOrderLine, given).write(vals | {"crm_given_by_id": self.env.uid})
        return super(SaleOrderLine, self - given).write(vals)

    # === BUSINESS METHODS === #

    def _get_linked_line(self):
        """An unsaved combo stands twice in its order while it is typed, as it was and
        last as it is; and not at all once its parts are chosen anew. Odoo fails on
        both, for it never looks at the other lines of an order while one is typed;
        discounts are judged by them."""
        self.ensure_one()
        if self.linked_line_id or not self.linked_virtual_id:
            return super()._get_linked_line()
        return self.order_id.order_line.filtered(
            lambda line: line.virtual_id == self.linked_virtual_id
        )[-1:]

    @api.model
    def _crm_judged_depends(self):
        customer = "order_id.partner_id.commercial_partner_id"
        return [
            *(*JUDGED_FIELDS, *EARNING_FIELDS, "company_id"),
            *("product_id.categ_id", f"{customer}.crm_class_id"),
            f"{customer}.crm_tier_id",
        ]

    @api.model
    def _approval_watched_line_fields(self):
        return CONCESSION_FIELDS | {"name", "crm_given_by_id"}

    def _crm_filter_given_by_writing(self, vals):
        """The lines whose concession whoever writes ``vals`` answers for. Who only
        takes some of it back gives nothing: it stays with who gave it."""
        touched = CONCESSION_FIELDS & vals.keys()
        if not self.env.user._is_internal():
            # A customer who takes what is offered gives nothing away.
            return self.browse()
        if not touched <= PRICE_FIELDS:
            return self
        return self.filtered(
            lambda line: (
                touched
                # Of goods taken back, who pays more for them gives.
                and line.product_uom_qty
                * _net_price(
                    vals.get("price_unit", line.price_unit),
                    vals.get("discount", line.discount),
                )
                < line.product_uom_qty * _net_price(line.price_unit, line.discount)
            )
        )

    def _crm_get_advantages(self):
        """By how much each line is below what the customer would pay by right."""
        self.sudo().order_id._crm_settle_claims()  # whoever asks
        return {
            line.id: line.product_uom_qty
            * (line.crm_reference_price - line._crm_get_paid_price(early))
            for order, lines in self.sudo().grouped("order_id").items()  # whoever asks
            for early in (order._crm_get_early_payment(),)
            for line in lines
        }

    def _crm_answer_for_advantages(self, before):
        """Whoever changes the order so that the same price gives more answers for it,
        as for a lower price.

        :param before: see :meth:`_crm_get_advantages`
        """
        now = self._crm_get_advantages()
        given = self.filtered(
            lambda line: (
                now[line.id] > max(before.get(line.id, 0), 0) + 1e-6
                and line.sudo().crm_given_by_id.id != self.env.uid
            )
        )
        given._crm_set_giver()

    def _crm_set_giver(self):
        """The acting user answers for what these lines give from now on."""
        # Past our own refusal of what is kept, which is for everybody else.
        parent = super()
        return bool(self) and parent.write({"crm_given_by_id": self.env.uid})

    def _crm_get_giver(self):
        """Who answers for what this line gives; while typing, whoever types, unless
        they take some of it back."""
        self.ensure_one()
        if isinstance(self.id, int):
            return self.crm_given_by_id or self.create_uid
        stored = self._origin
        giver = stored.crm_given_by_id or stored.create_uid
        if giver == self.env.user:
            return giver
        if (
            not stored
            or self.product_uom_qty != stored.product_uom_qty
            or self.product_id != stored.product_id
            or self.product_uom_id != stored.product_uom_id
            or _net_price(self.price_unit, self.discount)
            < _net_price(stored.price_unit, stored.discount)
        ):
            return self.env.user
        return giver

    def _crm_name_numbered(self, vals):
        products = self.env["product.product"].browse(vals.get("product_id") or ())
        named = products or self.product_id
        return named[:1].display_name or super()._crm_name_numbered(vals)

    def _crm_get_judged(self, limits, company):
        """The lines as the verdict sees them, before what early payment takes off:
        ``{id: Line}``.

        :param limits: of the company, see ``crm.discount.policy``
        """
        priced = self.filtered(lambda line: not line.display_type)
        ceilings = priced._crm_get_ceilings(limits, company)
        earnings = priced._crm_get_earnings(limits, company)
        return {
            key: line._crm_to_verdict_line(ceilings[key], earnings.get(key))
            for key, line in zip(priced._ids, priced, strict=True)
        }

    def _crm_to_verdict_line(self, ceiling, earning=None):
        """
        :param ceiling: :class:`Ceiling` of its giver
        :param earning: what it costs and has to earn, where that is looked at
        """
        return Line(
            self.id,
            self.crm_reference_price,
            self._crm_get_net_price(),
            self.product_uom_qty,
            ceiling.percent,
            ceiling.name,
            **(earning or {}),
        )

    def _crm_get_price_values(self, price):
        """What to write so that a line is priced so.

        :param price: :class:`Price`
        """
        values = {"discount": float(price.discount)}
        if not self.currency_id.is_zero(self.price_unit - float(price.unit)):
            values["price_unit"] = float(price.unit)
        return values

    def _crm_get_facts(self, given):
        """The governed content of a line that gives more than its giver may."""
        key = f"line:{self.id}"
        facts = {
            f"{key}:product": Fact(self.product_id.id or None, "changed"),
            f"{key}:unit": Fact(self.product_uom_id.id or None, "changed"),
            f"{key}:quantity": Fact(Decimal(repr(self.product_uom_qty)), "changed"),
            f"{key}:given": Fact(given.percent, "higher"),
        }
        return {
            name: fact._replace(label=self.product_id.name or "", topic="discount")
            for name, fact in facts.items()
        }

    def _crm_get_custom_facts(self):
        """What the review of a custom-made line looks at."""
        key = f"custom:{self.id}"
        return {
            f"{key}:product": Fact(
                self.product_id.id, "changed", self.product_id.name, "custom"
            ),
            f"{key}:text": Fact(self.name, "changed", self.product_id.name, "custom"),
            f"{key}:quantity": Fact(
                Decimal(repr(self.product_uom_qty)),
                "changed",
                self.product_id.name,
                "custom",
            ),
        }

    def _crm_get_figure_row(self, given):
        """Product, quantity, unit price, given, subtotal: formatted for people."""
        return {
            "level": {"above": "attention", "refused": "bad"}.get(
                given.state if given else "", ""
            ),
            "cells": [
                self.product_id.name or self.name,
                f"{self.product_uom_qty:g} {self.product_uom_id.name or ''}",
                format_amount(self.env, self.price_unit, self.currency_id),
                f"{float(given.percent):g} %" if given and given.percent else "–",
                format_amount(self.env, self.price_subtotal, self.currency_id),
            ],
        }

    def _crm_get_look(self, given, deciders):
        """What the badge of a line is made of, see :meth:`_crm_get_badge`; the same
        for lines that look alike."""
        if not given or given.state == "none":
            return None, False, None
        alike = given._replace(key=None, listed=0, concession=0, margin=None)
        return alike, self.crm_discount_entitlement, deciders.get(self.id)

    @api.model
    def _crm_get_badge(self, given, entitled, decider):
        """What lines show of what they give: state, a few words, and the rules;
        ``False`` where nothing is given.

        :param entitled: what the customer may claim, in words, or ``False``
        :param decider: name of the position that may give so much, or ``None``
        """
        if not given or given.state == "none":
            return False
        return {
            "state": given.state,
            "note": self._crm_get_note(given, decider),
            "why": self._crm_get_rules(given, entitled),
        }

    @api.model
    def _crm_get_note(self, given, decider):
        if given.state == "within":
            return self.env._("%(percent)g %% left", percent=given.room)
        if given.state == "refused":
            return self.env._("Not possible")
        if not given.excess:
            return self.env._("low margin")
        if decider:
            return self.env._("needs %(position)s", position=decider)
        return self.env._("%(percent)g %% over", percent=given.excess)

    @api.model
    def _crm_get_rules(self, given, entitled):
        """What says how much may be given, for people: list of texts. Salespeople read
        them, so they name no margin."""
        below = self.env._("Below the least margin: %s", given.margin_rule)
        return [
            self.env._("%(percent)g %% given in all", percent=given.percent),
            *([self.env._("Entitled: %s", entitled)] if entitled else ()),
            self.env._(
                "%(percent)g %% without asking: %(rule)s",
                percent=given.ceiling,
                rule=given.rule,
            ),
            *([below] if given.shortfall else ()),
        ]

    def _crm_without_kept_defaults(self):
        defaults = {f"default_{name}" for name in KEPT_FIELDS}
        if not defaults & self.env.context.keys():
            return self
        context = {k: v for k, v in self.env.context.items() if k not in defaults}
        return self.with_context(context)  # pylint: disable=context-overridden

    @api.model
    def _crm_refuse_kept_fields(self, vals):
        if KEPT_FIELDS & vals.keys():
            raise AccessError(
                self.env._(
                    "The entitled price and the cost of an order line, what it gives"
                    " and who gave it are kept by the system. Change the price or the"
                    " discount instead."
                )
            )


def _net_price(price, discount):
    """What one unit costs after a discount in percent."""
    return float(price or 0) * (1 - float(discount or 0) / 100)
