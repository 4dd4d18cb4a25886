from odoo import api, fields, models
from odoo.tools import SQL


class CrmCollectionDue(models.Model):
    """What customers are to pay, and what they owe (FEATURES C13, BX-28, BX-30).

    One row per line of a collection plan, with what has come in for it, and one per
    open instalment of an invoice whose orders have no plan. The customer is who is
    billed. Nothing of it is kept, see ``crm.collection.account``. What a quotation
    plans is not owed yet, and what a cancelled order planned never will be.
    """

    _name = "crm.collection.due"
    _description = "Collection"
    _auto = False
    _order = "date_due, id"
    _depends = {
        "crm.collection.line": ["order_id", "date_due", "amount", "is_deposit"],
        "crm.collection.account": ["amount_settled", "state", "user_id", "team_id"],
        "crm.collection.reminder": ["date"],
        "crm.collection.reminder.item": ["reminder_id", "line_id", "move_line_id"],
        "crm.payment.promise": [
            "active",
            "state",
            "commercial_partner_id",
            "company_id",
        ]
        + ["order_id", "invoice_id", "due_date"],
        "account.move.line": ["move_id", "account_id", "date_maturity", "reconciled"]
        + ["amount_currency", "amount_residual_currency", "currency_id", "company_id"]
        + ["parent_state"],
        "account.move": ["move_type", "commercial_partner_id", "team_id"]
        + ["invoice_user_id"],
        "account.account": ["account_type"],
    }

    kind = fields.Selection(
        selection=[("plan", "Collection Plan"), ("invoice", "Invoice without Plan")],
        readonly=True,
    )
    line_id = fields.Many2one(
        comodel_name="crm.collection.line", string="Plan Line", readonly=True
    )
    order_id = fields.Many2one(comodel_name="sale.order", readonly=True)
    move_line_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Instalment of the Invoice",
        readonly=True,
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    move_id = fields.Many2one(
        comodel_name="account.move", string="Invoice", readonly=True
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True
    )
    contact_id = fields.Many2one(
        comodel_name="res.partner", string="Billed to", readonly=True
    )
    user_id = fields.Many2one(
        comodel_name="res.users", string="Salesperson", readonly=True
    )
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Sales Team", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    date_due = fields.Date(string="Due Date", readonly=True)
    amount = fields.Monetary(readonly=True)
    amount_received = fields.Monetary(string="Received", readonly=True)
    amount_open = fields.Monetary(string="Still Open", readonly=True)
    is_deposit = fields.Boolean(string="Before Delivery", readonly=True)
    is_owed = fields.Boolean(
        string="Ordered", readonly=True, help="Not so what a quotation plans."
    )
    state = fields.Selection(
        selection=[
            ("not_due", "Not Due"),
            ("part", "Partly Received"),
            ("received", "Received"),
            ("overdue", "Overdue"),
        ],
        readonly=True,
    )
    days_late = fields.Integer(readonly=True, aggregator="max")
    told_on = fields.Date(string="Last Reminder", readonly=True, aggregator="max")
    promise_id = fields.Many2one(
        comodel_name="crm.payment.promise",
        string="Promised",
        readonly=True,
        help="What the customer has promised to pay next.",
    )

    # === COMPUTE METHODS === #

    @api.depends("order_id", "move_id")
    def _compute_display_name(self):
        for one in self:
            # Superuser mode: what it is called is in the row that is read.
            document = one.sudo().order_id or one.sudo().move_id
            one.display_name = document.display_name or ""

    # === ACTION METHODS === #

    @api.readonly
    def action_open_document(self):
        """The order or the invoice that is to be paid."""
        self.ensure_one()
        document = self.order_id if self.kind == "plan" else self.move_id
        return document.get_formview_action()

    # === BUSINESS METHODS: the query === #

    @property
    def _table_query(self):
        return SQL(
            """
            WITH today(company_id, day) AS (VALUES %(days)s)
            %(plans)s UNION ALL %(invoices)s
            """,
            days=SQL(", ").join(self._get_days()),
            plans=self._select_plans(),
            invoices=self._select_invoices(),
        )

    @api.model
    def _get_days(self):
        """Which day it is at each company."""
        # Superuser mode: what day it is, is no secret. Archived ones are owed, too.
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        return [
            SQL("(%s::integer, %s::date)", one.id, one._crm_get_today())
            for one in companies.search([])
        ]

    @api.model
    def _select_plans(self):
        return SQL(
            """
            SELECT line.id::bigint * 2 AS id,
                   'plan' AS kind,
                   line.id AS line_id,
                   line.order_id,
                   NULL::integer AS move_line_id,
                   NULL::integer AS move_id,
                   account.debtor_id AS partner_id,
                   account.contact_id,
                   account.user_id,
                   account.team_id,
                   account.company_id,
                   account.currency_id,
                   line.date_due,
                   line.amount,
                   came.received AS amount_received,
                   line.amount - came.received AS amount_open,
                   COALESCE(line.is_deposit, FALSE) AS is_deposit,
                   account.state = 'sale' AS is_owed,
                   CASE WHEN came.received >= line.amount THEN 'received'
                        WHEN came.is_late THEN 'overdue'
                        WHEN came.received > 0 THEN 'part'
                        ELSE 'not_due' END AS state,
                   CASE WHEN came.is_late AND came.received < line.amount
                        THEN today.day - line.date_due END AS days_late,
                   (SELECT MAX(told.date)
                      FROM crm_collection_reminder_item item
                      JOIN crm_collection_reminder told ON told.id = item.reminder_id
                     WHERE item.line_id = line.id) AS told_on,
                   %(promise)s AS promise_id
              FROM (
                   SELECT plan.*, SUM(plan.amount) OVER (
                              PARTITION BY plan.order_id
                              ORDER BY plan.date_due, plan.id) - plan.amount AS earlier
                     FROM crm_collection_line plan) line
              JOIN (%(accounts)s) account ON account.id = line.order_id
              JOIN today ON today.company_id = account.company_id
        CROSS JOIN LATERAL (
                   SELECT LEAST(line.amount, GREATEST(
                              0, account.amount_settled - line.earlier)) AS received,
                          account.state = 'sale' AND line.date_due < today.day
                              AS is_late) came
             WHERE account.state <> 'cancel'
            """,
            accounts=self.env["crm.collection.account"]._table_query,
            promise=self._select_promise(
                SQL("account.debtor_id"),
                SQL("account.company_id"),
                SQL("COALESCE(promise.order_id, line.order_id) = line.order_id"),
            ),
        )

    @api.model
    def _select_invoices(self):
        """What is open on invoices whose orders have no plan."""
        return SQL(
            """
            SELECT entry.id::bigint * 2 + 1,
                   'invoice',
                   NULL::integer,
                   NULL::integer,
                   entry.id,
                   entry.move_id,
                   move.commercial_partner_id,
                   move.partner_id,
                   move.invoice_user_id,
                   move.team_id,
                   entry.company_id,
                   entry.currency_id,
                   entry.date_maturity,
                   entry.amount_currency,
                   entry.amount_currency - entry.amount_residual_currency,
                   entry.amount_residual_currency,
                   FALSE,
                   TRUE,
                   CASE WHEN entry.date_maturity < today.day THEN 'overdue'
                        WHEN entry.amount_residual_currency < entry.amount_currency
                        THEN 'part'
                        ELSE 'not_due' END,
                   CASE WHEN entry.date_maturity < today.day
                        THEN today.day - entry.date_maturity END,
                   (SELECT MAX(told.date)
                      FROM crm_collection_reminder_item item
                      JOIN crm_collection_reminder told ON told.id = item.reminder_id
                     WHERE item.move_line_id = entry.id),
                   %(promise)s
              FROM account_move_line entry
              JOIN account_account account ON account.id = entry.account_id
              JOIN account_move move ON move.id = entry.move_id
              JOIN today ON today.company_id = entry.company_id
             WHERE account.account_type = 'asset_receivable'
               AND entry.parent_state = 'posted'
               AND entry.reconciled IS NOT TRUE
               AND entry.amount_residual_currency > 0
               AND move.move_type = 'out_invoice'
               AND NOT EXISTS (
                   SELECT FROM account_move_line billed
                     JOIN sale_order_line_invoice_rel rel
                          ON rel.invoice_line_id = billed.id
                     JOIN sale_order_line line ON line.id = rel.order_line_id
                     JOIN crm_collection_line plan ON plan.order_id = line.order_id
                     JOIN sale_order planned ON planned.id = line.order_id
                    WHERE billed.move_id = move.id AND planned.state <> 'cancel')
            """,
            promise=self._select_promise(
                SQL("move.commercial_partner_id"),
                SQL("entry.company_id"),
                SQL("COALESCE(promise.invoice_id, move.id) = move.id"),
            ),
        )

    @api.model
    def _select_promise(self, customer, company, about):
        """What a customer has promised next, in general or about one document."""
        return SQL(
            """
            (SELECT promise.id
               FROM crm_payment_promise promise
              WHERE promise.commercial_partner_id = %(customer)s
                AND promise.company_id = %(company)s
                AND promise.active AND promise.state = 'open' AND %(about)s
           ORDER BY promise.due_date, promise.id LIMIT 1)
            """,
            customer=customer,
            company=company,
            about=about,
        )
