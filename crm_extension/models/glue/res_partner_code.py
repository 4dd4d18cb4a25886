import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

# How the database tells which value is there twice: "(…)=(KH-1, 1) …".
TOLD_CODE = re.compile(r"=\((.*), \d+\)")


def tell_taken_code(env, diagnostics):
    """What the database's refusal means, asked once it is over; for two of the same
    company the database is faster than the check, and for two who save at once the
    only one who knows.

    :return: translated text that names the code and its customer
    """
    told = TOLD_CODE.search((diagnostics and diagnostics.message_detail) or "")
    # Superuser mode: whose code it is, is told to whoever cannot have it.
    partners = env["res.partner"].sudo().with_context(active_test=False)
    taken = partners.search([("crm_code", "=", told and told[1])], limit=1)
    return taken._crm_tell_taken_code(told[1] if told else "")


class CrmCustomerCoded(models.AbstractModel):
    """The code of a customer, once in each company (FEATURES C01.6, JZ-02).

    Part of ``res.partner``, and nothing else's. Odoo's own reference stays what it is,
    a word of others that may repeat; the code is ours. A customer of all companies
    keeps its code from every one of them.
    """

    _name = "crm.customer.coded"
    _description = "Customer with a Code"

    crm_code = fields.Char(
        prefetch="crm_customer",
        string="Customer Code",
        copy=False,
        tracking=True,
        groups="base.group_user",
        help="Once in each company.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("crm_code", "company_id")
    def _check_crm_code(self):
        coded = self.filtered("crm_code")
        if not coded:
            return
        others = self.with_context(active_test=False).search(
            [("crm_code", "in", coded.mapped("crm_code"))]
        )
        by_code = others.grouped("crm_code")
        for partner in coded:
            for other in by_code[partner.crm_code]:
                if other != partner and partner._crm_shares_codes(other):
                    raise ValidationError(other._crm_tell_taken_code(partner.crm_code))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._crm_trim_code(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._crm_trim_code(vals))

    # === BUSINESS METHODS === #

    @api.model
    def _crm_trim_code(self, vals):
        """Nobody sees a blank at the end of a code, so it makes no difference."""
        if not vals.get("crm_code"):
            return vals
        return vals | {"crm_code": vals["crm_code"].strip() or False}

    def _crm_shares_codes(self, other):
        """Whether some company would know two customers by the same code."""
        return (
            not self.company_id
            or not other.company_id
            or self.company_id == other.company_id
        )

    def _crm_tell_taken_code(self, code):
        # Of companies that one is not in, only that there is such a customer.
        known = self and self.company_id <= self.env.companies
        return self.env._(
            "The current organisation already has a record with the code %(code)s; not"
            " saved. It belongs to %(other)s. Choose another code, such as"
            " %(code)s-1.",
            code=code,
            other=self.name if known else self.env._("another customer"),
        )
