from functools import partial

from odoo import fields, models
from odoo.tools import SQL, ormcache

# Whose work is with everybody's customers: they keep their books, deliver to them,
# answer them or set the rules. Leaders of sales see those of their people.
SEE_ALL = (
    "account.group_account_invoice",
    "account.group_account_readonly",
    "stock.group_stock_user",
    "helpdesk_mgmt.group_helpdesk_user_own",
    "base.group_erp_manager",
    "crm_extension.crm_extension_group_manager",
)


# More customers than the database keeps at hand while it goes through documents: then
# the customer of each document is looked up.
MANY = 200_000


def _query_seen(seen, customer, model, alias, query):
    """Condition: the customer of a document is one of those who are seen.

    It comes after all other conditions of a rule, whatever their names: customers are
    found once, and not before a document comes up that is not one's own. Kept with the
    record rules, and so made of values alone.

    :param seen: query of the ids of customers
    :param customer: field that leads to the customer
    """
    return SQL("%s IN %s", model._field_to_sql(alias, customer, query), seen)


# What is part of a document: which one, and by which field.
PARTS = {
    "sale.order.line": ("sale.order", "order_id"),
    "account.move.line": ("account.move", "move_id"),
}
# What waits for somebody's decision.
ASKED = """
    %(document)s IN (
        SELECT request.res_id
          FROM crm_approval_item item
          JOIN crm_approval_request request ON request.id = item.request_id
         WHERE item.user_id = %(user)s AND item.state = 'open'
           AND request.res_model = %(model)s)
"""


def _query_asked(user_id, model, alias, _query):
    """Condition: the document, or what it is part of, waits for somebody's decision."""
    name, key = PARTS.get(model._name, (model._name, "id"))
    if "crm_approval_request_ids" not in model.env[name]._fields:
        return SQL("FALSE")  # nobody decides on it
    items, requests = model.env["crm.approval.item"], model.env["crm.approval.request"]
    return SQL(
        ASKED,
        document=SQL.identifier(alias, key),
        user=user_id,
        model=name,
        to_flush=(items._fields["state"], requests._fields["res_id"]),
    )


