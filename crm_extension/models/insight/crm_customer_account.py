from odoo import api, fields, models
from odoo.tools import SQL

# Room that each row of a table has for the rows made of it.
STEP = 64


class CrmCustomerAccount(models.Model):
    """What a customer was invoiced, what came in, and what was spent on it (FEATURES
    C01.8, KD-07), for those who have no rights in accounting.

    One row per posted receivable entry, per payment that is not in the books yet, and
    per expense on an analytic account of the customer. Amounts are in the currency of
    the company. Nobody sees those of customers whom they may not see.
    """

    _name = "crm.customer.account"
    _inherit = ["crm.customer.seen"]
    _description = "Customer Account"
    _auto = False
    _order = "date desc, id desc"
    _depends = {
        "account.move.line": ["partner_id", "account_id", "move_id", "journal_id"]
        + ["date", "date_maturity", "balance", "amount_residual", "reconciled"]
        + ["parent_state", "company_id", "display_type"],
        "account.move": ["name", "ref", "move_type"],
        "account.account": ["account_type"],
        "account.journal": ["type"],
        "account.payment": ["partner_id", "move_id", "state", "partner_type", "date"]
        + ["amount_company_currency_signed", "company_id", "name", "memo"],
        "account.analytic.line": ["date", "name", "ref", "amount", "company_id"]
        + ["move_line_id", "account_id"],
        "account.analytic.account": ["partner_id"],
        "res.company": ["currency_id"],
        "res.partner": ["commercial_partner_id"],
    }

    date = fields.Date(readonly=True)
    date_due = fields.Date(string="Due Date", readonly=True)
    kind = fields.Selection(
        selection=[
            ("invoice", "Invoice"),
            ("refund", "Credit Note"),
            ("receipt", "Receipt"),
            ("expense", "Expense"),
            ("other", "Other Entry"),
        ],
        readonly=True,
    )
    name = fields.Char(string="Number", readonly=True)
    description = fields.Char(readonly=True)
    amount = fields.Monetary(readonly=True)
    amount_open = fields.Monetary(string="Still Open", readonly=True)
    amount_overdue = fields.Monetary(string="Overdue", readonly=True)
    days_overdue = fields.Integer(string="Days Late", readonly=True, aggregator="max")
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)

    # === BUSINESS METHODS === #

    @property
    def _table_query(self):
        return SQL(" UNION ALL ").join(
            (
                self._select_receivables(),
                self._select_payments(),
                *self._select_expenses(),
            )
        )

    @api.model
    def _select_receivables(self):
        return SQL(
            """
            SELECT line.id::bigint * %(step)s AS id,
                   partner.commercial_partner_id AS partner_id,
                   line.date,
                   line.date_maturity AS date_due,
                   entry.kind,
                   move.name,
                   move.ref AS description,
                   CASE WHEN entry.kind = 'receipt' THEN -line.balance
                        ELSE line.balance END AS amount,
                   CASE WHEN line.reconciled THEN 0
                        ELSE line.amount_residual END AS amount_open,
                   CASE WHEN due.is_over THEN line.amount_residual
                        ELSE 0 END AS amount_overdue,
                   CASE WHEN due.is_over AND line.amount_residual > 0
                        THEN %(today)s - line.date_maturity END AS days_overdue,
                   line.company_id,
                   company.currency_id
              FROM account_move_line line
              JOIN account_account account ON account.id = line.account_id
              JOIN account_move move ON move.id = line.move_id
              JOIN account_journal journal ON journal.id = line.journal_id
              JOIN res_company company ON company.id = line.company_id
              JOIN res_partner partner ON partner.id = line.partner_id
        CROSS JOIN LATERAL (
                   SELECT line.reconciled IS NOT TRUE
                          AND line.date_maturity < %(today)s AS is_over
                   ) due
        CROSS JOIN LATERAL (
                   SELECT CASE
                          WHEN move.move_type IN ('out_invoice', 'out_receipt')
                          THEN 'invoice'
                          WHEN move.move_type = 'out_refund' THEN 'refund'
                          WHEN journal.type IN ('bank', 'cash', 'credit')
                          THEN 'receipt'
                          ELSE 'other' END AS kind
                   ) entry
             WHERE account.account_type = 'asset_receivable'
               AND line.parent_state = 'posted'
            """,
            step=STEP,
            today=fields.Date.context_today(self),
        )

    @api.model
    def _select_payments(self):
        """Payments that are in the books only when the bank says so."""
        return SQL(
            """
            SELECT payment.id::bigint * %(step)s + 1,
                   partner.commercial_partner_id,
                   payment.date,
                   NULL::date,
                   'receipt',
                   payment.name,
                   payment.memo,
                   payment.amount_company_currency_signed,
                   0,
                   0,
                   NULL::integer,
                   payment.company_id,
                   company.currency_id
              FROM account_payment payment
              JOIN res_company company ON company.id = payment.company_id
              JOIN res_partner partner ON partner.id = payment.partner_id
             WHERE payment.move_id IS NULL
               AND payment.partner_type = 'customer'
               AND payment.state IN ('in_process', 'paid')
            """,
            step=STEP,
        )

    @api.model
    def _select_expenses(self):
        """What was booked on analytic accounts of a customer, the cost of what was
        delivered to it left out: a query for each kind of them."""
        project, others = self.env["account.analytic.plan"]._get_all_plans()
        plans = [plan._strict_column_name() for plan in (*project, *others)]
        for number, name in enumerate(plans):
            yield SQL(
                """
                SELECT spent.id::bigint * %(step)s + 2 + %(number)s,
                       partner.commercial_partner_id,
                       spent.date,
                       NULL::date,
                       'expense',
                       COALESCE(move.name, spent.ref),
                       spent.name,
                       -spent.amount,
                       0,
                       0,
                       NULL::integer,
                       spent.company_id,
                       company.currency_id
                  FROM account_analytic_line spent
                  JOIN account_analytic_account held ON held.id = %(column)s
                  JOIN res_company company ON company.id = spent.company_id
                  JOIN res_partner partner ON partner.id = held.partner_id
             LEFT JOIN account_move_line line ON line.id = spent.move_line_id
             LEFT JOIN account_account account ON account.id = line.account_id
             LEFT JOIN account_move move ON move.id = line.move_id
                 WHERE CASE WHEN line.id IS NULL THEN spent.amount < 0
                            ELSE account.account_type LIKE 'expense%%'
                                 AND line.display_type <> 'cogs' END
                   AND NOT EXISTS (
                       SELECT FROM account_analytic_account other
                         JOIN res_partner same ON same.id = other.partner_id
                        WHERE other.id IN %(earlier)s
                          AND same.commercial_partner_id
                              = partner.commercial_partner_id)
                """,
                step=STEP,
                number=number,
                column=SQL.identifier("spent", name),
                # Under two plans, what was spent is spent once.
                earlier=SQL(
                    "(%s)",
                    SQL(", ").join(
                        [
                            SQL("NULL::integer"),
                            *(SQL.identifier("spent", n) for n in plans[:number]),
                        ]
                    ),
                ),
            )
