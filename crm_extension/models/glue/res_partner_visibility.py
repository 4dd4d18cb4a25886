from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools.sql import column_exists, create_column

COLUMNS = {
    "crm_unaudited": "bool",
    "crm_unaudited_owner_id": "int4",
    "crm_unaudited_creator_id": "int4",
}


class CrmCustomerVisibility(models.AbstractModel):
    """Who sees a customer before it is released (FEATURES C03.3, XL-14): who entered
    it, who looks after it, and those who work on released and unreleased ones alike.

    Part of ``res.partner``, and nothing else's.
    """

    _name = "crm.customer.visibility"
    _description = "Customer Before Its Release"

    crm_unaudited = fields.Boolean(
        prefetch="crm_customer",
        string="Waits for Release",
        compute="_compute_crm_unaudited",
        store=True,
        groups=fields.NO_ACCESS,
        help="Entered by a colleague and not released; of contacts, whether their"
        " customer is. Kept, so that no list has to find it out.",
    )

    # Kept with each contact, too: joining every contact to its customer would triple
    # the time of every list.
    crm_unaudited_owner_id = fields.Many2one(
        prefetch="crm_customer",
        comodel_name="res.users",
        string="Looks After It until the Release",
        compute="_compute_crm_unaudited",
        store=True,
        groups=fields.NO_ACCESS,
    )
    crm_unaudited_creator_id = fields.Many2one(
        prefetch="crm_customer",
        comodel_name="res.users",
        string="Entered It before the Release",
        compute="_compute_crm_unaudited",
        store=True,
        groups=fields.NO_ACCESS,
    )

    def _auto_init(self):
        # No computation for everybody who was ever entered: what is there when the
        # add-on is installed is released, and an update looks for the few others.
        if not self._abstract and not column_exists(
            self.env.cr, self._table, "crm_unaudited"
        ):
            for name, kind in COLUMNS.items():
                create_column(self.env.cr, self._table, name, kind)
        return super()._auto_init()

    # === COMPUTE METHODS === #

    @api.depends(
        "commercial_partner_id.crm_released",
        "commercial_partner_id.partner_share",
        "commercial_partner_id.ref_company_ids",
        "commercial_partner_id.supplier_rank",
        "commercial_partner_id.user_id",
    )
    def _compute_crm_unaudited(self):
        for partner in self:
            customer = partner.commercial_partner_id
            waits = customer._crm_is_unaudited()
            partner.crm_unaudited = waits
            partner.crm_unaudited_owner_id = waits and customer.user_id
            partner.crm_unaudited_creator_id = waits and customer.create_uid

    # === BUSINESS METHODS === #

    def _crm_is_unaudited(self):
        return (
            not self.crm_released
            and self.partner_share
            and not self.ref_company_ids
            # Suppliers are nobody's new customers.
            and not self.supplier_rank
            and self._crm_is_entered_by_colleague()
        )

    def _crm_is_entered_by_colleague(self):
        """Whether a person of ours has entered it. Visitors, senders of mails and the
        system's own records keep nothing from anybody."""
        creator = self.create_uid
        return bool(creator) and creator.id != SUPERUSER_ID and not creator.share
