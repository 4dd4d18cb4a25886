from odoo import api, fields, models
from odoo.exceptions import UserError

from ..customer.profile import find_gaps


class CrmCustomerProfiled(models.AbstractModel):
    """What must be known of a customer before its release is asked for.

    Part of ``res.partner``, and nothing else's.
    """

    _name = "crm.customer.profiled"
    _description = "Customer with a Profile"

    crm_contact_role_ids = fields.Many2many(
        comodel_name="crm.contact.role",
        relation="crm_contact_role_partner_rel",
        column1="partner_id",
        column2="role_id",
        string="Roles in Buying",
        groups="base.group_user",
        help="What this person has to say when the customer buys (TH-07, KC-11).",
    )
    crm_gender = fields.Selection(
        prefetch="crm_customer",
        selection=[("female", "Female"), ("male", "Male"), ("other", "Other")],
        string="Gender",
        groups="base.group_user",
    )
    crm_profile_note = fields.Text(
        string="Still Missing",
        compute="_compute_crm_profile_note",
        groups="base.group_user",
        help="What has to be filled in before the release is asked for.",
    )

    # === COMPUTE METHODS === #

    @api.depends(lambda self: self._crm_profile_depends())
    @api.depends_context("lang", "company")
    def _compute_crm_profile_note(self):
        for partner in self:
            partner.crm_profile_note = partner._crm_tell_gaps() or False

    # === CRUD METHODS === #

    def write(self, vals):
        if vals.get("active"):
            self._crm_check_revival()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_checked(self):
        # Superuser mode: what was found stays, whoever may read it.
        checks = self.env["crm.customer.check"].sudo()
        for check in checks.search([("partner_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "The record of %(customer)s is under a spot check or has been:"
                    " what was found stays. Archive the customer instead of deleting"
                    " it.",
                    customer=check.partner_id.display_name,
                )
            )

    # === ACTION METHODS === #

    def action_approval_request(self):
        # What is new is released; what has been is asked to be changed.
        for partner in self.filtered(lambda partner: not partner.crm_released):
            if missing := partner._crm_tell_gaps():
                error = UserError(
                    self.env._(
                        "%(customer)s cannot be released yet.\n%(missing)s",
                        customer=partner.display_name,
                        missing=missing,
                    )
                )
                # Where the browser puts the cursor once the message is read.
                error.context = {"crm_missing_field": partner._crm_get_first_gap()}
                raise error
        return super().action_approval_request()

    def action_crm_check(self):
        """Have what was entered about these customers checked, by the acting user.

        :raises AccessError: who may not check
        """
        self.check_access("read")
        checks = self.env["crm.customer.check"]._draw(self.commercial_partner_id)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.crm_customer_check_action"
        )
        if len(checks) == 1:
            action |= {"views": [(False, "form")], "res_id": checks.id}
        return action | {"domain": [("id", "in", checks.ids)]}

    # === BUSINESS METHODS === #

    def _crm_check_revival(self):
        """
        :raises UserError: when somebody else than a supervisor brings back whoever a
            check has found invalid or false (FEATURES C03.6, GZ-14)
        """
        checks = self.env["crm.customer.check"]
        if self.env.su or checks.has_access("write"):
            return
        archived = self.filtered(lambda partner: not partner.active)
        for partner, check in checks._find_worst(archived).items():
            raise UserError(
                self.env._(
                    "%(customer)s was archived after a check by %(checker)s. Whoever"
                    " checks records brings it back.",
                    customer=partner.display_name,
                    checker=check.checker_id.name,
                )
            )

    @api.model
    def _crm_profile_depends(self):
        """Whatever a profile may ask for; of stored fields nothing more is known."""
        names = ("street", "city", "zip", "country_id", "vat", "email", "function")
        names += ("name", "phone", "ref", "website", "industry_id", "category_id")
        names += ("crm_class_id", "crm_contact_role_ids", "crm_gender")
        contacts = (f"child_ids.{name}" for name in names)
        names += ("is_company", "company_id.crm_organisations_only")
        return [*names, *contacts, "user_id", "parent_id", "crm_released"]

    def _crm_tell_gaps(self):
        """What a customer lacks of the profile that counts for it, in sentences; empty
        for complete ones and for contacts."""
        self.ensure_one()
        customer = self.sudo()  # what is missing is so whoever looks
        if customer.parent_id or customer.crm_released:
            return ""
        company = customer.company_id or self.env.company
        if customer._crm_filter_unwanted(company):
            return self._crm_tell_unwanted(company)
        profile = customer._crm_find_profile(company)
        if not profile:
            return ""
        gaps = customer._crm_find_gaps(profile)
        return "\n".join(customer._crm_list_gaps(gaps, profile))

    def _crm_get_first_gap(self):
        """Name of the field to begin with, of the customer's own form; ``False`` where
        no field is to be filled in."""
        self.ensure_one()
        customer = self.sudo()  # as above
        company = customer.company_id or self.env.company
        if customer._crm_filter_unwanted(company):
            return False
        gaps = customer._crm_find_gaps(customer._crm_find_profile(company))
        if gaps.fields:
            return gaps.fields[0]
        if gaps.contact_fields:
            # The people of a company are entered in their list.
            return "child_ids" if customer.is_company else gaps.contact_fields[0]
        return "phone"

    def _crm_find_profile(self, company):
        teams = self.user_id.crm_team_ids.ids
        return self.env["crm.customer.profile"]._find_profile(company.id, teams)

    def _crm_find_gaps(self, profile):
        return find_gaps(
            profile,
            {name: self[name] for name in profile.fields},
            [
                {name: contact[name] for name in profile.contact_fields}
                for contact in self._crm_get_contacts()
            ],
            self._phone_format(fname="phone", force_format="NATIONAL")
            or self.phone
            or "",
        )

    def _crm_filter_unwanted(self, company):
        """Individuals, where a company sells to organisations alone (FEATURES C01.3,
        JB-07). Contacts of an organisation are none."""
        customers = self.commercial_partner_id
        # Superuser mode: what is a customer does not depend on who asks.
        if not company.sudo().crm_organisations_only:
            return customers.browse()
        return customers.sudo().filtered(
            lambda customer: not customer.is_company and customer.partner_share
        )

    def _crm_tell_unwanted(self, company):
        return self.env._(
            "%(customer)s is an individual, and %(company)s sells to organisations"
            " only. Enter the organisation, with %(customer)s as its contact.",
            customer=self.display_name,
            company=company.name,
        )

    def _crm_get_contacts(self):
        """Who can be talked to: the people of a company, a person itself."""
        if not self.is_company:
            return self
        return self.child_ids.filtered(lambda child: child.type == "contact")

    def _crm_list_gaps(self, gaps, profile):
        if gaps.fields:
            yield self.env._(
                "To be filled in (%(profile)s): %(fields)s.",
                profile=profile.name,
                fields=self._crm_name_fields(gaps.fields),
            )
        if gaps.contact_fields:
            yield self.env._(
                "One contact needs (%(profile)s): %(fields)s.",
                profile=profile.name,
                fields=self._crm_name_fields(gaps.contact_fields),
            )
        if not gaps.is_dialable:
            yield self.env._(
                "“%(number)s” is no landline with its area code, like 0755-12345678.",
                number=self.phone,
            )

    @api.model
    def _crm_name_fields(self, names):
        return ", ".join(
            self._fields[name]._description_string(self.env) for name in names
        )
