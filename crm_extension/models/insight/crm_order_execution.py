from itertools import chain

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, float_repr, format_date

from . import execution_sql as sql

# What orders are told apart by before anything is worked out.
PLAIN = frozenset(
    {"company_id", "date_order", "id", "name", "partner_id", "team_id", "user_id"}
)
ROOM = 2**31  # more than any id: a place tells the day and the id
UNDONE = ("late", "today", "blocked", "to_release", "later")


class CrmOrderExecution(models.Model):
    """How far each order has got, and what it needs next (FEATURES C15.1, C15.3, KD-06,
    BX-27): for those who have no rights in stock and accounting, too.

    One row per order, with the id of the order, worked out when it is read: nothing of
    it is kept, so it is right after every backorder, return and credit note. Quantities
    are in the unit of each line, amounts in the currency of the order, taxes included.
    Down payments, sections and services that are billed as ordered are no goods.

    Everybody sees the orders that Odoo's own rules of orders let them see.
    """

    _name = "crm.order.execution"
    _inherit = ["crm.board"]
    _description = "Order Execution"
    _auto = False
    _order = "next_on, id"
    _depends = {
        "sale.order": ["name", "state", "locked", "partner_id", "user_id", "team_id"]
        + ["company_id", "currency_id", "date_order", "commitment_date"]
        + ["amount_total", "invoice_status", "delivery_status"],
        "sale.order.line": ["order_id", "product_id", "product_uom_id", "display_type"]
        + ["product_uom_qty", "qty_delivered", "qty_delivered_method"]
        + ["is_downpayment", "is_expense", "invoice_lines"],
        "product.template": ["type", "invoice_policy"],
        "stock.picking": ["crm_held"],
        "stock.move": ["sale_line_id", "product_id", "product_uom", "quantity"]
        + ["state", "to_refund", "location_id", "location_dest_id", "date"]
        + ["date_deadline", "picking_id"],
        "stock.location": ["usage", "company_id"],
        "account.move": ["state", "move_type", "payment_state", "amount_total"]
        + ["amount_residual", "currency_id", "invoice_date"],
        "account.move.line": ["move_id", "price_total", "parent_state", "reconciled"]
        + ["display_type", "date_maturity", "amount_residual_currency"],
        "crm.approval.request": ["res_model", "res_id", "state", "date_request"]
        + ["date_close"],
        "res.currency.rate": ["currency_id", "company_id", "name", "rate"],
    }

    name = fields.Char(string="Order", readonly=True)
    order_id = fields.Many2one(
        comodel_name="sale.order", string="Sales Order", readonly=True
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True
    )
    user_id = fields.Many2one(
        comodel_name="res.users", string="Salesperson", readonly=True
    )
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Sales Team", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    state = fields.Selection(
        selection=lambda self: self.env["sale.order"]._fields["state"].selection,
        string="Status",
        readonly=True,
    )
    locked = fields.Boolean(
        readonly=True,
        help="A locked order may not be changed; it is delivered, invoiced and paid"
        " like any other.",
    )
    date_order = fields.Datetime(string="Order Date", readonly=True)
    commitment_date = fields.Datetime(string="Promised for", readonly=True)
    asked_on = fields.Date(string="Approval Asked", readonly=True)
    approved_on = fields.Date(string="Approved", readonly=True)
    ordered = fields.Float(digits="Product Unit", readonly=True)
    reserved = fields.Float(
        digits="Product Unit",
        readonly=True,
        help="Set aside for the next delivery.",
    )
    awaited = fields.Float(
        string="Still to Deliver", digits="Product Unit", readonly=True
    )
    delivered = fields.Float(
        digits="Product Unit",
        readonly=True,
        help="All that was delivered, what came back later included.",
    )
    returned = fields.Float(digits="Product Unit", readonly=True)
    stocked = fields.Boolean(string="Has Goods", readonly=True)
    coming = fields.Boolean(string="Return Expected", readonly=True)
    billed = fields.Boolean(string="Nothing Left to Invoice", readonly=True)
    amount_total = fields.Monetary(string="Total", readonly=True)
    amount_invoiced = fields.Monetary(
        string="Invoiced", readonly=True, help="On posted invoices, less credit notes."
    )
    amount_paid = fields.Monetary(string="Paid", readonly=True)
    amount_unpaid = fields.Monetary(string="To Be Paid", readonly=True)
    amount_owed = fields.Monetary(
        string="To Give Back", readonly=True, help="Open on credit notes."
    )
    amount_overdue = fields.Monetary(string="Arrears", readonly=True)
    need = fields.Selection(
        selection=[
            ("late", "Late"),
            ("today", "Today"),
            ("blocked", "Blocked"),
            ("to_release", "To Release"),
            ("later", "Later"),
            ("done", "Done"),
        ],
        string="Needs",
        readonly=True,
        group_expand="_expand_needs",
        help="To release: its approval or its confirmation is missing. Blocked: its"
        " delivery is held, or was cancelled. No value: a quotation that nobody has"
        " asked about, or a cancelled order with nothing left over.",
    )
    next_step = fields.Selection(
        selection=[
            ("decide", "Decide on the approval"),
            ("revise", "Answer what was sent back"),
            ("confirm", "Confirm the approved quotation"),
            ("release", "Release the delivery"),
            ("plan", "Plan the delivery anew"),
            ("supply", "Get the goods"),
            ("deliver", "Deliver"),
            ("perform", "Do the work"),
            ("take_back", "Take goods back"),
            ("invoice", "Invoice"),
            ("refund", "Give money back"),
            ("pay", "Collect the payment"),
            ("done", "Nothing left to do"),
        ],
        readonly=True,
    )
    next_on = fields.Date(string="Due", readonly=True)
    place = fields.Integer(
        readonly=True, aggregator=None, help="By when it is due, and then by its id."
    )
    next_words = fields.Char(string="What Comes Next", compute="_compute_next_words")

    goods_words = fields.Char(string="Goods", compute="_compute_goods_words")

    # === COMPUTE METHODS === #

    @api.depends("next_step", "next_on", "awaited", "reserved", "delivered", "returned")
    @api.depends_context("lang")
    def _compute_next_words(self):
        names = ("next_step", "next_on", "awaited", "reserved", "delivered", "returned")
        for row in self:
            row.next_words = self._tell({name: row[name] for name in names})

    @api.depends("state", "ordered", "delivered", "reserved", "awaited", "stocked")
    @api.depends_context("lang")
    def _compute_goods_words(self):
        for row in self:
            row.goods_words = row._tell_goods() if row.state == "sale" else ""

    @api.model
    def _expand_needs(self, needs, _domain):
        """Every column of the board, and what else was found."""
        return [*UNDONE, *(need for need in needs if need and need not in UNDONE)]

    # === WEB CLIENT === #

    @api.model
    @api.readonly
    def web_read_group(
        self,
        domain,
        groupby,
        aggregates=(),
        limit=None,
        offset=0,
        order=None,
        **opened,
    ):
        """As Odoo's own, which would work out all rows again for each column of the
        board: what each column shows first is found together with how many it has."""
        limits = self._get_column_limits(opened)
        if list(groupby) != ["need"] or order or limits is None:
            return super().web_read_group(
                domain, groupby, aggregates, limit, offset, order, **opened
            )
        groups, length = self._formatted_read_group_with_length(
            Domain(domain),
            groupby,
            [*dict.fromkeys([*aggregates, "__count", "place:array_agg"])],
            offset=offset,
            limit=limit,
            order="need",
        )
        self._fill_columns(groups, limits, opened.get("unfold_read_specification"))
        return {"groups": groups, "length": length}

    @api.model
    def _get_column_limits(self, opened):
        """Cards that columns show, ``{need: number}``, of any other ``{None: number}``;
        None for a board that was leafed through."""
        known = opened.get("opening_info") or ()
        if any(one.get("offset") or one.get("progressbar_domain") for one in known):
            return None
        usual = opened.get("unfold_read_default_limit", 80)
        limits = {None: usual if opened.get("auto_unfold") else 0}
        for one in known:
            limits[one["value"]] = 0 if one["folded"] else one.get("limit", usual)
        return limits

    @api.model
    def _fill_columns(self, groups, limits, specification):
        places = {}
        for group in groups:
            group.pop("__fold", None)
            number = limits.get(group["need"], limits[None])
            found = sorted(group.pop("place:array_agg") or ())
            if number != 0:
                places[group["need"]] = [place % ROOM for place in found[:number]]
        rows = self.browse(chain.from_iterable(places.values()))
        read = {row["id"]: row for row in rows.web_read(specification or {})}
        for group in groups:
            if group["need"] in places:
                group["__records"] = [read[key] for key in places[group["need"]]]

    # === ACTION METHODS === #

    @api.readonly
    def action_open_order(self):
        """Open the order."""
        self.ensure_one()
        return self.order_id.get_formview_action()

    # === BUSINESS METHODS === #

    @api.model
    def _read_orders(self, order_ids):
        """How far orders have got: ``{order id: {column: value}}``, in one query.

        For whoever calls it: rights are those of the environment.
        """
        query = self._search([("id", "in", tuple(order_ids))])
        rows = query.select(SQL("%s.*", SQL.identifier(query.table)))
        return {row["id"]: row for row in self.env.execute_query_dict(rows)}

    @api.model
    def _tell(self, row):
        """What comes next, in a sentence.

        :param row: as of :meth:`_read_orders`
        """
        if row["next_step"] not in (told := self._get_sentences(row)):
            return ""
        sentence = told[row["next_step"]]
        if not row["next_on"]:
            return sentence
        return self.env._(
            "%(step)s, due on %(date)s",
            step=sentence,
            date=format_date(self.env, row["next_on"]),
        )

    def _tell_goods(self):
        if not self.ordered and not self.delivered:
            return ""
        figures = {
            "delivered": self._show(self.delivered),
            "ordered": self._show(self.ordered),
            "reserved": self._show(self.reserved),
        }
        if self.stocked and self.awaited:
            return self.env._(
                "Delivered %(delivered)s of %(ordered)s, %(reserved)s reserved",
                **figures,
            )
        return self.env._("Delivered %(delivered)s of %(ordered)s", **figures)

    @api.model
    def _get_sentences(self, row):
        left = self._show(row["awaited"])
        reserved = self._show(row["reserved"])
        back = self._show((row["delivered"] or 0) - (row["returned"] or 0))
        return {
            "decide": self.env._("Its approval is waited for"),
            "revise": self.env._(
                "The request was sent back: answer it and send it again"
            ),
            "confirm": self.env._("It is approved: confirm it"),
            "release": self.env._("The delivery is held: have it released"),
            "plan": self.env._(
                "No delivery is planned for %(left)s: plan one, or lower the order",
                left=left,
            ),
            "supply": self.env._(
                "Get the goods: %(reserved)s of %(left)s reserved",
                reserved=reserved,
                left=left,
            ),
            "deliver": self.env._("Deliver %(left)s", left=left)
            if row["awaited"]
            else self.env._("Deliver again what came back"),
            "perform": self.env._("Do the work: %(left)s to go", left=left),
            "take_back": self.env._(
                "Take back what is to come back; %(back)s are at the customer's",
                back=back,
            ),
            "invoice": self.env._("Invoice it"),
            "refund": self.env._("Give back what was paid too much"),
            "pay": self.env._("Collect the payment"),
            "done": self.env._("Nothing is left to do"),
        }

    @api.model
    def _show(self, quantity):
        """A quantity as people write it: 3, or 2.5."""
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        shown = float_repr(quantity or 0, digits)
        return shown.rstrip("0").rstrip(".") if "." in shown else shown

    @api.model
    def _search(self, domain, *args, **kwargs):
        # What can be said of the orders themselves is said before their figures are
        # worked out; of those that are done, only where they are asked for.
        parts = list(self._split(Domain(domain).optimize(self)))
        plain = [part for part in parts if self._is_plain(part)]
        narrowed = self.with_context(
            crm_execution_of=Domain.AND(plain),
            crm_execution_undone=any(map(self._is_undone, parts)),
        )
        return super(CrmOrderExecution, narrowed)._search(domain, *args, **kwargs)

    @api.model
    def _split(self, domain):
        """The parts that hold all together."""
        if getattr(domain, "OPERATOR", "") == "&":
            return domain.children
        return (domain,)

    @api.model
    def _is_plain(self, part):
        named = {leaf.field_expr.partition(".")[0] for leaf in part.iter_conditions()}
        return bool(named) and named <= PLAIN

    @api.model
    def _is_undone(self, part):
        """Whether it asks for what something is left to do of."""
        if getattr(part, "field_expr", "") != "need" or part.operator != "in":
            return False
        return set(part.value) <= set(UNDONE)

    @property
    def _table_query(self):
        context = self.env.context
        # Whoever calls from outside cannot send a domain of this kind.
        asked = context.get("crm_execution_of")
        asked = asked if isinstance(asked, Domain) else Domain.TRUE
        orders = self.env["sale.order"]._search(asked)
        undone = SQL(sql.UNDONE if context.get("crm_execution_undone") else "TRUE")
        today = fields.Date.context_today(self)
        return SQL(
            sql.TABLE,
            orders=orders.from_clause,
            wanted=SQL("%s AND (%s)", orders.where_clause or SQL("TRUE"), undone),
            digits=self.env["decimal.precision"].precision_get("Product Unit"),
            today=today,
            tz=str(self.env.tz),
            rate_of_order=SQL(sql.RATE_OF_ORDER, today=today),
            rate_of_invoice=SQL(sql.RATE_OF_INVOICE, today=today),
        )
