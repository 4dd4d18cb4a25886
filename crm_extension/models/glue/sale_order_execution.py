from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from ..fulfilment.progress import Execution, stages
from ..fulfilment.summary import summarize

AMOUNTS = {
    "crm_amount_invoiced": "amount_invoiced",
    "crm_amount_paid": "amount_paid",
    "crm_amount_overdue": "amount_overdue",
}
# What a figure is a part of.
PARTS = {
    "reserved": ("reserved", "awaited"),
    "delivered": ("delivered", "ordered"),
    "returned": ("returned", "delivered"),
}


class CrmSaleExecution(models.AbstractModel):
    """How far an order has got, for whoever asks (FEATURES C15).

    All of it is worked out when it is read (``crm.order.execution``), in one query for
    all orders: confirming, delivering and invoicing have nothing to write for it.

    Part of ``sale.order``, and nothing else's.
    """

    _name = "crm.sale.execution"
    _description = "Execution of an Order"

    crm_progress = fields.Json(
        compute="_compute_crm_execution", groups="base.group_user"
    )
    crm_summary = fields.Char(
        string="Products",
        compute="_compute_crm_summary",
        search="_search_crm_summary",
        groups="base.group_user",
        help="The names of the products sold (KC-01).",
    )
    crm_need = fields.Selection(
        selection=lambda self: (
            self.env["crm.order.execution"]
            ._fields["need"]
            ._description_selection(self.env)
        ),
        string="Needs",
        compute="_compute_crm_execution",
        groups="base.group_user",
    )
    crm_next_step = fields.Char(
        string="Next Step", compute="_compute_crm_execution", groups="base.group_user"
    )
    crm_next_on = fields.Date(
        string="Next Step Due",
        compute="_compute_crm_execution",
        groups="base.group_user",
    )
    crm_asked_on = fields.Date(
        string="Approval Asked",
        compute="_compute_crm_execution",
        groups="base.group_user",
    )
    crm_approved_on = fields.Date(
        string="Approved", compute="_compute_crm_execution", groups="base.group_user"
    )
    crm_reserved = fields.Char(
        string="Reserved",
        compute="_compute_crm_execution",
        groups="base.group_user",
        help="Of what is still to be delivered.",
    )
    crm_delivered = fields.Char(
        string="Delivered",
        compute="_compute_crm_execution",
        groups="base.group_user",
        help="Of what was ordered, what came back later included.",
    )
    crm_returned = fields.Char(
        string="Returned",
        compute="_compute_crm_execution",
        groups="base.group_user",
        help="Of what was delivered.",
    )
    # As the order defines it; amounts of an abstract model need one.
    currency_id = fields.Many2one("res.currency")
    crm_amount_invoiced = fields.Monetary(
        string="Invoiced with Taxes",
        compute="_compute_crm_execution",
        groups="base.group_user",
        help="On posted invoices, less credit notes, in the currency of the order.",
    )
    crm_amount_paid = fields.Monetary(
        string="Paid", compute="_compute_crm_execution", groups="base.group_user"
    )
    crm_amount_overdue = fields.Monetary(
        string="Arrears", compute="_compute_crm_execution", groups="base.group_user"
    )

    # === COMPUTE METHODS === #

    # Lines, invoices and payments are not watched: whoever opens a screen reads it
    # anew, and what they change must not look for orders to tell.
    @api.depends("state", "delivery_status")
    @api.depends_context("lang", "tz")
    def _compute_crm_execution(self):
        rows, tell = self._crm_read_execution(), self.env["crm.order.execution"]._tell
        for order in self:
            row = rows.get(order._origin.id, {})
            order.crm_progress = order.sudo()._crm_get_progress(row)
            order.crm_need = row.get("need")
            order.crm_next_step = tell(row) if row else ""
            order.crm_next_on = row.get("next_on")
            order.crm_asked_on = row.get("asked_on")
            order.crm_approved_on = row.get("approved_on")
            for name in PARTS:
                order[f"crm_{name}"] = order._crm_tell_part(name, row)
            for name, column in AMOUNTS.items():
                order[name] = row.get(column, 0)

    @api.depends("order_line.product_id")
    @api.depends_context("lang")
    def _compute_crm_summary(self):
        for order in self:
            order.crm_summary = summarize(order.sudo()._crm_get_product_names())

    @api.model
    def _search_crm_summary(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        return [("order_line.product_id.name", operator, value)]

    # === BUSINESS METHODS: fulfilment === #

    def _crm_get_product_names(self):
        """What the orders sell, line by line. Down payments sell nothing."""
        lines = self.order_line.filtered(
            lambda line: line.product_id and not line.is_downpayment
        )
        plain = lines.product_id.with_context(display_default_code=False)
        names = {product.id: product.display_name for product in plain}
        return [names[line.product_id.id] for line in lines]

    def _crm_read_execution(self):
        """How far the orders have got: rows of ``crm.order.execution`` by id."""
        # Superuser mode: who may read an order may know how far it has got, without
        # rights in stock or accounting (C15.3).
        orders = self._origin.sudo()
        # A quotation that nobody was asked about has got nowhere; they are typed, and
        # nothing is worked out meanwhile.
        known = orders.filtered(
            lambda order: (
                order.state in ("sale", "cancel") or order.crm_approval_request_ids
            )
        )
        rows = self.env["crm.order.execution"].sudo()
        return rows._read_orders(known.ids) if known else {}

    def _crm_tell_part(self, name, row):
        """``3 / 5``, or nothing where there is nothing to tell."""
        if not row or row["state"] in ("draft", "sent"):
            return ""
        show = self.env["crm.order.execution"]._show
        part, whole = (row[column] for column in PARTS[name])
        return f"{show(part)} / {show(whole)}" if part or whole else ""

    def _crm_get_progress(self, row):
        """Where the order stands between question and payment, for the screen."""
        execution = self._crm_get_execution(row)
        steps = [
            {
                "name": name,
                "state": state,
                "note": self._crm_get_stage_note(name, row),
            }
            for name, state in stages(execution)
        ]
        request = self.crm_approval_request_ids[:1]
        if (
            request.state in ("pending", "rework", "rejected")
            and not execution.confirmed
        ):
            steps = [step | {"state": "later"} for step in steps]
        if request and request.state != "passed":
            steps = self._crm_get_approval_stages(request) + steps
        return [
            step | {"label": self._crm_get_stage_label(step["name"])} for step in steps
        ]

    def _crm_get_execution(self, row):
        # Nothing is delivered of what nobody has ordered, however long the quotation.
        if self.state != "sale" or not row:
            return Execution(False, 0, 0, 0, 0, 0)
        return Execution(
            confirmed=True,
            ordered=row["ordered"],
            delivered=row["delivered"],
            billable=row["amount_total"],
            invoiced=row["amount_invoiced"],
            unpaid=row["amount_unpaid"],
            stocked=row["stocked"],
            reserved=row["reserved"],
            awaited=row["awaited"],
            returned=row["returned"],
            coming=row["coming"],
            billed=bool(row["billed"]),
        )

    def _crm_get_approval_stages(self, request):
        decided = {"granted": "done", "rejected": "refused"}.get(request.state, "now")
        return [
            {
                "name": "asked",
                "state": "done",
                "note": format_date(self.env, request.date_request),
            },
            {
                "name": "decided",
                "state": decided if request.state != "cancelled" else "later",
                "note": ", ".join(
                    request.decision_ids.filtered(
                        lambda row: row.verb in ("approve", "reject")
                    ).mapped("user_id.name")
                ),
            },
        ]

    @api.model
    def _crm_get_stage_label(self, name):
        return {
            "asked": self.env._("Asked"),
            "decided": self.env._("Decided"),
            "ordered": self.env._("Ordered"),
            "reserved": self.env._("Reserved"),
            "delivered": self.env._("Delivered"),
            "invoiced": self.env._("Invoiced"),
            "paid": self.env._("Paid"),
            "returned": self.env._("Returned"),
        }[name]

    def _crm_get_stage_note(self, name, row):
        if self.state != "sale" or not row:
            return ""
        if name == "ordered":
            return format_date(self.env, self.date_order)
        if name == "invoiced":
            return self._crm_tell_amount(row["amount_invoiced"], row["amount_total"])
        if name == "paid":
            return self._crm_tell_amount(row["amount_paid"], row["amount_invoiced"])
        return self._crm_tell_quantity(*(row[column] for column in PARTS[name]))

    def _crm_tell_amount(self, part, whole):
        if not part and not whole:
            return ""
        return self.env._(
            "%(part)s of %(whole)s",
            part=format_amount(self.env, float(part), self.currency_id),
            whole=format_amount(self.env, float(whole), self.currency_id),
        )

    def _crm_tell_quantity(self, part, whole):
        if not part and not whole:
            return ""
        show = self.env["crm.order.execution"]._show
        return self.env._("%(part)s of %(whole)s", part=show(part), whole=show(whole))
