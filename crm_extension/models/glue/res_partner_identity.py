from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..customer.identity import name_key


class CrmCustomerIdentity(models.AbstractModel):
    """Who a customer is, however its name is spelled.

    Part of ``res.partner``, and nothing else's.
    """

    _name = "crm.customer.identity"
    _description = "Identity of a Customer"

    crm_name_key = fields.Char(
        prefetch="crm_customer",
        string="Name as Compared",
        compute="_compute_crm_name_key",
        store=True,
        index="btree_not_null",
        groups=fields.NO_ACCESS,
        help="The name without case, signs and legal form.",
    )
    crm_duplicate_note = fields.Text(
        string="Perhaps the Same",
        compute="_compute_crm_duplicate_note",
        groups="base.group_user",
        help="Customers with the same name, phone or tax ID, and who looks after them;"
        " told until the release.",
    )

    # === COMPUTE METHODS === #

    @api.depends("name")
    def _compute_crm_name_key(self):
        for partner in self:
            partner.crm_name_key = name_key(partner.name) or False

    @api.depends("name", "phone", "vat", "parent_id", "is_company", "crm_released")
    @api.depends_context("lang", "allowed_company_ids")
    def _compute_crm_duplicate_note(self):
        # Who is sold to already is asked about no more: the form does not show it.
        found = self.filtered(
            lambda partner: not (partner._origin and partner.crm_released)
        )._crm_find_duplicates()
        for partner in self:
            notes = found.get(partner.id, {})
            partner.crm_duplicate_note = (
                "\n".join(
                    partner._crm_tell_duplicate(other, shared)
                    for other, shared in notes.items()
                )
                or False
            )

    # === CRUD METHODS === #

    def write(self, vals):
        if "user_id" in vals:
            self._crm_check_owner_change(vals["user_id"])
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _crm_check_owner_change(self, user_id):
        """Where two have entered the same customer, neither takes the other's: their
        supervisor says who follows it (FEATURES C03.5, GZ-06).

        :raises UserError: for whoever is no supervisor
        """
        if self.env.su or self.env.user.has_group("sales_team.group_sale_manager"):
            return
        changed = self.filtered(
            lambda partner: (
                not partner.parent_id
                and partner.user_id
                and partner.user_id.id != (user_id or False)
                and partner.user_id.sale_team_id.user_id != self.env.user
            )
        )
        found = changed._crm_find_duplicates()
        for partner in changed.filtered(lambda partner: found.get(partner.id)):
            raise UserError(
                self.env._(
                    "%(customer)s has been entered more than once, so only a sales"
                    " manager or the leader of %(owner)s's team gives it to somebody"
                    " else. Perhaps the same: %(others)s.",
                    customer=partner.display_name,
                    owner=partner.user_id.name,
                    others=", ".join(other.name for other in found[partner.id]),
                )
            )

    def _crm_find_duplicates(self):
        """Customers that are perhaps the same as these.

        :return: ``{id: {customer: labels of what they share}}``; contacts of a company
            have none
        """
        customers = self.filtered(lambda partner: not partner.parent_id).sudo()
        if not customers:
            return {}
        labels = {
            "crm_name_key": self.env._("same name"),
            "phone_sanitized": self.env._("same phone"),
            "vat": self.env._("same tax ID"),
        }
        asked = [
            Domain(name, "in", values)
            for name in labels
            if (values := [v for v in customers.mapped(name) if v])
        ]
        if not asked:
            return {}
        # Superuser mode, archived ones too: whose customer it is, is told to whoever
        # may not read it, so that nobody is visited as new twice (TM-07).
        others = customers.with_context(active_test=False).search(
            Domain.OR(asked)
            & Domain("company_id", "in", (*self.env.companies.ids, False))
            & Domain("partner_share", "=", True)
        )
        # People of two companies may share a name, not a phone.
        alike = {name: others.grouped(name) for name in labels}
        alike["crm_name_key"] = others.filtered(
            lambda other: not other.parent_id
        ).grouped("crm_name_key")
        return {
            customer.id: customer._crm_match(alike, labels) for customer in customers
        }

    def _crm_match(self, alike, labels):
        """
        :param alike: ``{field: {value: partners}}``
        """
        found = {}
        for name, label in labels.items():
            same = alike[name].get(self[name], self.browse()) if self[name] else ()
            for other in same and same.commercial_partner_id - self._origin:
                found.setdefault(other, []).append(label)
        return found

    def _crm_tell_duplicate(self, other, shared):
        told = {"customer": other.name, "shared": ", ".join(shared)}
        if not other.active:
            return self.env._("%(customer)s: %(shared)s. It is archived.", **told)
        if other.user_id:
            return self.env._(
                "%(customer)s: %(shared)s. %(owner)s looks after it.",
                owner=other.user_id.name,
                **told,
            )
        return self.env._("%(customer)s: %(shared)s. Nobody looks after it.", **told)
