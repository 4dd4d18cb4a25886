"""How far orders have got, as SQL: of the orders that are picked, and no others.

Quantities are in the unit of the order line, amounts in the currency of the order.
``today`` is the day of whoever looks; ``tz`` that one's time zone.
"""

# Which orders; the database goes through them several times.
PICKED = """
    SELECT sale_order.id, sale_order.name, sale_order.state, sale_order.locked,
           sale_order.partner_id, sale_order.user_id, sale_order.team_id,
           sale_order.company_id, sale_order.currency_id, sale_order.date_order,
           sale_order.commitment_date, sale_order.amount_total,
           sale_order.invoice_status
      FROM %(orders)s
     WHERE %(wanted)s
"""
# Orders of which anything may be left to do, by what Odoo keeps of them: never fewer,
# a little more. Those of years are done, and are not worked out again for a board.
UNDONE = """
    CASE sale_order.state
    WHEN 'sale' THEN
        COALESCE(sale_order.invoice_status, 'no') NOT IN ('invoiced', 'upselling')
        OR sale_order.delivery_status IS DISTINCT FROM 'full'
        OR EXISTS (
            SELECT FROM sale_order_line line
              JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.id
              JOIN account_move_line item ON item.id = rel.invoice_line_id
              JOIN account_move move ON move.id = item.move_id
             WHERE line.order_id = sale_order.id
               AND move.state = 'posted'
               AND move.move_type IN ('out_invoice', 'out_refund')
               AND move.payment_state IN ('not_paid', 'partial', 'blocked'))
    WHEN 'cancel' THEN
        sale_order.delivery_status IS NOT NULL
        OR EXISTS (
            SELECT FROM sale_order_line line
              JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.id
             WHERE line.order_id = sale_order.id)
    ELSE
        EXISTS (
            SELECT FROM crm_approval_request request
             WHERE request.res_model = 'sale.order'
               AND request.res_id = sale_order.id
               AND request.state IN ('pending', 'rework', 'granted'))
    END
"""
# The last answer to a question about the order counts.
ASKED = """
    SELECT DISTINCT ON (request.res_id)
           request.res_id AS order_id, request.state AS answer,
           request.date_request, request.date_close
      FROM picked
      JOIN crm_approval_request request
        ON request.res_model = 'sale.order' AND request.res_id = picked.id
     WHERE request.state NOT IN ('cancelled', 'passed')
     ORDER BY request.res_id, request.id DESC
"""
# Of each line, what has moved. Each grouping here is by a column of a table, not of
# another grouping: of that, the database would not guess how many there are.
MOVES = """
    SELECT move.sale_line_id AS line_id,
           SUM(moved.amount) FILTER (
               WHERE NOT back AND move.state IN ('assigned', 'partially_available')
           ) AS reserved,
           SUM(moved.amount) FILTER (WHERE back AND NOT open) AS returned,
           SUM(moved.amount) FILTER (WHERE back AND NOT open AND move.to_refund)
               AS refunded,
           BOOL_OR(open AND NOT back) AS leaving,
           BOOL_OR(open AND back) AS coming,
           BOOL_OR(NOT open AND NOT back) AS gone,
           BOOL_OR(open AND NOT back AND transfer.crm_held) AS held,
           MIN(day) FILTER (WHERE open AND NOT back) AS leaving_at,
           MIN(day) FILTER (WHERE open AND back) AS coming_at
      FROM picked
      JOIN sale_order_line line ON line.order_id = picked.id
      JOIN stock_move move
        ON move.sale_line_id = line.id
       AND move.product_id = line.product_id AND move.state <> 'cancel'
      JOIN stock_location source ON source.id = move.location_id
      JOIN stock_location target
        ON target.id = move.location_dest_id AND target.usage <> 'inventory'
 LEFT JOIN uom_uom of_move
        ON of_move.id = move.product_uom AND move.product_uom <> line.product_uom_id
 LEFT JOIN uom_uom of_line
        ON of_line.id = line.product_uom_id AND of_move.id IS NOT NULL
 LEFT JOIN stock_picking transfer
        ON transfer.id = move.picking_id AND move.state <> 'done'
CROSS JOIN LATERAL (
           SELECT CASE WHEN of_move.id IS NULL THEN move.quantity
                       ELSE ROUND(move.quantity * of_move.factor / of_line.factor,
                                  %(digits)s) END AS amount,
                  source.usage = 'customer'
                      OR source.usage = 'transit' AND source.company_id IS NULL
                      AS back,
                  move.state <> 'done' AS open,
                  COALESCE(move.date_deadline, move.date) AS day
           ) moved
     GROUP BY move.sale_line_id
"""
# Of each order. Sections, notes and down payments are no goods; nor is what nobody
# waits for: services that are billed as ordered, whatever is told of them. What is
# ordered with a quantity below zero is to come back.
GOODS = """
    SELECT line.order_id,
           SUM(of_line.ordered) AS ordered,
           SUM(GREATEST(of_line.delivered, 0)) AS delivered,
           COALESCE(SUM(moves.reserved), 0) AS reserved,
           COALESCE(SUM(moves.returned), 0) AS returned,
           -- More of one line makes up for nothing that another one lacks. What was
           -- left out of a delivery, and of a backorder too, is not awaited any more.
           COALESCE(SUM(GREATEST(of_line.ordered - of_line.delivered, 0)) FILTER (
               WHERE stocked AND (leaving OR gone IS NOT TRUE)), 0) AS goods,
           COALESCE(SUM(GREATEST(of_line.ordered - of_line.delivered, 0)) FILTER (
               WHERE NOT stocked), 0) AS work,
           BOOL_OR(stocked) AS stocked,
           COALESCE(BOOL_OR(leaving), FALSE) AS leaving,
           COALESCE(BOOL_OR(coming), FALSE) AS coming,
           COALESCE(BOOL_OR(gone), FALSE) AS gone,
           COALESCE(BOOL_OR(held), FALSE) AS held,
           MIN(leaving_at) AS leaving_at,
           MIN(coming_at) AS coming_at
      FROM picked
      JOIN sale_order_line line ON line.order_id = picked.id
      JOIN product_product product ON product.id = line.product_id
      JOIN product_template template ON template.id = product.product_tmpl_id
 LEFT JOIN moves ON moves.line_id = line.id
CROSS JOIN LATERAL (
           SELECT GREATEST(line.product_uom_qty, 0) AS ordered,
                  line.qty_delivered + COALESCE(moves.refunded, 0) AS delivered,
                  line.qty_delivered_method = 'stock_move' AS stocked
           ) of_line
     WHERE line.display_type IS NULL
       AND line.is_downpayment IS NOT TRUE
       AND line.is_expense IS NOT TRUE
       AND template.type <> 'combo'
       AND (line.qty_delivered_method <> 'manual'
            OR template.invoice_policy = 'delivery')
     GROUP BY line.order_id
"""
# What each invoice bills of each order, credit notes below zero.
BILLS = """
    SELECT line.order_id, item.move_id,
           SUM(CASE move.move_type WHEN 'out_refund' THEN -item.price_total
                                   ELSE item.price_total END) AS amount
      FROM picked
      JOIN sale_order_line line ON line.order_id = picked.id
      JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.id
      JOIN account_move_line item ON item.id = rel.invoice_line_id
      JOIN account_move move
        ON move.id = item.move_id AND move.state = 'posted'
       AND move.move_type IN ('out_invoice', 'out_refund')
     GROUP BY line.order_id, item.move_id
"""
# An invoice for several orders is paid, and late, for each of them alike. In another
# currency than the order, it counts as Odoo converts it: by the rates of its day. What
# is looked up of some invoices only has the reason inside: the others look up nothing.
MONEY = """
    SELECT picked.id AS order_id,
           SUM(bill.amount) AS invoiced,
           SUM(bill.amount * paid.share) AS paid,
           SUM(bill.amount * (1 - paid.share))
               FILTER (WHERE move.move_type = 'out_invoice') AS unpaid,
           SUM(-bill.amount * (1 - paid.share))
               FILTER (WHERE move.move_type = 'out_refund') AS owed,
           SUM(bill.amount * dues.overdue / NULLIF(move.amount_total, 0)) AS overdue,
           MIN(dues.pay_on) AS pay_on
      FROM picked
      JOIN bills ON bills.order_id = picked.id
      JOIN account_move move ON move.id = bills.move_id
 LEFT JOIN LATERAL (
           SELECT MIN(term.date_maturity) AS pay_on,
                  SUM(term.amount_residual_currency) FILTER (
                      WHERE term.date_maturity < %(today)s) AS overdue
             FROM account_move_line term
            WHERE move.payment_state IN ('not_paid', 'partial', 'blocked')
              AND move.move_type = 'out_invoice'
              AND term.move_id = move.id AND term.display_type = 'payment_term'
              AND term.reconciled IS NOT TRUE
           ) dues ON TRUE
 LEFT JOIN LATERAL (
           SELECT %(rate_of_order)s / %(rate_of_invoice)s AS factor
            WHERE move.currency_id <> picked.currency_id OFFSET 0
           ) rate ON TRUE
CROSS JOIN LATERAL (
           SELECT CASE WHEN move.amount_total = 0
                         OR move.payment_state IN ('paid', 'in_payment', 'reversed')
                       THEN 1
                       ELSE 1 - move.amount_residual / move.amount_total END AS share
           ) paid
CROSS JOIN LATERAL (
           SELECT bills.amount * COALESCE(rate.factor, 1) AS amount
           ) bill
     GROUP BY picked.id
"""
# As res.currency says it, of the company at the head of the tree.
RATE = """
    COALESCE(
        (SELECT known.rate FROM res_currency_rate known
          WHERE known.currency_id = {currency}
            AND known.name <= COALESCE(move.invoice_date, %(today)s)
            AND (known.company_id IS NULL OR known.company_id = (
                SELECT SPLIT_PART(company.parent_path, '/', 1)::int
                  FROM res_company company WHERE company.id = picked.company_id))
          ORDER BY known.company_id, known.name DESC LIMIT 1),
        (SELECT known.rate FROM res_currency_rate known
          WHERE known.currency_id = {currency}
            AND (known.company_id IS NULL OR known.company_id = (
                SELECT SPLIT_PART(company.parent_path, '/', 1)::int
                  FROM res_company company WHERE company.id = picked.company_id))
          ORDER BY known.company_id, known.name LIMIT 1),
        1)
"""
RATE_OF_ORDER = RATE.format(currency="picked.currency_id")
RATE_OF_INVOICE = RATE.format(currency="move.currency_id")
# All of it beside each other, nothing for what there is none of. OFFSET 0: each is
# worked out once for a row, not wherever the next one names it.
FIGURES = """
    SELECT picked.*,
           asked.answer,
           (asked.date_request AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date
               AS asked_on,
           CASE WHEN asked.answer = 'granted'
                THEN (asked.date_close AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date
           END AS approved_on,
           COALESCE(goods.ordered, 0) AS ordered,
           COALESCE(goods.delivered, 0) AS delivered,
           COALESCE(goods.reserved, 0) AS reserved,
           COALESCE(goods.returned, 0) AS returned,
           COALESCE(goods.work, 0) AS work,
           CASE WHEN picked.state <> 'sale' OR goods.gone AND NOT goods.leaving
                THEN 0 ELSE COALESCE(goods.goods, 0) END AS goods,
           COALESCE(goods.stocked, FALSE) AS stocked,
           COALESCE(goods.leaving, FALSE) AS leaving,
           COALESCE(goods.coming, FALSE) AS coming,
           COALESCE(goods.held, FALSE) AS held,
           (COALESCE(goods.leaving_at, picked.commitment_date)
               AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS leaving_on,
           (goods.coming_at AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS coming_on,
           ROUND(COALESCE(money.invoiced, 0), digits) AS amount_invoiced,
           ROUND(COALESCE(money.paid, 0), digits) AS amount_paid,
           ROUND(COALESCE(money.unpaid, 0), digits) AS amount_unpaid,
           ROUND(COALESCE(money.owed, 0), digits) AS amount_owed,
           ROUND(COALESCE(money.overdue, 0), digits) AS amount_overdue,
           money.pay_on
      FROM picked
 LEFT JOIN (SELECT id AS currency, decimal_places AS digits FROM res_currency) rounding
        ON rounding.currency = picked.currency_id
 LEFT JOIN asked ON asked.order_id = picked.id
 LEFT JOIN goods ON goods.order_id = picked.id
 LEFT JOIN money ON money.order_id = picked.id
    OFFSET 0
"""
# What comes first is what is due first; of the same day, in the order of the steps.
# What has no day of its own is due at once, work without a date some day.
STEPS = """
    SELECT figures.*,
           CASE
           WHEN state IN ('draft', 'sent') THEN
                CASE answer WHEN 'pending' THEN 'decide'
                            WHEN 'rework' THEN 'revise'
                            WHEN 'granted' THEN 'confirm' END
           WHEN state = 'cancel' THEN
                CASE WHEN coming OR delivered > returned THEN 'take_back'
                     WHEN amount_invoiced <> 0 OR amount_paid <> 0
                       OR amount_owed <> 0 THEN 'refund' END
           WHEN held THEN 'release'
           WHEN goods > 0 AND NOT leaving THEN 'plan'
           WHEN due.leaving_on <= first.day THEN
                CASE WHEN NOT leaving THEN 'perform'
                     WHEN reserved < goods THEN 'supply'
                     ELSE 'deliver' END
           WHEN due.coming_on <= first.day THEN 'take_back'
           WHEN due.invoice_on <= first.day THEN 'invoice'
           WHEN due.refund_on <= first.day THEN 'refund'
           WHEN due.pay_on <= first.day THEN 'pay'
           ELSE 'done' END AS next_step,
           NULLIF(CASE state WHEN 'sale' THEN first.day END, 'infinity') AS first_on
      FROM figures
CROSS JOIN LATERAL (
           SELECT CASE WHEN leaving OR work > 0
                       THEN COALESCE(leaving_on, 'infinity'::date) END AS leaving_on,
                  CASE WHEN coming
                       THEN COALESCE(figures.coming_on, %(today)s) END AS coming_on,
                  CASE WHEN invoice_status = 'to invoice'
                       THEN %(today)s END AS invoice_on,
                  CASE WHEN amount_owed > 0 THEN %(today)s END AS refund_on,
                  CASE WHEN amount_unpaid > 0
                       THEN COALESCE(figures.pay_on, %(today)s) END AS pay_on
           ) due
CROSS JOIN LATERAL (
           SELECT LEAST(due.leaving_on, due.coming_on, due.invoice_on, due.refund_on,
                        due.pay_on) AS day OFFSET 0
           ) first
    OFFSET 0
"""
TABLE = f"""
    WITH picked AS ({PICKED}),
         asked AS ({ASKED}),
         moves AS ({MOVES}),
         goods AS ({GOODS}),
         bills AS ({BILLS}),
         money AS ({MONEY}),
         figures AS ({FIGURES}),
         steps AS ({STEPS})
    SELECT id, id AS order_id, name, state, locked, partner_id, user_id, team_id,
           company_id, currency_id, date_order, commitment_date, amount_total,
           asked_on, approved_on, ordered, delivered, reserved, returned, stocked,
           coming, goods + CASE state WHEN 'sale' THEN work ELSE 0 END AS awaited,
           amount_invoiced, amount_paid, amount_unpaid, amount_owed, amount_overdue,
           invoice_status IN ('invoiced', 'upselling') AS billed,
           next_step,
           CASE next_step WHEN 'done' THEN NULL ELSE first_on END AS next_on,
           CASE WHEN next_step IN ('decide', 'revise', 'confirm') THEN 'to_release'
                WHEN next_step IN ('release', 'plan') THEN 'blocked'
                WHEN next_step = 'done' THEN 'done'
                WHEN next_step IS NULL THEN NULL
                WHEN state = 'cancel' THEN 'today'
                WHEN first_on < %(today)s THEN 'late'
                WHEN first_on = %(today)s THEN 'today'
                ELSE 'later' END AS need,
           (COALESCE(CASE next_step WHEN 'done' THEN NULL ELSE first_on END
                     - DATE '2000-01-01', 99999) + 50000)::bigint
               * {2**31} + id AS place
      FROM steps
"""
