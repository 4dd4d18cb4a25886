from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class CrmScarceStock(models.Model):
    """Products of which more is wanted than a warehouse has (FEATURES C15).

    What may be shared is what is free and what is reserved for somebody already; what
    is bought, made or brought for one delivery alone is neither wanted nor shared.
    """

    _name = "crm.scarce.stock"
    _description = "Scarce Stock"
    _auto = False
    _order = "shared desc, lacking desc, id"
    _rec_name = "product_id"
    _depends = {
        "stock.location": ["parent_path", "usage", "warehouse_id"],
        "stock.move": ["company_id", "date", "date_deadline", "location_id"]
        + ["picking_type_id", "procure_method", "product_id", "product_qty"]
        + ["reservation_date", "sale_line_id", "state"],
        "stock.move.line": ["move_id", "quantity_product_uom"],
        "stock.quant": ["location_id", "product_id", "quantity", "reserved_quantity"],
    }

    product_id = fields.Many2one(comodel_name="product.product", readonly=True)
    warehouse_id = fields.Many2one(
        comodel_name="stock.warehouse", string="From Warehouse", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit", help=False)
    shared = fields.Float(
        string="Left",
        digits="Product Unit",
        readonly=True,
        help="What is free, and what is reserved for one of them.",
    )
    reserved = fields.Float(
        digits="Product Unit", readonly=True, help="Of that, what somebody has."
    )
    wanted = fields.Float(digits="Product Unit", readonly=True)
    lacking = fields.Float(digits="Product Unit", readonly=True)
    delivery_count = fields.Integer(string="Deliveries", readonly=True)
    order_count = fields.Integer(string="Orders", readonly=True)
    promised_on = fields.Datetime(
        string="First Promised for", readonly=True, help="What has to leave first."
    )

    # === ACTION METHODS === #

    def action_propose(self):
        """Who gets what, and why, of these products; nothing changes by that.

        :raises AccessError: for whoever does not work in the warehouse
        :raises UserError: when they are not scarce any more
        """
        self._check_may_allocate()
        found = self.env["crm.allocation"].browse()
        for warehouse, rows in self.grouped("warehouse_id").items():
            # Superuser mode: checked above; who stands where follows from orders and
            # customers, which the warehouse need not read.
            allocations = found.sudo().with_company(warehouse.company_id)
            found |= allocations._propose(warehouse.sudo(), rows.sudo().product_id)
        return self._open(found)

    def action_propose_all(self):
        """The same for everything that is scarce, in the companies one works for,
        whatever is chosen."""
        self._check_may_allocate()
        found = self.env["crm.allocation"].browse()
        for warehouse in self.search([("shared", ">", 0)]).warehouse_id:
            allocations = found.sudo().with_company(warehouse.company_id)  # as above
            nothing = self.env["product.product"].sudo()
            found |= allocations._propose(warehouse.sudo(), nothing)
        return self._open(found)

    # === BUSINESS METHODS === #

    def _check_may_allocate(self):
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(
                self.env._("Who gets scarce stock is decided by the warehouse.")
            )
        self.check_access("read")

    def _open(self, allocations):
        if not allocations:
            raise UserError(
                self.env._(
                    "Nothing is scarce: everybody gets what they want, or nothing is"
                    " there to share."
                )
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.crm_allocation_action"
        )
        if len(allocations) > 1:
            return action | {"domain": [("id", "in", allocations.ids)]}
        return action | {
            "res_id": allocations.id,
            "views": [(False, "form")],
            "view_mode": "form",
        }

    @api.model
    def _find_products(self, warehouse):
        """Ids of what is scarce in a warehouse."""
        for name in ("stock.location", "stock.move", "stock.move.line", "stock.quant"):
            self.env[name].flush_model()
        query = SQL(
            "SELECT DISTINCT product_id FROM (%s) scarce WHERE warehouse_id = %s"
            " ORDER BY product_id",
            self._table_query,
            warehouse.id,
        )
        return [product for (product,) in self.env.execute_query(query)]

    @property
    def _table_query(self):
        return SQL(
            """
            WITH wanting AS (
                SELECT move.id, move.product_id, move.company_id, move.product_qty,
                       place.warehouse_id, place.parent_path, line.order_id,
                       COALESCE(move.date_deadline, move.date) AS promised_on,
                       reserved.quantity AS reserved
                    %(moves)s
            ), source AS (
                SELECT DISTINCT product_id, warehouse_id, parent_path FROM wanting
            ), free AS (
                SELECT place.warehouse_id, quant.product_id,
                       SUM(quant.quantity - quant.reserved_quantity) AS quantity
                  FROM stock_quant quant
                  JOIN stock_location place ON place.id = quant.location_id
                 WHERE EXISTS (
                       SELECT FROM source
                        WHERE source.product_id = quant.product_id
                          AND source.warehouse_id = place.warehouse_id
                          AND place.parent_path LIKE source.parent_path || '%%')
                 GROUP BY place.warehouse_id, quant.product_id
            )
            SELECT id, product_id, warehouse_id, company_id, shared, reserved, wanted,
                   wanted - shared AS lacking, delivery_count, order_count, promised_on
              FROM (
                SELECT MIN(wanting.id) AS id, wanting.product_id,
                       wanting.warehouse_id, MIN(wanting.company_id) AS company_id,
                       COALESCE(MIN(free.quantity), 0) + SUM(wanting.reserved)
                           AS shared,
                       SUM(wanting.reserved) AS reserved,
                       SUM(wanting.product_qty) AS wanted,
                       COUNT(*) AS delivery_count,
                       COUNT(DISTINCT wanting.order_id) AS order_count,
                       MIN(wanting.promised_on) AS promised_on
                  FROM wanting
             LEFT JOIN free ON free.product_id = wanting.product_id
                   AND free.warehouse_id = wanting.warehouse_id
                 GROUP BY wanting.product_id, wanting.warehouse_id
              ) product
             WHERE ROUND((wanted - shared)::numeric, 6) > 0
            """,
            moves=self.env["crm.allocation"]._get_moves(
                SQL(
                    """
                    LEFT JOIN sale_order_line line ON line.id = move.sale_line_id
                    CROSS JOIN LATERAL (
                        SELECT COALESCE(SUM(part.quantity_product_uom), 0) AS quantity
                          FROM stock_move_line part WHERE part.move_id = move.id
                    ) reserved
                    """
                )
            ),
        )
