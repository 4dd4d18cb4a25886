from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column


class CrmCustomerSight(models.AbstractModel):
    """Who sees a customer and works on it (FEATURES GZ-02, C04.3, C24.1; BX-66).

    Part of ``res.partner``, and nothing else's.
    """

    _name = "crm.customer.sight"
    _description = "Who Sees a Customer"

    # Kept with each contact, too: joining every contact to its customer would triple
    # the time of every list.
    crm_owner_id = fields.Many2one(
        prefetch="crm_customer",
        comodel_name="res.users",
        string="Owner of the Customer",
        compute="_compute_crm_owner_id",
        store=True,
        index=True,
        groups=fields.NO_ACCESS,
    )
    crm_shared_user_ids = fields.Many2many(
        comodel_name="res.users",
        relation="crm_customer_shared_rel",
        column1="partner_id",
        column2="user_id",
        string="Shared with",
        # As text: otherwise Odoo works out of each new user who may be shared with, and
        # that before the user has groups.
        domain="[('share', '=', False)]",
        copy=False,
        tracking=True,
        groups="base.group_user",
        help="Colleagues who see this customer and work on it, and do not look after"
        " it.",
    )
    crm_may_share = fields.Boolean(
        compute="_compute_crm_may_share", groups="base.group_user"
    )

    def _auto_init(self):
        fresh = not self._abstract and not column_exists(
            self.env.cr, self._table, "crm_owner_id"
        )
        if fresh:
            create_column(self.env.cr, self._table, "crm_owner_id", "int4")
            self._crm_fill_owners()
        return super()._auto_init()

    @api.model
    def _crm_fill_owners(self):
        # In one statement: there may be very many.
        self.env.cr.execute(
            SQL(
                """
                UPDATE res_partner SET crm_owner_id = customer.user_id
                  FROM res_partner customer
                 WHERE customer.id = res_partner.commercial_partner_id
                   AND customer.user_id IS NOT NULL AND customer.partner_share
                   AND NOT EXISTS (
                       SELECT FROM res_company own WHERE own.partner_id = customer.id)
                """
            )
        )

    # === COMPUTE METHODS === #

    @api.depends(
        "commercial_partner_id.user_id",
        "commercial_partner_id.partner_share",
        "commercial_partner_id.ref_company_ids",
    )
    def _compute_crm_owner_id(self):
        for partner in self:
            customer = partner.commercial_partner_id
            is_customer = customer.partner_share and not customer.ref_company_ids
            partner.crm_owner_id = is_customer and customer.user_id

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_crm_may_share(self):
        sharing = set(self._crm_filter_sharing()._ids)
        for partner in self:
            partner.crm_may_share = partner.id in sharing

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        given = [bool(vals.get("crm_shared_user_ids")) for vals in vals_list]
        chosen = (
            partner for partner, some in zip(partners, given, strict=True) if some
        )
        partners.browse(one.id for one in chosen)._crm_check_sharing()
        return partners

    def write(self, vals):
        if "crm_shared_user_ids" in vals:
            self._crm_check_sharing()
        return super().write(vals)

    # === ACTION METHODS === #

    @api.readonly
    def action_crm_shared(self):
        """Open with whom a customer is shared."""
        view = "crm_extension.res_partner_view_form_shared"
        return self._crm_open_part(view, self.env._("Shared with"))

    # === BUSINESS METHODS === #

    @api.model
    def _crm_guess_number(self):
        """About how many customers and contacts there are, as the database keeps it."""
        ((number,),) = self.env.execute_query(
            SQL("SELECT reltuples FROM pg_class WHERE oid = 'res_partner'::regclass")
        )
        return number

    def _crm_filter_sharing(self):
        """Customers whom the acting user may share: one's own, those of one's people,
        and all for administration."""
        user = self.env.user
        if self.env.su or user.has_group("crm_extension.crm_extension_group_manager"):
            return self
        led = user._crm_get_led_ids()
        # Superuser mode: whose it is, is no secret.
        return self.filtered(lambda one: one.sudo().user_id.id in led)

    def _crm_check_sharing(self):
        """
        :raises UserError: for whoever does not say who works on a customer
        """
        for customer in self - self._crm_filter_sharing():
            raise UserError(
                self.env._(
                    "%(customer)s is shared by whoever looks after it (%(owner)s), or"
                    " by that person's leader.",
                    customer=customer.display_name,
                    owner=customer.sudo().user_id.name or self.env._("nobody"),
                )
            )
