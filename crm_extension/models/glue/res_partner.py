from odoo import fields, models
from odoo.tools import format_amount


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _crm_get_accounts(self, orders):
        """What the customers of some orders owe, as figures for an approver.

        :return: ``{order id: [(label, value, note, level)]}``; in the currency of the
            order's company, of that company's books alone
        """
        cards = {}
        for company, companions in orders.grouped("company_id").items():
            partners = companions.partner_id.commercial_partner_id
            partners = partners.with_company(company)
            overdue = partners._crm_get_overdue(company)
            for order in companions:
                partner = order.partner_id.commercial_partner_id.with_company(company)
                cards[order.id] = partner._crm_get_account_cards(
                    company, order, *overdue.get(partner.id, (0.0, 0))
                )
        return cards

    def _crm_get_account_cards(self, company, order, overdue, days):
        def amount(value):
            return format_amount(self.env, value, company.currency_id)

        asked = order.currency_id._convert(
            order.amount_total,
            company.currency_id,
            company,
            order.date_order or fields.Date.context_today(order),
        )
        exposure = self.credit + self.credit_to_invoice
        if order.state != "sale":
            exposure += asked
        return [
            (self.env._("Owes"), amount(self.credit), "", ""),
            (
                self.env._("Overdue"),
                amount(overdue),
                self.env._("for %(days)s days", days=days) if overdue else "",
                "bad" if overdue else "",
            ),
            (
                self.env._("Exposure"),
                amount(exposure),
                self.env._("owed, not invoiced, and this order"),
                "",
            ),
        ]

    def _crm_get_overdue(self, company):
        """Open amounts past due, and for how long the oldest.

        :return: ``{commercial partner id: (amount in company currency, days)}``
        """
        today = fields.Date.context_today(self)
        groups = self.env["account.move.line"]._read_group(
            [
                ("partner_id", "child_of", self.ids),
                ("company_id", "=", company.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("date_maturity", "<", today),
            ],
            ["partner_id"],
            ["amount_residual:sum", "date_maturity:min"],
        )
        overdue = {}
        for partner, amount, oldest in groups:
            key = partner.commercial_partner_id.id
            before, days = overdue.get(key, (0.0, 0))
            overdue[key] = (before + amount, max(days, (today - oldest).days))
        return overdue
