from odoo import api, fields, models
from odoo.tools import SQL, format_amount

from ..discount.volume import Volume, window

# What the figures are made of; they are read past the cache.
READ = {
    "sale.order": ("state", "date_order", "company_id", "partner_id", "currency_rate"),
    "sale.order.line": (
        *("order_id", "display_type", "crm_reference_price", "price_unit"),
        *("discount", "product_uom_qty", "purchase_price", "product_uom_id"),
        "invoice_lines",
    ),
    "account.move": (
        *("move_type", "state", "invoice_date", "company_id", "amount_total"),
        *("commercial_partner_id", "amount_residual", "amount_untaxed_signed"),
    ),
    "account.move.line": (
        *("move_id", "display_type", "balance", "quantity", "product_uom_id"),
    ),
    "res.partner": ("commercial_partner_id",),
    "uom.uom": ("factor",),
}

# What was invoiced less what was credited, in both windows.
SALES = """
    SELECT commercial_partner_id,
           SUM(amount_untaxed_signed) FILTER (WHERE invoice_date > %(start)s),
           SUM(amount_untaxed_signed) FILTER (WHERE invoice_date <= %(start)s)
      FROM account_move
     WHERE commercial_partner_id = ANY(%(ids)s)
       AND company_id = %(company)s
       AND state = 'posted'
       AND move_type IN ('out_invoice', 'out_refund', 'out_receipt')
       AND invoice_date > %(before)s AND invoice_date <= %(end)s
     GROUP BY commercial_partner_id
"""
# How many orders, and what was given on them. Lines without an entitled price say
# nothing about discounts, unless they take something off.
ORDERS = """
    SELECT partner.commercial_partner_id,
           COUNT(DISTINCT sale.id),
           SUM(priced.listed / sale.currency_rate),
           SUM((priced.listed - priced.net) / sale.currency_rate)
      FROM sale_order sale
      JOIN res_partner partner ON partner.id = sale.partner_id
      LEFT JOIN LATERAL (
        SELECT line.crm_reference_price * line.product_uom_qty AS listed,
               line.price_unit * (1 - COALESCE(line.discount, 0) / 100)
                   * line.product_uom_qty AS net
          FROM sale_order_line line
         WHERE line.order_id = sale.id AND line.display_type IS NULL
      ) priced ON priced.listed > 0 OR priced.net < 0
     WHERE partner.commercial_partner_id = ANY(%(ids)s)
       AND sale.company_id = %(company)s
       AND sale.state = 'sale'
       AND sale.date_order::date > %(start)s
       AND sale.date_order::date <= %(end)s
       AND sale.currency_rate > 0
     GROUP BY partner.commercial_partner_id
"""
# What was paid of the orders' invoices, and what is left of it after the cost that was
# noted on the order.
PAID = """
    SELECT move.commercial_partner_id,
           SUM(-line.balance * paid.share),
           SUM((-line.balance - sold.cost * line.quantity * CASE
               WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END
           ) * paid.share)
      FROM account_move move
      JOIN account_move_line line ON line.move_id = move.id
       AND line.display_type = 'product'
      JOIN LATERAL (
        SELECT ordered.purchase_price / sale.currency_rate
               * COALESCE(billed.factor / NULLIF(own.factor, 0), 1) AS cost
          FROM sale_order_line_invoice_rel rel
          JOIN sale_order_line ordered ON ordered.id = rel.order_line_id
          JOIN sale_order sale ON sale.id = ordered.order_id
          LEFT JOIN uom_uom own ON own.id = ordered.product_uom_id
          LEFT JOIN uom_uom billed ON billed.id = line.product_uom_id
         WHERE rel.invoice_line_id = line.id AND sale.currency_rate > 0
         ORDER BY ordered.id LIMIT 1
      ) sold ON TRUE
      JOIN LATERAL (
        SELECT CASE WHEN move.amount_total = 0 THEN 1
               ELSE 1 - move.amount_residual / move.amount_total END AS share
      ) paid ON TRUE
     WHERE move.commercial_partner_id = ANY(%(ids)s)
       AND move.company_id = %(company)s
       AND move.state = 'posted'
       AND move.move_type IN ('out_invoice', 'out_refund')
       AND move.invoice_date > %(start)s AND move.invoice_date <= %(end)s
     GROUP BY move.commercial_partner_id
"""
# Whoever may be asked to decide sees what is left after cost.
MARGIN_GROUP = "crm_extension.crm_extension_group_cost"


