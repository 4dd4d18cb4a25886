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


class CrmUserSight(models.AbstractModel):
    """Which customers people of sales see, where a company shows them by the reporting
    line (FEATURES GZ-02, C24.1): a salesperson one's own, whoever leads a team, people
    or a department those of all below, and everybody the pool.

    Part of ``res.users``, and nothing else's. The record rules that ask for it are kept
    for each person until somebody changes place, see ``crm.reporting.line``.
    """

    _name = "crm.user.sight"
    _description = "Which Customers Somebody Sees"

    def _crm_get_sight_domain(self, path=None):
        """Which customers a person sees, for the record rules.

        :param path: field that leads to the customer; none for customers themselves
        """
        self.ensure_one()
        companies = self.sudo().company_ids.filtered("crm_customers_by_line")
        if not companies or not self._crm_is_shown_by_line():
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
        # Those of a company that shows all of them.
        elsewhere = fields.Domain("company_id", "not in", [False, *companies.ids])
        domain = own | unowned | shared | elsewhere
        return fields.Domain(path, "any!", domain) if path else domain

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
