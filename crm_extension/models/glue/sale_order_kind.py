from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL
from odoo.tools.sql import column_exists

QUOTATION = ("draft", "sent")


class CrmSaleKind(models.AbstractModel):
    """Whether an order is served from stock or made for its customer alone (FEATURES
    C12.1, C12.6, LC-11, LC-12).

    What is in it says so; a salesperson may call any quotation a custom order, and
    never one with something custom-made a stock order. With the confirmation it is
    settled.

    Part of ``sale.order``, and nothing else's.
    """

    _name = "crm.sale.kind"
    _description = "Kind of an Order"

    crm_order_kind = fields.Selection(
        selection=[("stock", "Stock Order"), ("custom", "Custom Order")],
        string="Order Kind",
        compute="_compute_crm_order_kind",
        store=True,
        readonly=False,
        copy=True,
        groups="base.group_user",
        help="A custom order is made for its customer alone: it is reviewed before"
        " anything of it is produced or leaves. It is settled when the order is"
        " confirmed.",
    )

    def _auto_init(self):
        fresh = not self._abstract and not column_exists(
            self.env.cr, self._table, "crm_order_kind"
        )
        if fresh:
            self._crm_fill_kinds()
        return super()._auto_init()

    @api.model
    def _crm_fill_kinds(self):
        """What was ordered before is called by what is in it, and judged by nobody."""
        execute = self.env.cr.execute
        # Said as a default, the database writes no row of what may be millions.
        execute("ALTER TABLE sale_order ADD crm_order_kind varchar DEFAULT 'stock'")
        execute("ALTER TABLE sale_order ALTER crm_order_kind DROP DEFAULT")
        if not column_exists(self.env.cr, "product_template", "crm_custom_made"):
            return
        execute(
            SQL(
                """
                UPDATE sale_order SET crm_order_kind = 'custom'
                  FROM sale_order_line line
                  JOIN product_product product ON product.id = line.product_id
                  JOIN product_template template
                    ON template.id = product.product_tmpl_id
                 WHERE line.order_id = sale_order.id AND template.crm_custom_made
                """
            )
        )

    # === COMPUTE METHODS === #

    @api.depends("order_line.product_id")
    def _compute_crm_order_kind(self):
        for order in self:
            # What comes in as an order already, by an import, is looked at once.
            is_open = order.state in QUOTATION or not order.crm_order_kind
            if is_open and order._crm_has_custom_products():
                order.crm_order_kind = "custom"
            else:
                order.crm_order_kind = order.crm_order_kind or "stock"

    # === CONSTRAINT METHODS === #

    @api.constrains("crm_order_kind")
    def _check_crm_order_kind(self):
        # Superuser mode: whoever writes it.
        for order in self.sudo():
            if (
                order.state in QUOTATION
                and order.crm_order_kind != "custom"
                and order._crm_has_custom_products()
            ):
                raise ValidationError(
                    self.env._(
                        "%(order)s is a custom order: %(products)s is made for its"
                        " customer alone. Take that out to make it a stock order.",
                        order=order.display_name,
                        products=", ".join(
                            order._crm_get_custom_products().mapped("name")
                        ),
                    )
                )

    # === CRUD METHODS === #

    def write(self, vals):
        if "crm_order_kind" in vals:
            self._crm_check_kind_open(vals["crm_order_kind"])
        if vals.get("state") == "sale":
            # A product may have been called custom-made since it was quoted.
            late = self.filtered(
                lambda order: (
                    order.state in QUOTATION
                    and order.sudo().crm_order_kind != "custom"
                    and order.sudo()._crm_has_custom_products()
                )
            )
            # Superuser mode: customers confirm in the portal.
            late.sudo().crm_order_kind = "custom"
        return super().write(vals)

    def _crm_check_kind_open(self, kind):
        # Superuser mode: it is settled for everybody.
        for order in self.sudo():
            if order.state not in QUOTATION and order.crm_order_kind != kind:
                raise UserError(
                    self.env._(
                        "%(order)s is no quotation any more, so its kind is settled."
                        " Cancel it and set it back to quotation to change it.",
                        order=order.display_name,
                    )
                )

    # === BUSINESS METHODS === #

    def _crm_get_custom_products(self):
        return self.order_line.product_id.filtered("crm_custom_made")

    def _crm_has_custom_products(self):
        """Whether a single order has something in it for its customer alone."""
        # Superuser mode: customers order in the portal.
        return bool(self.sudo()._crm_get_custom_products())

    def _crm_get_review_facts(self):
        """What the review of a single custom order looks at: ``{key: Fact}``."""
        raise NotImplementedError
