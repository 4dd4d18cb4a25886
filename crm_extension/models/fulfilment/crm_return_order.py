from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from . import returning

# What follows from what happens: nobody says it by hand.
DERIVED = frozenset(
    {"amount_company", "amount_credited", "amount_open", "amount_received"}
    | {"amount_refunded", "amount_settled", "amount_total", "amount_untaxed"}
    | {"asked", "cancelled", "commercial_partner_id", "company_id", "currency_id"}
    | {"goods_return", "name", "partner_id", "state", "team_id"}
    | {"credit_note_ids", "payment_ids", "picking_ids"}
)
# What was agreed: it stays once the return goes ahead.
AGREED = frozenset({"line_ids", "order_id", "reason_id"})


class CrmReturnOrder(models.Model):
    """What a customer gives back of an order, and the money for it (FEATURES C14).

    It joins documents that are Odoo's own: the transfer that brings the goods in, the
    credit note of the invoice, the payment against that. Where it stands follows from
    them, see :func:`returning.state`; what is said here is what is asked for, and that
    it goes ahead (``released``), for which an approval may be needed. Amounts are in
    the currency of the order.
    """

    _name = "crm.return.order"
    _inherit = [
        "crm.return.goods",
        "crm.return.credit",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _description = "Return"
    _order = "id desc"
    _rec_names_search = ["name", "order_id", "partner_id"]
    _check_company_auto = True
    _mail_post_access = "read"

    name = fields.Char(
        string="Number",
        default=lambda self: self.env._("New"),
        required=True,
        readonly=True,
        copy=False,
    )
    order_id = fields.Many2one(
        comodel_name="sale.order",
        required=True,
        index=True,
        check_company=True,
        ondelete="restrict",
        domain=[("state", "=", "sale")],
        tracking=True,
    )
    partner_id = fields.Many2one(
        related="order_id.partner_id", string="Customer", store=True, precompute=True
    )
    commercial_partner_id = fields.Many2one(
        related="order_id.partner_id.commercial_partner_id",
        string="Company of the Customer",
        store=True,
        precompute=True,
        index=True,
    )
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="order_id.currency_id", store=True, precompute=True
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of the Company"
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Salesperson",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        tracking=True,
        domain=[("share", "=", False)],
    )
    team_id = fields.Many2one(
        related="order_id.team_id", string="Sales Team", store=True, precompute=True
    )
    date = fields.Date(
        string="Asked on", default=fields.Date.context_today, required=True
    )
    reason_id = fields.Many2one(
        comodel_name="crm.return.reason",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    goods_return = fields.Boolean(
        string="Goods Come Back",
        compute="_compute_goods_return",
        store=True,
        precompute=True,
        help="As the reason says when it is chosen.",
    )
    note = fields.Text(
        string="Description",
        help="What is wrong, and what was agreed with the customer.",
    )
    line_ids = fields.One2many(
        comodel_name="crm.return.line",
        inverse_name="return_id",
        string="What Comes Back",
        copy=True,
    )
    asked = fields.Boolean(
        string="Waits for Approval",
        compute="_compute_asked",
        store=True,
        help="Somebody is asked whether it may come back.",
    )
    released = fields.Boolean(
        string="Goes Ahead",
        copy=False,
        help="It is agreed: the warehouse waits for the goods, finance for the credit"
        " note.",
    )
    cancelled = fields.Boolean(readonly=True, copy=False)
    state = fields.Selection(
        selection=[
            ("draft", "Draft"),
            ("to_approve", "To Approve"),
            ("to_receive", "To Receive"),
            ("to_refund", "To Refund"),
            ("done", "Done"),
            ("cancel", "Cancelled"),
        ],
        compute="_compute_state",
        store=True,
        index=True,
        tracking=True,
        help="It follows from the transfer, the credit note and the payment.",
    )
    amount_untaxed = fields.Monetary(
        string="Untaxed Amount", compute="_compute_amounts", store=True
    )
    amount_total = fields.Monetary(
        string="Asked", compute="_compute_amounts", store=True, tracking=True
    )
    amount_company = fields.Monetary(
        string="Asked (Company Currency)",
        compute="_compute_amounts",
        store=True,
        currency_field="company_currency_id",
        help="At the rate of the order.",
    )
    amount_received = fields.Monetary(
        string="Received",
        compute="_compute_account",
        store=True,
        help="What has come in, at the price of the order.",
    )
    amount_credited = fields.Monetary(
        string="Credited", compute="_compute_account", store=True
    )
    amount_settled = fields.Monetary(
        string="Held against Invoices",
        compute="_compute_account",
        store=True,
        help="What the credit notes took off invoices that were not paid.",
    )
    amount_refunded = fields.Monetary(
        string="Refunded", compute="_compute_account", store=True
    )
    amount_open = fields.Monetary(
        string="Open",
        compute="_compute_account",
        store=True,
        help="What has come in and is not credited yet, and what is credited and not"
        " paid out.",
    )

    has_to_credit = fields.Boolean(compute="_compute_has_to_credit", compute_sudo=True)
    has_unpaid = fields.Boolean(compute="_compute_has_to_credit", compute_sudo=True)

    # === COMPUTE METHODS === #

    @api.depends("line_ids.to_credit_quantity", "credit_note_ids.amount_residual")
    def _compute_has_to_credit(self):
        for one in self:
            facts = one._get_facts()
            drafts = one.credit_note_ids.filtered(lambda note: note.state == "draft")
            one.has_to_credit = facts.to_credit and not drafts
            one.has_unpaid = facts.unpaid

    @api.depends("order_id")
    def _compute_user_id(self):
        for one in self:
            one.user_id = one.order_id.user_id or one.user_id or self.env.user

    # A reason that is edited later changes no return that is under way.
    @api.depends("reason_id")
    def _compute_goods_return(self):
        for one in self:
            one.goods_return = one.reason_id.goods_return

    def _compute_asked(self):
        """Nothing is known of it here."""
        self.asked = False

    @api.depends("line_ids.amount_total", "line_ids.amount_untaxed")
    def _compute_amounts(self):
        for one in self:
            one.amount_untaxed = sum(one.line_ids.mapped("amount_untaxed"))
            one.amount_total = sum(one.line_ids.mapped("amount_total"))
            one.amount_company = one._to_company(one.amount_total)

    @api.depends(
        *("line_ids.received_quantity", "line_ids.to_credit_quantity"),
        *("credit_note_ids.state", "credit_note_ids.amount_residual"),
    )
    def _compute_account(self):
        for one in self:
            credited = settled = refunded = unpaid = 0.0
            for note in one.credit_note_ids.filtered(lambda n: n.state == "posted"):
                total, rest, cash = (
                    float(one._to_amount(note, amount, one.currency_id))
                    for amount in (
                        note.amount_total,
                        note.amount_residual,
                        one._get_cash(note),
                    )
                )
                credited += total
                unpaid += rest
                refunded += cash
                settled += total - rest - cash
            one.amount_credited = credited
            one.amount_settled = settled
            one.amount_refunded = refunded
            one.amount_received = one._get_worth("received_quantity")
            one.amount_open = unpaid + one._get_worth("to_credit_quantity")

    @api.depends(
        *("asked", "cancelled", "released"),
        *("line_ids.awaited_quantity", "line_ids.received_quantity"),
        *("line_ids.to_credit_quantity", "line_ids.taken_quantity"),
        *("credit_note_ids.state", "credit_note_ids.amount_residual"),
    )
    def _compute_state(self):
        for one in self:
            one.state = returning.state(one._get_facts())

    # === CONSTRAINT METHODS === #

    @api.constrains("order_id", "line_ids")
    def _check_order(self):
        for one in self:
            if one.order_id.state != "sale":
                raise ValidationError(one._tell_order_is_closed())

    @api.constrains("reason_id")
    def _check_reason(self):
        for one in self.filtered(lambda one: not one.reason_id.active):
            raise ValidationError(
                self.env._(
                    "“%(reason)s” is no reason for new returns any more. Choose another"
                    " one.",
                    reason=one.reason_id.name,
                )
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_derived(vals)
        sequence = self.env["ir.sequence"]
        own = {"cancelled": False, "released": False}
        returns = super().create(
            [
                vals | own | {"name": sequence.next_by_code(self._name) or "/"}
                for vals in vals_list
            ]
        )
        # Of orders that one may not read, nothing is given back.
        returns.order_id.check_access("read")
        going = returns.browse(
            one.id
            for one, vals in zip(returns, vals_list, strict=True)
            if vals.get("released")
        )
        if going:
            going.write({"released": True})
        return returns

    def write(self, vals):
        self._refuse_derived(vals)
        if "released" in vals and not vals["released"]:
            self._refuse_to_take_back()
        if AGREED & vals.keys():
            self._check_is_open()
        going = self.browse()
        if vals.get("released"):
            going = self.filtered(lambda one: not one.released)
            going._check_may_go_ahead()
        result = super().write(vals)
        if "order_id" in vals:
            self.order_id.check_access("read")
        if "user_id" in vals:
            self.check_access("write")  # nobody gives returns to a colleague
        # Superuser mode: who agrees on a return need not be of the warehouse.
        going.sudo()._await_goods()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_released(self):
        for one in self.filtered("released"):
            raise UserError(
                self.env._(
                    "%(document)s is under way and stays on record. Cancel it, as long"
                    " as nothing has come in.",
                    document=one.display_name,
                )
            )

    # === ACTION METHODS === #

    def action_release(self):
        """Let the returns go ahead: the warehouse waits for the goods."""
        self.check_access("write")
        self.write({"released": True})

    def action_cancel(self):
        self.check_access("write")
        for one in self.sudo():
            one._check_may_be_cancelled()
        # Superuser mode: nobody writes what is kept, and who calls it off need not be
        # of the warehouse or of finance.
        returns = self.sudo()
        returns.write({"cancelled": True, "released": False})
        returns.credit_note_ids.filtered(lambda n: n.state == "draft").button_cancel()
        returns._call_off_goods()

    def action_draft(self):
        self.check_access("write")
        # Superuser mode: as above.
        closed = self.sudo().filtered(lambda one: one.state == returning.CANCEL)
        closed.write({"cancelled": False, "released": False})
        closed.line_ids._check_free()

    # === ONCHANGE METHODS === #

    @api.onchange("order_id")
    def _onchange_order_id(self):
        """All that may be returned, to be lowered or left out."""
        known = self.line_ids.sale_line_id.order_id
        if not self.order_id or known == self.order_id:
            return
        self.line_ids = [fields.Command.clear(), *self._prepare_lines(self.order_id)]

    @api.model
    def _prepare_lines(self, order):
        lines = self.env["crm.return.line"]
        candidates = lines.union(
            *(
                lines.new({"sale_line_id": ordered.id, "quantity": 1})
                for ordered in order.order_line
                if not ordered.display_type
                and not ordered.is_downpayment
                and ordered.qty_delivered > 0
            )
        )
        # Superuser mode: other people's returns count, too.
        free = {
            line.sale_line_id: n for line, n in candidates.sudo()._get_free().items()
        }
        return [
            fields.Command.create(
                {"sale_line_id": ordered.id, "quantity": float(quantity)}
            )
            for ordered, quantity in free.items()
            if quantity
        ]

    # === BUSINESS METHODS === #

    @api.model
    def _refuse_derived(self, vals):
        # Superuser mode is the add-on's own; nobody calls it from outside.
        if not self.env.su and DERIVED & vals.keys():
            self._refuse_by_hand()

    def _refuse_to_take_back(self):
        # As above; buttons take it back with the transfer.
        if not self.env.su and any(self.mapped("released")):
            self._refuse_by_hand()

    @api.model
    def _refuse_by_hand(self):
        raise AccessError(
            self.env._(
                "Where a return stands follows from its transfer, its credit note and"
                " its payment, and nobody says it by hand."
            )
        )

    def _check_is_open(self):
        """That what is asked for may still change."""
        for one in self.sudo():
            if one.released or one.cancelled:
                raise UserError(
                    self.env._(
                        "%(document)s is agreed or cancelled, and stays as it is."
                        " Cancel it, set it back to draft, and change it then.",
                        document=one.display_name,
                    )
                )

    def _check_may_go_ahead(self):
        for one in self.sudo():
            if one.cancelled:
                one._check_is_open()
            if one.order_id.state != "sale":
                raise UserError(one._tell_order_is_closed())
            if not one.line_ids:
                raise UserError(
                    self.env._(
                        "%(document)s returns nothing yet. Enter what comes back.",
                        document=one.display_name,
                    )
                )
        # Superuser mode: see there.
        self.sudo().line_ids._check_free()

    def _check_may_be_cancelled(self):
        posted = self.credit_note_ids.filtered(lambda note: note.state == "posted")
        came = any(line.received_quantity for line in self.line_ids)
        if posted or came:
            raise UserError(
                self.env._(
                    "%(document)s cannot be cancelled: goods have come in, or a credit"
                    " note is posted. Credit what came in; cancel the transfer of what"
                    " does not come any more.",
                    document=self.display_name,
                )
            )

    def _tell_order_is_closed(self):
        return self.env._(
            "%(order)s is no confirmed order, so nothing of it comes back.",
            order=self.order_id.display_name,
        )

    def _get_facts(self):
        self.ensure_one()
        lines = self.line_ids
        notes = self.credit_note_ids.filtered(lambda note: note.state == "posted")
        return returning.Facts(
            asked=self.asked,
            released=self.released,
            cancelled=self.cancelled,
            awaited=any(line.awaited_quantity > 0 for line in lines),
            came=any(
                line.received_quantity > 0 or not line._brings_goods() for line in lines
            ),
            to_credit=any(line.to_credit_quantity > 0 for line in lines),
            unpaid=any(note.amount_residual > 0 for note in notes),
        )

    def _to_company(self, amount):
        """An amount of the order in the currency of its company, at the rate of the
        order: nobody gets round an approval by the day that is entered here."""
        own = self.company_id.currency_id
        if self.currency_id == own:
            return amount
        return own.round(amount / (self.order_id.currency_rate or 1))

    def _get_worth(self, name):
        """What a quantity of the lines is worth, in proportion to what is asked."""
        self.ensure_one()
        return self.currency_id.round(
            sum(
                line.amount_total * line[name] / line.quantity
                for line in self.line_ids
                if line.quantity
            )
        )