class CrmUserSight(models.AbstractModel):
    """Which customers people of sales see, where a company shows them by the reporting
    line (FEATURES GZ-02, C24.1): a salesperson one's own, whoever leads a team, people
    or a department those of all below, and everybody the pool. And which visits,
    opportunities, orders and invoices: those of the same people, and those about
    customers whom one sees.

    Odoo's own rules hold beside it: who sees "own documents only" sees no more of them.
    Where nothing is shown by the line, rules of it are no condition at all.

    Part of ``res.users``, and nothing else's. The record rules that ask for it are kept
    for each person until somebody changes place, see ``crm.reporting.line``.
    """

    _name = "crm.user.sight"
    _description = "Which Customers Somebody Sees"

    def _crm_get_sight_domain(self, path=None):
        """Which customers a person sees, for the record rules.

        :param path: field that leads to the customer; none for customers themselves
        """
        companies = self._crm_get_line_companies()
        if not companies:
            return fields.Domain.TRUE
        own = fields.Domain("crm_owner_id", "in", self._crm_get_led_ids())
        unowned = fields.Domain("crm_owner_id", "=", False)
        # By the few who are shared: asked for as records, all customers are gone
        # through.
        shared = fields.Domain(
            "commercial_partner_id",
            "any!",
            SQL(
                "SELECT partner_id FROM crm_customer_shared_rel WHERE user_id = %s",
                self.id,
            ),
        )
        domain = own | unowned | shared | companies._crm_get_open_domain()
        return fields.Domain(path, "any!", domain) if path else domain

    def _crm_get_document_domain(
        self, person="user_id", customer="partner_id", path=None
    ):
        """Which documents about customers a person sees, for the record rules: one's
        own and those of one's people, whoever looks after the customer by now; those of
        nobody for nobody yet; those about customers whom one sees; and what waits for
        one's decision, as long as it does.

        :param person: field that says whose document it is
        :param customer: field that leads to the customer or one of its contacts
        :param path: field that leads to the document; none for documents themselves
        """
        companies = self._crm_get_line_companies()
        if not companies:
            return fields.Domain.TRUE
        own = fields.Domain(person, "in", self._crm_get_led_ids())
        nobodys = fields.Domain(person, "=", False) & fields.Domain(
            customer, "=", False
        )
        seen = self._crm_get_seen_domain(customer)
        asked = fields.Domain.custom(to_sql=partial(_query_asked, self.id))
        domain = own | nobodys | seen | asked | companies._crm_get_open_domain()
        return fields.Domain(path, "any!", domain) if path else domain

    def _crm_get_seen_domain(self, customer):
        """Documents about customers whom a person sees.

        :param customer: field that leads to the customer
        """
        # Superuser mode: by what customers are seen, is nobody's to read.
        partners = self.env["res.partner"].sudo()
        if partners._crm_guess_number() > MANY:
            return self._crm_get_sight_domain(customer)
        sight = self._crm_get_sight_domain()
        seen = partners._search(sight, active_test=False).subselect()
        return fields.Domain.custom(to_sql=partial(_query_seen, seen, customer))

    def _crm_get_invoice_domain(self, path=None):
        """The same of invoices; bills and entries are none of it.

        :param path: field that leads to the invoice; none for invoices themselves
        """
        if not self._crm_get_line_companies():
            return fields.Domain.TRUE
        kinds = self.env["account.move"].get_sale_types(include_receipts=True)
        domain = self._crm_get_document_domain("invoice_user_id") | fields.Domain(
            "move_type", "not in", kinds
        )
        return fields.Domain(path, "any!", domain) if path else domain

    def _crm_get_people_domain(self, person="user_id"):
        """Of whom a person sees figures, for the record rules: of oneself and one's
        people."""
        companies = self._crm_get_line_companies()
        if not companies:
            return fields.Domain.TRUE
        own = fields.Domain(person, "in", self._crm_get_led_ids())
        return own | companies._crm_get_open_domain()

    def _crm_get_leading_domain(self, person="user_id"):
        """What a person sees for leading others, where that is not anybody's team, for
        the record rules of a group: nothing, where the reporting line shows nothing."""
        if not self._crm_get_line_companies():
            return fields.Domain.FALSE
        return fields.Domain(person, "in", self._crm_get_led_ids())

    def _crm_get_line_companies(self):
        """Companies that show a person things by the reporting line; none, for whom it
        does not limit."""
        self.ensure_one()
        companies = self.sudo().company_ids.filtered("crm_customers_by_line")
        return companies if self._crm_is_shown_by_line() else companies.browse()

    def _crm_is_shown_by_line(self):
        sells = self.has_group("sales_team.group_sale_salesman")
        return sells and not any(map(self.has_group, SEE_ALL))

    @ormcache("self.id")
    def _crm_get_led_ids(self):
        """The person and everybody below, those who have left too; kept until somebody
        changes place, see ``crm.reporting.line``."""
        self.ensure_one()
        user = self.sudo().with_context(active_test=False)  # who leads whom
        employees = user.env["hr.employee"].search([("user_id", "=", user.id)])
        departments = user.env["hr.department"].search(
            [("manager_id", "in", employees.ids)]
        )
        below = user.env["hr.employee"].search(
            [
                "|",
                ("id", "child_of", employees.ids),
                ("department_id", "child_of", departments.ids),
            ]
        )
        members = user.env["crm.team.member"].search(
            [("crm_team_id.user_id", "=", user.id)]
        )
        there = members.filtered(lambda one: one.active or not one.user_id.active)
        return frozenset((user | below.user_id | there.user_id).ids)

    @ormcache("self.id")
    def _crm_get_led_team_ids(self):
        """Teams that the person leads, for the record rules: as values, by which the
        database knows better what it will find than by whose the teams are."""
        self.ensure_one()
        # Superuser mode: who leads which team, is no secret.
        teams = self.env["crm.team"].sudo().with_context(active_test=False)
        return tuple(teams.search([("user_id", "=", self.id)], order="id").ids)
