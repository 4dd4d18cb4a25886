from odoo import api, fields, models
from odoo.tools import SQL

# The channels that stand in a column of the order line each, in the order of reports.
LINE_CHANNELS = ("discount", "price", "reduction", "free", "pricelist", "term")
CHANNELS = [
    ("discount", "Line discount"),
    ("price", "Typed price"),
    ("reduction", "Negative line"),
    ("free", "Free or reward"),
    ("pricelist", "Other pricelist"),
    ("term", "Early payment"),
    ("invoice", "Invoice beyond the order"),
    ("credit", "Credit note without return"),
    ("cost", "Cost written down"),
]


class CrmConcessionReport(models.Model):
    """What was given away, by whom, to whom and by which channel (ANCHORS N3).

    One row per order line, or line of a posted invoice or credit note, and channel.
    Amounts are in the company's currency, by the rate of the order or invoice, in the
    tax convention of its prices. What writing down a cost makes the margin look better
    is told apart and never added to what was given.
    """

    _name = "crm.concession.report"
    _description = "Concession"
    _auto = False
    _rec_name = "order_id"
    _order = "date desc, id desc"
    _depends = {
        "sale.order": ["name", "date_order", "state", "validity_date", "currency_rate"]
        + ["partner_id", "user_id", "team_id", "company_id"],
        "sale.order.line": ["order_id", "product_id", "product_uom_qty", "display_type"]
        + ["price_subtotal", "crm_given_by_id", "crm_cost", "crm_cost_written_down"]
        + ["purchase_price"]
        + [f"crm_given_{channel}" for channel in LINE_CHANNELS],
        "account.move": ["invoice_date", "date", "move_type", "invoice_currency_rate"]
        + ["partner_id", "invoice_user_id", "team_id", "company_id"],
        "account.move.line": ["move_id", "product_id", "price_subtotal", "quantity"]
        + ["crm_given_after", "sale_line_ids", "product_uom_id"],
        "product.product": ["product_tmpl_id"],
        "product.template": ["categ_id"],
        "res.company": ["currency_id"],
        "res.partner": ["commercial_partner_id", "crm_class_id"],
        "crm.customer.tier.history": ["partner_id", "company_id", "tier_id"]
        + ["date_from", "date_to"],
    }

    date = fields.Datetime(readonly=True)
    channel = fields.Selection(selection=CHANNELS, readonly=True)
    amount = fields.Monetary(
        string="Given Away",
        readonly=True,
        help="In the company's currency; with taxes where prices include them.",
    )
    amount_confirmed = fields.Monetary(
        string="Of It Confirmed",
        readonly=True,
        help="Without what quotations offer and what cancelled orders offered.",
    )
    cost_written_down = fields.Monetary(
        readonly=True,
        help="By how much a cost below the kept one makes the margin look better."
        " Nothing is given away by it.",
    )
    won = fields.Float(
        string="Win Rate",
        readonly=True,
        aggregator="avg",
        help="Confirmed among those decided: confirmed, cancelled or expired.",
    )
    margin = fields.Float(
        string="Paid Margin",
        readonly=True,
        aggregator="avg",
        help="What is left of the net price after the kept cost.",
    )
    order_id = fields.Many2one(comodel_name="sale.order", readonly=True)
    order_line_id = fields.Many2one(comodel_name="sale.order.line", readonly=True)
    move_id = fields.Many2one(
        comodel_name="account.move", string="Invoice", readonly=True
    )
    state = fields.Selection(
        selection=lambda self: self.env["sale.order"]._fields["state"].selection,
        string="Order Status",
        readonly=True,
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True
    )
    class_id = fields.Many2one(
        comodel_name="crm.customer.class", string="Customer Class", readonly=True
    )
    tier_id = fields.Many2one(
        comodel_name="crm.customer.tier",
        string="Customer Tier",
        readonly=True,
        help="The one that the customer had on that day.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users", string="Salesperson", readonly=True
    )
    giver_id = fields.Many2one(
        comodel_name="res.users", string="Given by", readonly=True
    )
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Sales Team", readonly=True
    )
    product_id = fields.Many2one(comodel_name="product.product", readonly=True)
    categ_id = fields.Many2one(
        comodel_name="product.category", string="Product Category", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)

    # === ACTION METHODS === #

    def action_open_document(self):
        """Open the invoice of a row, or else its order."""
        self.ensure_one()
        document = self.move_id or self.order_id
        return {
            "type": "ir.actions.act_window",
            "res_model": document._name,
            "res_id": document.id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    @property
    def _table_query(self):
        return SQL("%s UNION ALL %s", self._select_orders(), self._select_invoices())

    @api.model
    def _select_orders(self):
        """Each order line is read once, and stands for as many rows as channels."""
        channels = [
            SQL("(%s, %s, %s, 0)", number, name, SQL.identifier("l", column))
            for number, (name, column) in enumerate(
                ((name, f"crm_given_{name}") for name in LINE_CHANNELS), 1
            )
        ]
        channels.append(SQL("(7, 'cost', 0, l.crm_cost_written_down)"))
        columns = [f"crm_given_{name}" for name in LINE_CHANNELS]
        gives = SQL(" OR ").join(
            SQL("%s <> 0", SQL.identifier("l", column))
            for column in [*columns, "crm_cost_written_down"]
        )
        return SQL(
            """
            SELECT l.id::bigint * 16 + c.number AS id,
                   o.date_order AS date,
                   c.channel,
                   c.amount / rate.value AS amount,
                   CASE WHEN o.state = 'sale' THEN c.amount / rate.value ELSE 0
                   END AS amount_confirmed,
                   c.cost / rate.value AS cost_written_down,
                   CASE WHEN o.state = 'sale' THEN 1.0
                        WHEN o.state = 'cancel' THEN 0.0
                        WHEN o.validity_date < CURRENT_DATE THEN 0.0
                   END AS won,
                   CASE WHEN l.price_subtotal <> 0
                        THEN 1 - COALESCE(l.crm_cost, l.purchase_price, 0)
                             * l.product_uom_qty / l.price_subtotal
                   END AS margin,
                   o.id AS order_id,
                   l.id AS order_line_id,
                   NULL::integer AS move_id,
                   o.state,
                   customer.id AS partner_id,
                   customer.crm_class_id AS class_id,
                   tier.id AS tier_id,
                   o.user_id,
                   l.crm_given_by_id AS giver_id,
                   o.team_id,
                   l.product_id,
                   template.categ_id,
                   o.company_id,
                   company.currency_id
              FROM sale_order_line l
              JOIN sale_order o ON o.id = l.order_id
              JOIN res_company company ON company.id = o.company_id
              JOIN res_partner partner ON partner.id = o.partner_id
              JOIN res_partner customer
                ON customer.id = COALESCE(partner.commercial_partner_id, partner.id)
         LEFT JOIN product_product product ON product.id = l.product_id
         LEFT JOIN product_template template ON template.id = product.product_tmpl_id
         LEFT JOIN LATERAL (%(tier)s) AS tier ON true
        CROSS JOIN LATERAL (
                   SELECT COALESCE(NULLIF(o.currency_rate, 0), 1)::numeric AS value
                   ) AS rate
        CROSS JOIN LATERAL (VALUES %(channels)s) AS c (number, channel, amount, cost)
             WHERE (%(gives)s)
               AND (c.amount <> 0 OR c.cost <> 0)
            """,
            channels=SQL(", ").join(channels),
            gives=gives,
            tier=_select_tier("o.company_id", "o.date_order"),
        )

    @api.model
    def _select_invoices(self):
        """What posted invoices and credit notes give beyond their order."""
        return SQL(
            """
            SELECT l.id::bigint * 16 + 8 AS id,
                   COALESCE(m.invoice_date, m.date)::timestamp AS date,
                   CASE WHEN m.move_type = 'out_refund' THEN 'credit' ELSE 'invoice' END
                   AS channel,
                   l.crm_given_after / rate.value AS amount,
                   l.crm_given_after / rate.value AS amount_confirmed,
                   0 AS cost_written_down,
                   CASE WHEN o.state = 'sale' THEN 1.0
                        WHEN o.state = 'cancel' THEN 0.0
                   END AS won,
                   NULL::double precision AS margin,
                   o.id AS order_id,
                   ordered.id AS order_line_id,
                   m.id AS move_id,
                   o.state,
                   customer.id AS partner_id,
                   customer.crm_class_id AS class_id,
                   tier.id AS tier_id,
                   m.invoice_user_id AS user_id,
                   m.create_uid AS giver_id,
                   m.team_id,
                   l.product_id,
                   template.categ_id,
                   m.company_id,
                   company.currency_id
              FROM account_move_line l
              JOIN account_move m ON m.id = l.move_id
              JOIN res_company company ON company.id = m.company_id
        CROSS JOIN LATERAL (
                   SELECT COALESCE(NULLIF(m.invoice_currency_rate, 0), 1)::numeric
                          AS value
                   ) AS rate
         LEFT JOIN res_partner partner ON partner.id = m.partner_id
         LEFT JOIN res_partner customer
                ON customer.id = COALESCE(partner.commercial_partner_id, partner.id)
         LEFT JOIN product_product product ON product.id = l.product_id
         LEFT JOIN product_template template ON template.id = product.product_tmpl_id
         LEFT JOIN LATERAL (%(tier)s) AS tier ON true
         LEFT JOIN LATERAL (
                   SELECT min(link.order_line_id) AS id
                     FROM sale_order_line_invoice_rel link
                    WHERE link.invoice_line_id = l.id
                   ) AS linked ON true
         LEFT JOIN sale_order_line ordered ON ordered.id = linked.id
         LEFT JOIN sale_order o ON o.id = ordered.order_id
             WHERE l.crm_given_after <> 0
            """,
            tier=_select_tier("m.company_id", "COALESCE(m.invoice_date, m.date)"),
        )


def _select_tier(company, moment):
    """The tier that the customer of a row had then, as ``id``.

    :param company: expression for the id of the company
    :param moment: expression for the day or time
    """
    return SQL(
        """
        SELECT held.tier_id AS id FROM crm_customer_tier_history held
         WHERE held.partner_id = customer.id
           AND held.company_id = %(company)s
           AND held.date_from <= %(moment)s::date
           AND (held.date_to > %(moment)s::date OR held.date_to IS NULL)
         ORDER BY held.date_from DESC, held.id DESC LIMIT 1
        """,
        company=SQL(company),
        moment=SQL(moment),
    )
