from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from ..approval.core.facts import Fact
from ..approval.core.gate import Gate


class SaleOrder(models.Model):
    _name = "sale.order"
    # These override what Odoo's order does, so they come first.
    _inherit = [
        "crm.numbers",
        "crm.sale.credit",
        "crm.sale.acceptance",
        "crm.sale.ledger",
        "crm.sale.kind",
        "crm.sale.contract",
        "crm.sale.hold",
        "crm.sale.collection",
        "crm.sale.return",
        "crm.sale.execution",
        "sale.order",
        "crm.sale.allocation",
        "crm.sale.offer",
        "crm.sale.window",
        "crm.sale.rules",
        "crm.sale.margin",
        "crm.sale.verdict",
        "crm.approval.mixin",
    ]

    crm_custom_made = fields.Boolean(
        string="Made to Order Specially",
        compute="_compute_crm_custom_made",
        groups="base.group_user",
        help="Something in it is made for this customer alone, so production and"
        " shipment wait for its review (LC-12).",
    )

    # Customers are rated by what they order; a night reads every order, and no more of
    # it than this.
    _crm_customer_idx = models.Index(
        "(partner_id, company_id) INCLUDE (date_order) WHERE state = 'sale'"
    )

    # === COMPUTE METHODS === #

    @api.depends("order_line.product_id.crm_custom_made", "crm_order_kind")
    def _compute_crm_custom_made(self):
        for order in self.sudo():  # customers order in the portal
            order.crm_custom_made = (
                order.crm_order_kind == "custom" or order._crm_has_custom_products()
            )

    def _compute_payment_term_id(self):
        """By the customer's tier where none are agreed with the customer."""
        result = super()._compute_payment_term_id()
        for company, orders in self.grouped("company_id").items():
            terms = orders.partner_id._crm_get_tier_terms(company)
            for order in orders:
                if order.partner_id.id in terms:
                    order.payment_term_id = terms[order.partner_id.id]
        return result

    # === ACTION METHODS === #

    def action_approval_request(self):
        # Asked while the quotation is still open, so that a granted one can be
        # confirmed as it stands.
        if closed := self.filtered(lambda order: order.state not in ("draft", "sent")):
            raise UserError(
                self.env._(
                    "%(document)s is no quotation any more. Set it back to quotation"
                    " to ask for a new approval.",
                    document=closed[0].display_name,
                )
            )
        return super().action_approval_request()

    # === BUSINESS METHODS: sale === #

    def _confirmation_error_message(self):
        return (
            super()._confirmation_error_message() or self._approval_blocking_message()
        )

    def _action_confirm(self):
        result = super()._action_confirm()
        self._crm_end_silence()
        return result

    def _action_cancel(self):
        self._approval_get_under_way()._withdraw(
            "withdraw", self.env._("The order was cancelled.")
        )
        return super()._action_cancel()

    def _recompute_prices(self):
        result = super()._recompute_prices()
        lines, own = self.order_line, ("crm_full_price", "crm_own_price")
        for name in own:
            self.env.add_to_compute(lines._fields[name], lines)
        lines.modified(own)  # what the rules make of them, too
        return result

    def _crm_end_silence(self):
        """Customers at risk who order are looked at at once, all others at night."""
        # Superuser mode: customers confirm in the portal, and see nothing of it.
        for company, orders in self.sudo().grouped("company_id").items():
            if not orders.partner_id._crm_misses_anybody(company.id):
                continue
            customers = orders.partner_id.commercial_partner_id.with_company(company)
            if silent := customers.filtered("crm_churn_state"):
                self.env["crm.churn.watch"]._work_out(company, silent.ids)

    # === BUSINESS METHODS: approval === #

    @api.model
    def _approval_gates(self):
        return (
            Gate(
                key="sale.order:confirm",
                label=self.env._("Confirm a quotation"),
                past=[("state", "=", "sale")],
                watched=frozenset(
                    {"state", "order_line", "partner_id", "currency_id", "company_id"}
                    | {"pricelist_id", "payment_term_id", "fiscal_position_id"}
                    | {"partner_invoice_id", "crm_order_kind"}
                ),
            ),
        )

    @api.model
    def _approval_depends(self):
        return [
            "state",
            "partner_id.commercial_partner_id.crm_released",
            "payment_term_id",
            "order_line.product_id.crm_custom_made",
            "crm_order_kind",
            "order_line.name",
            "crm_approval_request_ids.state",
            "crm_credit",
            *self._crm_discount_depends(),
        ]

    def _approval_get_facts(self, gate):
        verdicts = self._crm_get_verdicts()
        credit = self._crm_get_credit_facts()
        billed = {
            order.id: {"billed": Fact(customer.id, "changed")}
            for order, customer in self._crm_find_unreleased().items()
            # Of the customer itself that is said already.
            if customer != order.partner_id.commercial_partner_id
        }
        return {
            order.id: order._crm_get_facts(verdicts[order.id])
            | credit[order.id]
            | billed.get(order.id, {})
            for order in self
        }

    def _approval_get_reasons(self, gate):
        verdicts = self._crm_get_verdicts()
        related = self._crm_filter_asked_by_sum()._crm_get_related()
        return {
            order.id: " ".join(
                filter(
                    None,
                    (
                        order._crm_explain(verdicts[order.id]),
                        order._crm_explain_credit(),
                        order._crm_tell_custom(),
                        order in related and order._crm_tell_related(related[order]),
                    ),
                )
            )
            for order in self
        }

    def _approval_get_refusals(self, gate):
        return (
            self._crm_get_unreleased()
            | self._crm_get_unwanted()
            | {
                key: self.browse((key,))._crm_explain_refusal(verdict)
                for key, verdict in self._crm_get_verdicts().items()
                if verdict.state == "refused"
            }
        )

    def _crm_get_unreleased(self):
        """Orders that are not for a released customer (FEATURES C03.3, LC-01)."""
        return {
            order.id: self.env._(
                "%(customer)s is not released for orders yet. Ask for it on"
                " the customer's form.",
                customer=customer.display_name,
            )
            for order, customer in self._crm_find_unreleased().items()
        }

    def _crm_find_unreleased(self):
        """Who of an order's customer and of those who are billed waits for the release:
        who pays is sold to as well. ``{order: customer}``"""
        held = {}
        if self.env["res.partner"]._crm_is_released_at_once():
            return held
        for company, orders in self.grouped("company_id").items():
            waiting = orders._crm_get_parties().with_company(company)
            waiting = waiting._crm_filter_waiting()
            for order in orders if waiting else ():
                if found := order._crm_get_parties() & waiting:
                    held[order] = found[0]
        return held

    def _crm_get_parties(self):
        return (self.partner_id | self.partner_invoice_id).commercial_partner_id

    def _crm_get_unwanted(self):
        """Orders of individuals, where the company sells to organisations alone
        (FEATURES C01.3, JB-07)."""
        unwanted = {}
        for company, orders in self._approval_group_by_company().items():
            individuals = orders.partner_id._crm_filter_unwanted(company)
            for order in orders if individuals else ():
                customer = order.partner_id.commercial_partner_id
                if customer in individuals:
                    unwanted[order.id] = customer._crm_tell_unwanted(company)
        return unwanted

    def _approval_get_summaries(self, gate):
        verdicts = self._crm_get_verdicts()
        return {
            order.id: order._crm_summarize(verdicts[order.id].worst) for order in self
        }

    def _approval_get_figures(self):
        verdicts = self._crm_get_verdicts()
        accounts = self.partner_id.commercial_partner_id._crm_get_accounts(self)
        costs = self._crm_get_cost_verdicts()
        return {
            order.id: {
                "cards": order._crm_get_figure_cards(
                    verdicts[order.id], costs[order.id], accounts[order.id]
                ),
                "table": order._crm_get_figure_table(verdicts[order.id]),
            }
            for order in self
        }

    def _approval_get_interested_users(self):
        return self.user_id | self.order_line.crm_given_by_id

    def _approval_get_team_leaders(self):
        return self.team_id.user_id

    def _approval_get_measures(self, gate):
        verdicts = self._crm_get_verdicts()
        return {order.id: verdicts[order.id].given for order in self}

    def _approval_get_limits(self, users):
        limits = self.env["crm.discount.policy"]._get_limits(self.company_id.id)
        if not limits:
            return {}
        return self._crm_get_authority(limits, users)

    def _approval_get_amounts(self):
        related = self._crm_get_related()
        return {
            order.id: sum(
                each._crm_to_company_currency(each.amount_untaxed)
                for each in order | related.get(order, order)
            )
            for order in self
        }

    def _approval_get_counter_values(self):
        lines = self.order_line.filtered(lambda line: not line.display_type)
        return [(line, "discount") for line in lines] + [(self, "payment_term_id")]

    def _crm_get_exposure(self):
        """What the order adds to what the customer owes, in company currency."""
        self.ensure_one()
        if self.state == "sale":
            return 0.0  # counted already, as not invoiced
        return self._crm_to_company_currency(self.amount_total)

    def _crm_to_company_currency(self, amount):
        self.ensure_one()
        return self.currency_id._convert(
            amount,
            self.company_id.currency_id,
            self.company_id,
            self.date_order or fields.Date.context_today(self),
        )

    # === BUSINESS METHODS: what people read === #

    def _crm_get_facts(self, verdict):
        facts = {
            "company": Fact(self.company_id.id or None, "changed"),
            "partner": Fact(self.partner_id.id or None, "changed"),
            "currency": Fact(self.currency_id.name, "changed"),
            "payment_term": Fact(
                self.payment_term_id.id or None, "changed", topic="terms"
            ),
        }
        # What stays within its giver's limit needs nobody, before and after.
        for line in self.order_line:
            given = verdict.lines.get(line.id)
            if given and given.excess:
                facts |= line._crm_get_facts(given)
            if given and given.shortfall:
                facts |= line._crm_get_margin_facts(given)
        facts |= self._crm_get_review_facts()
        if beyond := verdict.lines.get(None):
            facts["reduction"] = Fact(beyond.concession, "higher", topic="discount")
        return facts

    def _crm_get_review_facts(self):
        facts = {}
        for line in self.order_line.filtered("product_id.crm_custom_made"):
            facts |= line._crm_get_custom_facts()
        if not facts and self.crm_order_kind == "custom":
            label = self.env._("Custom order")
            facts["custom"] = Fact(True, "changed", label, "custom")
        return facts

    def _crm_summarize(self, worst):
        """One line for the inbox: the highest discount, or else what is special."""
        what, credit = self._crm_tell_custom(), self._crm_summarize_credit()
        if worst and worst.shortfall and not worst.excess:
            # Kept with what is asked, and read by salespeople: so without figures.
            what = self.env._(
                "%(line)s is below the least margin",
                line=self._crm_name_line(worst.key),
            )
        elif worst and (worst.excess or not credit):
            what = self.env._(
                "%(percent)g %% on %(line)s",
                percent=worst.percent,
                line=self._crm_name_line(worst.key),
            )
        told = "; ".join(filter(None, (credit, what)))
        return f"{self.partner_id.display_name}: {told}"

    def _crm_tell_custom(self):
        products = self._crm_get_custom_products()
        if not products and self.crm_order_kind == "custom":
            return self.env._("A custom order: made for this customer alone.")
        if not products:
            return ""
        return self.env._(
            "%s: made for this customer alone.", ", ".join(products.mapped("name"))
        )

    def _crm_get_figure_cards(self, verdict, cost, account):
        def amount(value):
            return format_amount(self.env, float(value), self.currency_id)

        cards = [
            (self.env._("Customer"), self.partner_id.display_name, "", ""),
            (self.env._("Untaxed amount"), amount(self.amount_untaxed), "", ""),
            (
                self.env._("Given away"),
                amount(verdict.concession),
                self.env._("at most %(percent)g %% on a line", percent=verdict.given),
                "attention" if verdict.excess else "",
            ),
            *self._crm_get_margin_cards(cost),
            *account,
        ]
        names = ("label", "value", "note", "level")
        return [dict(zip(names, card, strict=True)) for card in cards]

    def _crm_get_figure_table(self, verdict):
        lines = self.order_line.filtered(lambda line: not line.display_type)
        return {
            "columns": [
                self.env._("Product"),
                self.env._("Quantity"),
                self.env._("Unit price"),
                self.env._("Given"),
                self.env._("Subtotal"),
            ],
            "rows": [
                line._crm_get_figure_row(verdict.lines.get(line.id)) for line in lines
            ],
        }