class CrmCustomerVolume(models.AbstractModel):
    """What business with a customer amounts to, for whoever asks or decides on its
    terms. Orders and invoices are read past their record rules: whoever may write
    the customer sees what it buys and owes (FEATURES C01.8)."""

    _name = "crm.customer.volume"
    _description = "Business with a Customer"

    def _crm_get_volumes(self, company):
        """Business with each of some customers in a company: ``{id: Volume}``.

        In the company's currency, of its own books alone, with contacts and archived
        ones. One query per kind of figure, however many customers.
        """
        for model, names in READ.items():
            self.env[model].flush_model(names)
        months = window(fields.Date.context_today(self))
        found = {partner.id: {} for partner in self}
        for values in (
            self._crm_read_sales(company, months),
            self._crm_read_orders(company, months),
            self._crm_read_paid(company, months),
            self._crm_read_debts(company),
        ):
            for key, figures in values.items():
                found[key] |= figures
        return {key: Volume(**figures) for key, figures in found.items()}

    def _crm_read_sales(self, company, months):
        rows = self.env.execute_query(
            SQL(
                SALES,
                ids=list(self.ids),
                company=company.id,
                **months._asdict(),
            )
        )
        return {
            key: {"sales": float(now or 0), "sales_before": float(before or 0)}
            for key, now, before in rows
        }

    def _crm_read_orders(self, company, months):
        rows = self.env.execute_query(
            SQL(
                ORDERS,
                ids=list(self.ids),
                company=company.id,
                start=months.start,
                end=months.end,
            )
        )
        return {
            key: {
                "orders": count,
                "entitled": float(listed or 0),
                "given": float(given or 0),
            }
            for key, count, listed, given in rows
        }

    def _crm_read_paid(self, company, months):
        rows = self.env.execute_query(
            SQL(
                PAID,
                ids=list(self.ids),
                company=company.id,
                start=months.start,
                end=months.end,
            )
        )
        return {
            key: {"paid": float(paid or 0), "margin": float(margin or 0)}
            for key, paid, margin in rows
        }

    def _crm_read_debts(self, company):
        # Superuser mode: as the other figures, past the rights on invoices.
        customers = self.sudo().with_company(company)
        overdue = customers._crm_get_overdue(company)
        return {
            customer.id: {"owed": customer.credit}
            | dict(
                zip(("overdue", "days"), overdue.get(customer.id, (0, 0)), strict=True)
            )
            for customer in customers
        }

    def _crm_tell_volume(self, volume, company):
        """The figures as cards: list of ``(label, value, note, level)``."""

        def amount(value):
            return format_amount(self.env, value, company.currency_id)

        fell = volume.change is not None and volume.change < 0
        now, before = amount(volume.sales), amount(volume.sales_before)
        note = self._crm_tell_change(volume.change)
        given = "–" if volume.discount is None else f"{volume.discount:.1f} %"
        orders = self.env._("given on these orders")
        return [
            (self.env._("Sales, last 12 months"), now, note, "attention" * fell),
            (self.env._("Sales, 12 months before"), before, "", ""),
            (
                self.env._("Orders, last 12 months"),
                str(volume.orders),
                self.env._("confirmed"),
                "",
            ),
            (self.env._("Average discount"), given, orders, ""),
            *self._crm_tell_margin(volume, amount),
        ]

    def _crm_tell_margin(self, volume, amount):
        if not self._crm_may_see_margin():
            return []
        share = volume.margin_percent
        note = "" if share is None else self.env._("%.1f %% of what was paid", share)
        level = "bad" if volume.margin < 0 else ""
        return [(self.env._("Paid margin"), amount(volume.margin), note, level)]

    def _crm_tell_change(self, change):
        if change is None:
            return self.env._("nothing to compare with")
        return self.env._("%+.0f %% on the 12 months before", change)

    @api.model
    def _crm_may_see_margin(self):
        """Whether the acting user, not the system, may read what orders earn."""
        orders = self.env["sale.order"].sudo(False)
        return (
            self.env.user.has_group(MARGIN_GROUP)
            and orders.has_access("read")
            and orders._has_field_access(orders._fields["margin"], "read")
        )
