from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..visit.promise import Receipt

# What customers have paid, and what was paid back to them: in the books, and what is
# there only when the bank says so.
RECEIPTS = """
    SELECT partner.commercial_partner_id, line.date, -SUM(line.amount_currency),
           line.currency_id, -SUM(line.balance)
      FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
      JOIN account_journal journal ON journal.id = line.journal_id
      JOIN res_partner partner ON partner.id = line.partner_id
     WHERE account.account_type = 'asset_receivable'
       AND journal.type IN ('bank', 'cash', 'credit')
       AND line.parent_state = 'posted'
       AND line.company_id = %(company)s AND line.date >= %(since)s
       AND partner.commercial_partner_id = ANY(%(customers)s::int[])
     GROUP BY partner.commercial_partner_id, line.date, line.currency_id
     UNION ALL
    SELECT partner.commercial_partner_id, payment.date,
           SUM(CASE payment.payment_type WHEN 'inbound' THEN payment.amount
                    ELSE -payment.amount END),
           payment.currency_id, SUM(payment.amount_company_currency_signed)
      FROM account_payment payment
      JOIN res_partner partner ON partner.id = payment.partner_id
     WHERE payment.move_id IS NULL AND payment.partner_type = 'customer'
       AND payment.state IN ('in_process', 'paid')
       AND payment.company_id = %(company)s AND payment.date >= %(since)s
       AND partner.commercial_partner_id = ANY(%(customers)s::int[])
     GROUP BY partner.commercial_partner_id, payment.date, payment.currency_id
"""
# The rate of a day, or the first one that there is, as Odoo takes it.
RATES = """
    SELECT currency.id, day, COALESCE(
           (SELECT rate FROM res_currency_rate
             WHERE currency_id = currency.id AND name <= day
               AND (company_id IS NULL OR company_id = %(root)s)
             ORDER BY company_id, name DESC LIMIT 1),
           (SELECT rate FROM res_currency_rate
             WHERE currency_id = currency.id
               AND (company_id IS NULL OR company_id = %(root)s)
             ORDER BY company_id, name LIMIT 1), 1)
      FROM res_currency currency
CROSS JOIN UNNEST(%(days)s::date[]) day
     WHERE currency.id = ANY(%(currencies)s::int[])
"""


class CrmPaymentPromise(models.Model):
    """A promise, the documents it is about, and what was paid."""

    _inherit = "crm.payment.promise"

    order_id = fields.Many2one(
        comodel_name="sale.order",
        string="For the Order",
        index="btree_not_null",
        check_company=True,
        ondelete="set null",
        tracking=True,
    )
    invoice_id = fields.Many2one(
        comodel_name="account.move",
        string="For the Invoice",
        index="btree_not_null",
        check_company=True,
        ondelete="set null",
        tracking=True,
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("order_id", "invoice_id", "partner_id")
    def _check_documents(self):
        for one in self:
            for document in (one.order_id, one.invoice_id):
                owner = document.partner_id.commercial_partner_id
                if not document or owner == one.commercial_partner_id:
                    continue
                raise ValidationError(
                    self.env._(
                        "%(document)s is none of %(customer)s. Choose one of this"
                        " customer, or leave it empty.",
                        document=document.display_name,
                        customer=one.partner_id.display_name,
                    )
                )

    # === BUSINESS METHODS === #

    @api.model
    def _find_receipts(self, company, customers, since):
        for model in ("account.move.line", "account.payment", "res.partner"):
            self.env[model].flush_model()
        rows = self.env.execute_query(
            SQL(RECEIPTS, company=company.id, since=since, customers=customers.ids)
        )
        receipts = defaultdict(list)
        for customer, day, amount, currency, booked in rows:
            paid = Receipt(day, Decimal(str(amount)), currency, Decimal(str(booked)))
            receipts[customer].append(paid)
        return receipts

    @api.model
    def _find_rates(self, company, currencies, days):
        own = company.currency_id
        self.env["res.currency.rate"].flush_model()
        rows = self.env.execute_query(
            SQL(
                RATES,
                root=company.root_id.id,
                days=sorted(days),
                currencies=(currencies | own).ids,
            )
        )
        worth = {(currency, day): Decimal(str(rate)) for currency, day, rate in rows}
        return {key: rate / worth[own.id, key[1]] for key, rate in worth.items()}
