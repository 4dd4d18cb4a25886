from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..customer.identity import name_key
from ..visit.rules import CALL, DONE

# What the supervisor has found valid; who was there cannot say so.
HOLDING = """
    SELECT own.customer, visit.start AS at, FALSE AS is_order
      FROM own JOIN crm_visit visit ON visit.partner_id = own.id
     WHERE visit.status = %s AND visit.mode != %s AND visit.review = 'valid'
"""
SHOWN = 3  # names that are proposed at most


class Known(NamedTuple):
    """Whom a typed name may mean.

    :param same: customers of this name whom the acting user may choose
    :param notes: what is told about these and others, a line each
    """

    same: models.BaseModel
    notes: tuple = ()


class CrmCustomerVisited(models.AbstractModel):
    """A customer and the visits to it.

    Part of ``res.partner``, and nothing else's. Visits are those of the commercial
    entity.
    """

    _name = "crm.customer.visited"
    _description = "Customer Who Is Visited"

    crm_visit_ids = fields.One2many(
        comodel_name="crm.visit",
        inverse_name="commercial_partner_id",
        string="Visits",
        groups="crm_extension.crm_extension_group_user",
    )
    crm_last_visit = fields.Date(
        string="Last Visit",
        compute="_compute_crm_visits",
        search="_search_crm_last_visit",
        groups="crm_extension.crm_extension_group_user",
        help="The last time somebody was there, or the customer at ours, and it was"
        " done. Calls are no visits.",
    )

    crm_next_visit = fields.Date(
        string="Next Visit Due",
        compute="_compute_crm_visits",
        groups="crm_extension.crm_extension_group_user",
        help="By the rhythm of the customer's tier in the current company.",
    )

    # === COMPUTE METHODS === #

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "company", "allowed_company_ids")
    def _compute_crm_visits(self):
        customers = self.commercial_partner_id._origin
        last = self.env["crm.visit"]._get_last_visits(customers)
        # Superuser mode: whoever sees the customer knows when it is due.
        rhythmic = customers.sudo().filtered("crm_tier_id.visit_days")
        due = self.env["crm.visit.due"].sudo()
        rows = due.search([("id", "in", rhythmic.ids)]) if rhythmic else due
        next_on = {row.id: row.due_on for row in rows}
        for partner in self:
            customer = partner.commercial_partner_id._origin
            partner.crm_last_visit = last.get(customer.id, False)
            partner.crm_next_visit = next_on.get(customer.id, False)

    def _search_crm_last_visit(self, operator, value):
        if operator not in ("<", "<=", ">", ">="):
            return NotImplemented
        visits = self.env["crm.visit"]._get_visits_domain()
        visits &= Domain("company_id", "in", self.env.companies.ids)
        # The last one is after a day where any is, and before it where none is since.
        since = ">=" if operator in ("<", ">=") else ">"
        seen = self._crm_has_visits(visits & Domain("date", since, value))
        if operator in (">", ">="):
            return seen
        return ~seen & self._crm_has_visits(visits)

    @api.model
    def _crm_has_visits(self, domain):
        # Past the rules of visits, as the field itself.
        visited = Domain("crm_visit_ids", "any!", domain)
        return Domain("commercial_partner_id", "any!", visited)

    # === ACTION METHODS === #

    def action_crm_visits(self):
        """Open what was done and is planned at a customer's."""
        self.ensure_one()
        customer = self.commercial_partner_id
        return self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.crm_visit_action_customer"
        ) | {
            "domain": [("commercial_partner_id", "=", customer.id)],
            "context": {"default_partner_id": self.id},
        }

    # === BUSINESS METHODS === #

    @api.model
    def _crm_get_contact_queries(self):
        self.env["crm.visit"].flush_model(
            ["partner_id", "start", "status", "mode", "review"]
        )
        return [*super()._crm_get_contact_queries(), SQL(HOLDING, DONE, CALL)]

    @api.model
    def _crm_find_named(self, names):
        """Customers that somebody may mean by a name (FEATURES XL-08, TM-07).

        :return: ``{name: Known}``
        """
        keys = {name: name_key(name) for name in names if name}
        asked = [
            Domain("crm_name_key", "=like", f"{key}%") for key in keys.values() if key
        ]
        # Superuser mode: nobody is visited as new whom a colleague looks after, though
        # only those whom the acting user may read can be chosen.
        found = self.sudo().search(
            Domain.OR(asked)
            & Domain("parent_id", "=", False)
            & Domain("partner_share", "=", True)
            & Domain("company_id", "in", (*self.env.companies.ids, False))
        )
        readable = found.sudo(self.env.su)._filtered_access("read")
        return {
            name: self._crm_match_named(keys.get(name, ""), found, readable)
            for name in names
        }

    @api.model
    def _crm_match_named(self, key, found, readable):
        like = found.filtered(
            lambda partner: key and partner.crm_name_key.startswith(key)
        ).sorted(lambda partner: len(partner.crm_name_key))[:SHOWN]
        same = like.filtered(lambda partner: partner.crm_name_key == key)
        return Known(
            readable.browse(same.ids) & readable,
            tuple(partner._crm_tell_known() for partner in like),
        )

    def _crm_tell_known(self):
        told = {"customer": self.name}
        if not self.user_id:
            return self.env._("%(customer)s: nobody looks after it.", **told)
        return self.env._(
            "%(customer)s: %(owner)s looks after it.", owner=self.user_id.name, **told
        )
