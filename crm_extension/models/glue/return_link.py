from odoo import api, fields, models
from odoo.exceptions import AccessError

from .kept_field import leave_empty, take_out_kept


class Linked(int):
    """A return that a document is for. Nobody else says so: JSON carries no objects of
    this class."""


class CrmReturnLink(models.AbstractModel):
    """A document that belongs to a return; the return alone says so.

    Part of the documents it is about. They are written by the thousand, so nothing is
    read here.
    """

    _name = "crm.return.link"
    _description = "Document of a Return"

    crm_return_id = fields.Many2one(
        comodel_name="crm.return.order",
        string="Return",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(
            leave_empty(vals_list, "crm_return_id", self._crm_refuse_return)
        )

    def write(self, vals):
        found = vals.get("crm_return_id")
        if isinstance(found, Linked):
            vals = vals | {"crm_return_id": int(found)}
        elif "crm_return_id" in vals:
            vals = take_out_kept(self, vals, "crm_return_id", self._crm_refuse_return)
        return super().write(vals)

    @api.model
    def _crm_refuse_return(self):
        raise AccessError(
            self.env._(
                "Which return a transfer or a credit note is for is said by the return."
                " Use its buttons."
            )
        )
