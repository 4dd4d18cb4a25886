from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..turns import take_turns
from . import returning

# What follows from transfers and credit notes.
DERIVED = frozenset(
    {"amount_company", "amount_total", "amount_untaxed", "awaited_quantity"}
    | {"credited_quantity", "received_quantity", "taken_quantity", "to_credit_quantity"}
)


class CrmReturnLine(models.Model):
    """How much of an order line is returned, in the unit of that line.

    Never more than what was delivered and has neither come back nor been asked for
    elsewhere (FEATURES C14.2). Two who ask at the same moment take turns.
    """

    _name = "crm.return.line"
    _inherit = ["crm.return.goods.line", "crm.return.credit.line"]
    _description = "Line of a Return"
    _order = "return_id, id"
    _rec_name = "product_id"

    return_id = fields.Many2one(
        comodel_name="crm.return.order",
        required=True,
        index=True,
        ondelete="cascade",
    )
    sale_line_id = fields.Many2one(
        comodel_name="sale.order.line",
        string="Ordered",
        required=True,
        index=True,
        ondelete="restrict",
    )
    product_id = fields.Many2one(
        related="sale_line_id.product_id", store=True, precompute=True
    )
    product_uom_id = fields.Many2one(
        related="sale_line_id.product_uom_id", string="Unit"
    )
    quantity = fields.Float(digits="Product Unit", required=True, default=1)
    returnable_quantity = fields.Float(
        string="May Be Returned",
        digits="Product Unit",
        compute="_compute_returnable_quantity",
        compute_sudo=True,
        help="Delivered, neither come back nor asked for in another return.",
    )
    company_id = fields.Many2one(
        related="return_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(related="return_id.currency_id")
    partner_id = fields.Many2one(
        related="return_id.partner_id", store=True, precompute=True
    )
    reason_id = fields.Many2one(
        related="return_id.reason_id", store=True, precompute=True
    )
    state = fields.Selection(related="return_id.state", store=True)
    date = fields.Date(related="return_id.date", store=True, precompute=True)
    amount_untaxed = fields.Monetary(
        string="Untaxed Amount", compute="_compute_amounts", store=True
    )
    amount_total = fields.Monetary(
        string="Amount",
        compute="_compute_amounts",
        store=True,
        help="At the price of the order, after its discount and with taxes.",
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of the Company"
    )
    amount_company = fields.Monetary(
        string="Amount (Company Currency)",
        compute="_compute_amounts",
        store=True,
        currency_field="company_currency_id",
        help="At the rate of the order.",
    )
    received_quantity = fields.Float(
        string="Received", digits="Product Unit", compute="_compute_moved", store=True
    )
    awaited_quantity = fields.Float(
        string="Awaited", digits="Product Unit", compute="_compute_moved", store=True
    )
    taken_quantity = fields.Float(
        digits="Product Unit",
        compute="_compute_moved",
        store=True,
        help="What it takes of the quantity that counts as delivered.",
    )
    credited_quantity = fields.Float(
        string="Credited",
        digits="Product Unit",
        compute="_compute_credited",
        store=True,
    )
    to_credit_quantity = fields.Float(
        string="To Be Credited",
        digits="Product Unit",
        compute="_compute_credited",
        store=True,
    )

    _check_quantity_positive = models.Constraint(
        "CHECK (quantity > 0)", "What comes back is more than 0."
    )
    _sale_line_unique = models.UniqueIndex(
        "(return_id, sale_line_id)",
        "A line of the order stands once in a return. Change its quantity.",
    )

    # === COMPUTE METHODS === #

    @api.depends("sale_line_id", "quantity")
    def _compute_returnable_quantity(self):
        free = self._get_free()
        for line in self:
            line.returnable_quantity = float(free.get(line, 0))

    # A price that is changed on the order later changes nothing here.
    @api.depends("sale_line_id", "quantity")
    def _compute_amounts(self):
        for line in self:
            line.amount_total = line._get_worth(line.quantity)
            line.amount_untaxed = line._get_worth(line.quantity, "price_subtotal")
            line.amount_company = line.return_id._to_company(line.amount_total)

    @api.depends(
        *("quantity", "sale_line_id", "return_id.released", "return_id.cancelled"),
        *("return_id.goods_return", "return_id.picking_ids.state"),
    )
    def _compute_moved(self):
        for line in self:
            received, awaited = line._get_moved()
            line.received_quantity = float(received)
            line.awaited_quantity = float(awaited)
            line.taken_quantity = float(
                returning.taken(line._to_line(received=received, awaited=awaited))
            )

    @api.depends("received_quantity", "return_id.credit_note_ids.state")
    def _compute_credited(self):
        for line in self:
            credited, drafted = line._get_credited()
            # What stands on a draft of ours is billed until that is posted.
            billed = line._to_decimal(line.sale_line_id.qty_invoiced) + drafted
            found = line._to_line(
                received=line._to_decimal(line.received_quantity),
                credited=credited,
                billed=billed,
            )
            line.credited_quantity = float(credited)
            line.to_credit_quantity = float(returning.to_credit(found))

    # === CONSTRAINT METHODS === #

    @api.constrains("quantity", "return_id", "sale_line_id")
    def _check_quantity(self):
        for line in self:
            if line.sale_line_id.order_id != line.return_id.order_id:
                raise ValidationError(
                    self.env._(
                        "%(product)s is no line of %(order)s. Choose one of its lines.",
                        product=line.sale_line_id.display_name,
                        order=line.return_id.order_id.display_name,
                    )
                )
        self._check_free()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_derived(vals)
        self.env["crm.return.order"].browse(
            {vals["return_id"] for vals in vals_list if vals.get("return_id")}
        )._check_is_open()
        lines = super().create(vals_list)
        return lines

    def write(self, vals):
        self._refuse_derived(vals)
        self.return_id._check_is_open()
        result = super().write(vals)
        if "return_id" in vals:
            self.return_id._check_is_open()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_released(self):
        self.return_id._check_is_open()

    # === BUSINESS METHODS === #

    @api.model
    def _refuse_derived(self, vals):
        # Superuser mode is the add-on's own; nobody calls it from outside.
        if not self.env.su and DERIVED & vals.keys():
            raise AccessError(
                self.env._(
                    "What was received and credited follows from transfers and credit"
                    " notes, and nobody says it by hand."
                )
            )

    def _check_free(self):
        """No more than what was delivered comes back, whoever asks at the same
        moment."""
        lines = self.sudo()  # other people's returns count, too
        take_turns(lines.sale_line_id)
        free = lines._get_free()
        for line in lines.filtered(lambda line: not line.return_id.cancelled):
            if returning.may_return(line._to_decimal(line.quantity), free[line]):
                continue
            raise ValidationError(
                self.env._(
                    "%(asked)g %(unit)s of %(product)s cannot be returned: %(free)g may"
                    " be. Of %(order)s %(delivered)g are with the customer, and what is"
                    " in other returns counts. Lower the quantity, or cancel the other"
                    " return.",
                    asked=line.quantity,
                    unit=line.product_uom_id.name,
                    product=line.product_id.display_name,
                    free=float(free[line]),
                    order=line.sale_line_id.order_id.display_name,
                    delivered=line.sale_line_id.qty_delivered,
                )
            )

    def _get_free(self):
        """What of the order lines may be returned, without these: ``{line: Decimal}``.
        Nothing is held here."""
        own = self._origin
        others = defaultdict(lambda: returning.ZERO)
        groups = self.sudo()._read_group(
            [("sale_line_id", "in", self.sale_line_id.ids), ("id", "not in", own.ids)],
            ["sale_line_id"],
            ["taken_quantity:sum"],
        )
        for sale_line, quantity in groups:
            others[sale_line.id] = self._to_decimal(quantity)
        return {
            line: returning.room(
                self._to_decimal(line.sale_line_id.qty_delivered),
                [others[line.sale_line_id._origin.id]],
            )
            for line in self
        }

    @api.model
    def _to_decimal(self, quantity):
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return Decimal(f"{quantity:.{digits}f}")

    def _to_line(self, **facts):
        """The line as plain values, with what is known of it."""
        self.ensure_one()
        return returning.Line(
            self._to_decimal(self.quantity),
            self._brings_goods(),
            self.return_id.released,
            self.return_id.cancelled,
            **facts,
        )

    def _brings_goods(self):
        """Whether something comes in; services do not, nor what the customer keeps."""
        self.ensure_one()
        is_moved = self.sale_line_id.qty_delivered_method == "stock_move"
        return is_moved and self.return_id.goods_return

    def _get_worth(self, quantity, of="price_total"):
        """What a quantity is worth at the price of the order, in its currency."""
        self.ensure_one()
        ordered = self.sale_line_id
        digits = ordered.currency_id.decimal_places
        # What was delivered beyond the order has no ordered quantity of its own.
        whole = ordered.product_uom_qty or ordered.qty_invoiced
        total = returning.worth(
            self._to_decimal(quantity),
            self._to_decimal(whole),
            Decimal(repr(ordered[of])),
            digits,
        )
        return float(total)

    def _get_moved(self):
        """What came in on the transfers of a single line, and what still waits there:
        ``(received, awaited)``."""
        received = awaited = 0.0
        ordered = self.sale_line_id
        for move in self.return_id.picking_ids.move_ids:
            if move.sale_line_id != ordered or move.state == "cancel":
                continue
            is_in = move.state == "done"
            quantity = move.product_uom._compute_quantity(
                move.quantity if is_in else move.product_uom_qty,
                ordered.product_uom_id,
                rounding_method="HALF-UP",
            )
            received += quantity if is_in else 0
            awaited += 0 if is_in else quantity
        return self._to_decimal(received), self._to_decimal(awaited)

    def _get_credited(self):
        """What of a single line is on credit notes of its return:
        ``(posted, draft)``."""
        credited = {"posted": 0.0, "draft": 0.0, "cancel": 0.0}
        ordered = self.sale_line_id
        for entry in self.return_id.credit_note_ids.invoice_line_ids:
            if ordered in entry.sale_line_ids:
                credited[entry.parent_state] += entry.product_uom_id._compute_quantity(
                    entry.quantity, ordered.product_uom_id
                )
        posted, draft = credited["posted"], credited["draft"]
        return self._to_decimal(posted), self._to_decimal(draft)
