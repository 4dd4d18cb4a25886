import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

from .profile import Profile

# What can be asked for: something a person fills in.
ASKED_FIELDS = (
    "[('model', '=', 'res.partner'), ('store', '=', True), ('readonly', '=', False),"
    " ('ttype', 'in', ('char', 'text', 'selection', 'date', 'integer', 'float',"
    " 'monetary', 'many2one', 'many2many', 'binary', 'html'))]"
)


class CrmCustomerProfile(models.Model):
    """What must be known of a new customer before its release is asked for
    (FEATURES C03.1, C03.2).

    The profile of the sales team counts, and where it has none that of the company.
    """

    _name = "crm.customer.profile"
    _inherit = ["crm.cached.definition"]
    _description = "Customer Profile"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10, help="The first one that fits counts.")
    company_id = fields.Many2one(
        comodel_name="res.company",
        default=lambda self: self.env.company,
        index=True,
        help="Leave empty for every company.",
    )
    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        index="btree_not_null",
        check_company=True,
        help="Of whose customers it is asked; leave empty for all.",
    )
    field_ids = fields.Many2many(
        comodel_name="ir.model.fields",
        relation="crm_customer_profile_field_rel",
        string="Of the Customer",
        domain=ASKED_FIELDS,
    )
    contact_field_ids = fields.Many2many(
        comodel_name="ir.model.fields",
        relation="crm_customer_profile_contact_field_rel",
        string="Of One Contact",
        domain=ASKED_FIELDS,
        help="One of the customer's contacts must have all of these.",
    )
    landline = fields.Char(
        string="Landline Pattern",
        help="Regular expression for the customer's phone number as it is dialled in"
        " its own country, without spaces. ^0\\d{2,3}-?\\d{7,8}$ wants the area code.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("landline")
    def _check_landline(self):
        for profile in self.filtered("landline"):
            try:
                re.compile(profile.landline)
            except re.error as error:
                raise ValidationError(
                    self.env._(
                        "“%(pattern)s” in “%(profile)s” is no regular expression:"
                        " %(error)s. Correct it, or leave it empty for any number.",
                        pattern=profile.landline,
                        profile=profile.name,
                        error=error,
                    )
                ) from error

    # === BUSINESS METHODS === #

    @api.model
    def _find_profile(self, company_id, team_ids):
        """The :class:`Profile` that counts, or ``None``.

        :param team_ids: whose customer it is
        """
        rules = self._get_profiles(company_id)
        mine = (profile for team, profile in rules if team in team_ids)
        everybody = (profile for team, profile in rules if not team)
        return next(mine, None) or next(everybody, None)

    @api.model
    @ormcache("company_id", "self.env.lang")
    def _get_profiles(self, company_id):
        """A company's profiles, its own first: ``[(team id or False, Profile)]``."""
        # Superuser mode: what is asked does not depend on who asks.
        found = self.sudo().search([("company_id", "in", (company_id, False))])
        return [
            (profile.team_id.id, profile._to_profile())
            for profile in found.sorted(lambda profile: not profile.company_id)
        ]

    def _to_profile(self):
        self.ensure_one()
        return Profile(
            self.name,
            tuple(self.field_ids.mapped("name")),
            tuple(self.contact_field_ids.mapped("name")),
            self.landline or "",
        )
