from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_amount, format_date, ormcache

from ..turns import take_turns
from .collection import Instalment, allocate, fit

STATES = [
    ("not_due", "Not Due"),
    ("part", "Partly Received"),
    ("received", "Received"),
    ("overdue", "Overdue"),
]
# Who has to do with the money of orders.
COLLECTING = (
    "sales_team.group_sale_salesman,account.group_account_invoice"
    ",account.group_account_readonly"
)


class WholePlan:
    """Travels in the context while all of an order's plan is saved: its lines come to
    the total when the last one is written, and not before. A client cannot put it
    there: JSON carries no objects of this class."""

    @classmethod
    def is_saved(cls, env):
        return isinstance(env.context.get("crm_whole_plan"), cls)

    @classmethod
    def of(cls, records):
        return records.with_context(crm_whole_plan=cls())


class CrmCollectionLine(models.Model):
    """What an order's customer is to pay by a day (FEATURES C13.1, BX-26).

    All lines of an order come to its total, taxes included, in its currency. What has
    come in is not kept: it follows from posted invoices, credit notes and payments
    whenever it is looked at, see ``crm.collection.account``; the line that is due first
    is paid first. So a payment that is taken back opens the line again.
    """

    _name = "crm.collection.line"
    _description = "Collection Plan"
    _order = "date_due, id"
    _rec_name = "date_due"

    order_id = fields.Many2one(
        comodel_name="sale.order",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="order_id.company_id")
    currency_id = fields.Many2one(related="order_id.currency_id")
    date_due = fields.Date(
        string="Due Date", required=True, default=fields.Date.context_today
    )
    amount = fields.Monetary(required=True)
    is_deposit = fields.Boolean(
        string="Before Delivery",
        help="Nothing of the order is delivered before this is received.",
    )
    note = fields.Char(help="What it is for, in words for the customer.")
    amount_received = fields.Monetary(
        string="Received",
        compute="_compute_state",
        compute_sudo=True,  # the books are the same whoever looks
        help="What was paid for the order and what was credited pays the line that is"
        " due first.",
    )
    amount_open = fields.Monetary(
        string="Still Open", compute="_compute_state", compute_sudo=True
    )
    state = fields.Selection(
        selection=STATES, compute="_compute_state", compute_sudo=True
    )

    _check_amount = models.Constraint(
        "CHECK (amount >= 0)", "What is to be collected is an amount of 0 or more."
    )

    # === COMPUTE METHODS === #

    @api.depends("amount", "date_due", "order_id.state")
    def _compute_state(self):
        orders = self.order_id
        figures = self.env["crm.collection.account"]._get_figures(orders)
        digits = {order: order.currency_id.decimal_places for order in orders}
        standings = {}
        for order in orders:
            standings |= allocate(
                order.crm_collection_line_ids._to_instalments(digits[order]),
                figures[order._origin.id].settled,
                order.company_id._crm_get_today() if order.state == "sale" else None,
            )
        for line in self:
            standing = standings.get(line) or standings.get(line._origin)
            line.amount_received = standing and float(standing.received)
            line.amount_open = float(standing.open) if standing else line.amount
            line.state = standing.state if standing else "not_due"

    @api.depends("order_id", "date_due", "amount")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for line in self:
            line.display_name = self.env._(
                "%(order)s: %(amount)s by %(day)s",
                order=line.order_id.name or "",
                amount=format_amount(
                    self.env,
                    line.amount,
                    line.currency_id or self.env.company.currency_id,
                ),
                day=format_date(self.env, line.date_due),
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("date_due", "order_id")
    def _check_date_due(self):
        for line in self:
            zoned = line.with_context(tz=line.company_id._crm_get_zone())
            order = line.order_id
            made = min(order.date_order or order.create_date, order.create_date)
            day = fields.Date.to_date(fields.Datetime.context_timestamp(zoned, made))
            if line.date_due < day:
                raise ValidationError(
                    self.env._(
                        "%(order)s is of %(day)s: nothing of it is due before that day."
                        " Choose a later one than %(due)s.",
                        order=order.name,
                        day=format_date(self.env, day),
                        due=format_date(self.env, line.date_due),
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        orders = self.order_id.browse({vals.get("order_id") for vals in vals_list})
        take_turns(orders.exists())
        lines = super().create(vals_list)
        lines._note_use()
        self._check_totals(lines.order_id)
        return lines

    def write(self, vals):
        if "order_id" in vals and set(self.order_id.ids) != {vals["order_id"]}:
            raise UserError(
                self.env._(
                    "A line of a collection plan stays with its order. Delete it, and"
                    " add one to the other order."
                )
            )
        take_turns(self.order_id)
        self._check_is_open(vals)
        result = super().write(vals)
        self._note_use()
        if "amount" in vals:
            self._check_totals(self.order_id)
        return result

    def unlink(self):
        orders = self.order_id
        take_turns(orders)
        self._check_is_open(None)
        result = super().unlink()
        self._check_totals(orders)
        return result

    # === BUSINESS METHODS: the plan as a whole === #

    def _to_instalments(self, digits):
        return {
            line: Instalment(
                line.date_due or fields.Date.context_today(line),
                Decimal(f"{line.amount:.{digits}f}"),
            )
            for line in self
        }

    @api.model
    def _check_totals(self, orders):
        """
        :raises ValidationError: where a plan does not come to the total of its order
        """
        if WholePlan.is_saved(self.env):
            return  # looked at when all of it is saved
        for order, planned in self._sum_up(orders).items():
            total, currency = max(order.amount_total, 0), order.currency_id
            if currency.compare_amounts(planned, total):
                raise ValidationError(
                    self.env._(
                        "The collection plan of %(order)s comes to %(planned)s, the"
                        " order to %(total)s: a difference of %(difference)s. Correct"
                        " the lines, or let the last one take the difference.",
                        order=order.name,
                        planned=format_amount(self.env, planned, currency),
                        total=format_amount(self.env, total, currency),
                        difference=format_amount(
                            self.env, abs(total - planned), currency
                        ),
                    )
                )

    @api.model
    def _sum_up(self, orders):
        """What is planned of the orders that have a plan: ``{order: amount}``"""
        # Superuser mode: a plan comes to the total whoever sees which lines of it.
        groups = self.sudo()._read_group(
            [("order_id", "in", orders.ids)], ["order_id"], ["amount:sum"]
        )
        return {order.sudo(False): planned for order, planned in groups}

    @api.model
    def _fit_to(self, orders):
        """Let plans come to the totals of their orders again: the last line takes the
        difference, see :func:`collection.fit`. What is ordered after the last day has
        passed is due today."""
        if WholePlan.is_saved(self.env):
            return  # done when all of it is saved
        changed = [
            order
            for order, planned in self._sum_up(orders).items()
            if order.currency_id.compare_amounts(planned, max(order.amount_total, 0))
        ]
        # Superuser mode: whoever changes the order need not see its plan.
        for order in orders.browse().concat(*changed).sudo():
            order.crm_collection_line_ids._fit()

    def _fit(self):
        """Let the lines of one order come to its total."""
        order, lines = self.order_id, WholePlan.of(self.sorted(_by_day))
        digits = order.currency_id.decimal_places
        today = order.company_id._crm_get_today()
        total = Decimal(f"{max(order.amount_total, 0):.{digits}f}")
        planned = [one.amount for one in lines._to_instalments(digits).values()]
        more = total - sum(planned)
        if more > 0 and lines[-1].date_due < today:
            lines.create(
                {"order_id": order.id, "date_due": today, "amount": float(more)}
            )
            return
        for line, amount in zip(lines, fit(planned, total), strict=True):
            if line.currency_id.compare_amounts(line.amount, float(amount)):
                line.amount = float(amount)

    # === BUSINESS METHODS: what holds === #

    def _check_is_open(self, vals):
        """Hold what has come in: it is neither deleted nor planned for less, and what
        is received in full stays at its day.

        :param vals: what is written; None where lines are deleted
        """
        if self.env.su or not (vals is None or {"amount", "date_due"} & vals.keys()):
            return  # what the system does with a changed order comes through here, too
        self.invalidate_recordset(["amount_received", "state"])
        for line in self.filtered("amount_received"):
            amount = 0 if vals is None else vals.get("amount", line.amount)
            day = fields.Date.to_date((vals or {}).get("date_due", line.date_due))
            less = line.currency_id.compare_amounts(amount, line.amount_received) < 0
            if less or (line.state == "received" and day != line.date_due):
                raise UserError(
                    self.env._(
                        "%(received)s of %(line)s has been received, so it stays as it"
                        " was agreed. Change what is still open.",
                        received=format_amount(
                            self.env, line.amount_received, line.currency_id
                        ),
                        line=line.display_name,
                    )
                )

    # === BUSINESS METHODS: whether it is used at all === #

    @api.model
    @ormcache("company_id", "is_deposit")
    def _is_used(self, company_id, is_deposit=False):
        """Whether any order of a company has a plan, or one with a deposit: where none
        has, nothing is asked about it on the way of an order. Once there was one, it
        is taken for granted until the server starts anew."""
        domain = [("order_id.company_id", "=", company_id)]
        if is_deposit:
            domain += [("is_deposit", "=", True)]
        # Superuser mode: the same whoever looks.
        return bool(self.sudo().search_count(domain, limit=1))

    def _note_use(self):
        for company, lines in self.sudo().grouped("company_id").items():
            deposit = any(lines.mapped("is_deposit"))
            if not self._is_used(company.id) or (
                deposit and not self._is_used(company.id, True)
            ):
                self.env.registry.clear_cache()
                return


def _by_day(line):
    return line.date_due, line.id
