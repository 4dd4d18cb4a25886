from odoo import api, fields, models
from odoo.tools import SQL

from .crm_start_frame import ROWS

GROUPS = ("account.group_account_invoice", "account.group_account_readonly")
# What is ordered and on no invoice yet, by currency, taxes included. Orders that are
# invoiced to the end are not looked into.
NOT_INVOICED = """
    SELECT sale.currency_id,
           SUM(line.price_total
               * GREATEST(1 - COALESCE(line.qty_invoiced, 0) / line.product_uom_qty, 0))
      FROM sale_order sale
      JOIN sale_order_line line ON line.order_id = sale.id
     WHERE sale.state = 'sale' AND sale.invoice_status <> 'invoiced'
       AND sale.company_id = %(company)s
       AND line.display_type IS NULL AND line.is_downpayment IS NOT TRUE
       AND line.product_uom_qty > 0
     GROUP BY sale.currency_id
"""
READ = {
    "sale.order": ("company_id", "currency_id", "invoice_status", "state"),
    "sale.order.line": ("display_type", "is_downpayment", "order_id", "price_total")
    + ("product_uom_qty", "qty_invoiced"),
}


class CrmStartFinance(models.AbstractModel):
    """What finance starts with: what is to be decided, what customers owe and will owe,
    what is overdue, and what is to be given back."""

    _name = "crm.start.finance"
    _inherit = ["crm.start.frame"]
    _description = "Start Page of Finance"

    @api.model
    def _get_sections(self):
        sections = super()._get_sections()
        if not any(map(self.env.user.has_group, GROUPS)):
            return sections
        own = {
            "key": "finance",
            "title": self.env._("Finance"),
            "cards": [
                self._get_decide_card(),
                self._get_exposure_card(),
                self._get_overdue_card(),
                self._get_refund_card(),
            ],
            "tables": [self._get_decide_table(), self._get_overdue_table()],
        }
        return [*sections, own]

    # === BUSINESS METHODS: to decide === #

    @api.model
    def _get_inbox_domain(self):
        return [("user_id", "=", self.env.uid), ("state", "=", "open")]

    @api.model
    def _get_decide_card(self):
        waiting = self.env["crm.approval.item"].search_count(self._get_inbox_domain())
        return self._make_card(
            "decide",
            self.env._("To decide"),
            waiting,
            "crm_extension.crm_approval_item_action",
            level="attention" if waiting else "",
        )

    @api.model
    def _get_decide_table(self):
        items = self.env["crm.approval.item"].search(
            self._get_inbox_domain(), order="date_due, id", limit=ROWS
        )
        now = fields.Datetime.now()
        return self._make_table(
            "decide",
            self.env._("Waiting for my decision"),
            [
                self.env._("What"),
                self.env._("Why"),
                self.env._("Asked by"),
                self.env._("Due"),
            ],
            [
                (
                    item.request_id,
                    [
                        item.request_id.display_name,
                        item.request_id.summary or "",
                        item.requester_id.name or "",
                        self._tell_day(item.date_due),
                    ],
                    "bad" if item.date_due and item.date_due < now else "",
                )
                for item in items
            ],
            self.env._("Nothing waits for your decision."),
        )

    # === BUSINESS METHODS: money === #

    @api.model
    def _get_exposure_card(self):
        """Of the current company, in its currency, at today's rates."""
        company, today = self.env.company, fields.Date.context_today(self)
        ((owed,),) = self.env["account.move.line"]._read_group(
            [
                ("company_id", "=", company.id),
                ("parent_state", "=", "posted"),
                ("account_id.account_type", "=", "asset_receivable"),
                ("reconciled", "=", False),
            ],
            aggregates=["amount_residual:sum"],
        )
        ordered = sum(
            currency._convert(amount, company.currency_id, company, today)
            for currency, amount in self._find_not_invoiced()
        )
        amounts = {
            "owed": self._tell_amounts([(company.currency_id, owed or 0)]),
            "ordered": self._tell_amounts([(company.currency_id, ordered)]),
        }
        return self._make_card(
            "exposure",
            self.env._("Exposure"),
            self._tell_amounts([(company.currency_id, (owed or 0) + ordered)]),
            "crm_extension.crm_collection_account_action",
            note=self.env._("%(owed)s owed, %(ordered)s ordered", **amounts),
        )

    @api.model
    def _find_not_invoiced(self):
        """``[(currency, amount)]`` of the current company's orders."""
        for model, names in READ.items():
            self.env[model].flush_model(names)
        # Past the rules of single orders: finance knows the sum of all.
        rows = self.env.execute_query(SQL(NOT_INVOICED, company=self.env.company.id))
        currencies = self.env["res.currency"]
        return [(currencies.browse(key), float(amount)) for key, amount in rows]

    @api.model
    def _get_overdue_domain(self):
        return [
            ("company_id", "in", self.env.companies.ids),
            ("state", "=", "overdue"),
            ("is_owed", "=", True),
        ]

    @api.model
    def _get_overdue_card(self):
        overdue = self.env["crm.collection.due"]._read_group(
            self._get_overdue_domain(), ["currency_id"], ["amount_open:sum"]
        )
        return self._make_card(
            "overdue",
            self.env._("Overdue"),
            self._tell_amounts(overdue),
            "crm_extension.crm_collection_due_action_arrears",
            level="bad" if overdue else "",
        )

    @api.model
    def _get_overdue_table(self):
        debtors = self.env["crm.collection.due"]._read_group(
            self._get_overdue_domain(),
            ["partner_id", "currency_id"],
            ["amount_open:sum", "days_late:max"],
            order="days_late:max desc, amount_open:sum desc",
            limit=ROWS,
        )
        return self._make_table(
            "debtors",
            self.env._("Longest overdue"),
            [self.env._("Customer"), self.env._("Overdue"), self.env._("Days late")],
            [
                (
                    customer,
                    [
                        customer.display_name,
                        self._tell_amounts([(currency, amount)]),
                        str(days),
                    ],
                    "bad",
                )
                for customer, currency, amount, days in debtors
            ],
            self.env._("Nobody is overdue."),
        )

    @api.model
    def _get_refund_card(self):
        waiting = self.env["crm.return.order"]._read_group(
            [
                ("company_id", "in", self.env.companies.ids),
                ("state", "=", "to_refund"),
            ],
            aggregates=["__count"],
        )
        return self._make_card(
            "refunds",
            self.env._("Returns to refund"),
            waiting[0][0],
            "crm_extension.crm_return_order_action_refund",
            level="attention" if waiting[0][0] else "",
        )
