from odoo import api, models
from odoo.tools import ormcache

from ..approval.core.reporting_line import Person, managers_of
from ..ownership.rule import Standing


class CrmUserStanding(models.AbstractModel):
    """Where people work and who leads them, as the rules of ownership see it.

    Part of ``res.users``, and nothing else's.
    """

    _name = "crm.user.standing"
    _description = "Where Somebody Works"

    def _crm_get_standings(self):
        """``{user id: Standing}``, of those who have left too."""
        users = self.sudo()  # who works where is no secret
        teams = users._crm_get_teams()
        employees = (
            self.env["hr.employee"]
            .sudo()
            .with_context(active_test=False)
            .search([("user_id", "in", users.ids)])
        )
        people = self._crm_get_line(employees)
        by_user = employees.grouped("user_id")
        return {
            user.id: user._crm_get_standing(
                teams.get(user.id, teams[0]),
                by_user.get(user, employees.browse()),
                people,
            )
            for user in users
        }

    @ormcache("self.id")
    def _crm_leads_anybody(self):
        """Whether somebody has people to give customers to; kept as whom one leads."""
        self.ensure_one()
        user = self.sudo()  # who leads whom is no secret
        own = [("user_id", "=", user.id)]
        headed = [("manager_id.user_id", "=", user.id)]
        return bool(
            self.env["crm.team"].sudo().search_count(own, limit=1)
            or self.env["hr.department"].sudo().search_count(headed, limit=1)
            or user.employee_ids.child_ids
        )

    def _crm_get_standing(self, teams, employees, people):
        here = self.active and self._is_internal()
        departments = employees.department_id
        leaders = {
            *teams.user_id.ids,
            *(
                manager.user
                for employee in employees
                for manager in managers_of(employee.id, people)
                if manager.user
            ),
            *self._crm_get_department_heads(departments),
        }
        return Standing(
            sells=here and self.has_group("sales_team.group_sale_salesman"),
            here=here,
            teams=frozenset(teams.ids),
            departments=frozenset(departments.ids),
            leaders=frozenset(leaders - {self.id}),
        )

    def _crm_get_teams(self):
        """``{user id: sales teams}``; what those who have left were in, and no team at
        all under 0."""
        members = (
            self.env["crm.team.member"]
            .sudo()
            .with_context(active_test=False)
            .search([("user_id", "in", self.ids)])
            .filtered(lambda member: member.active or not member.user_id.active)
        )
        teams = {
            user.id: rows.crm_team_id
            for user, rows in members.grouped("user_id").items()
        }
        return teams | {0: self.env["crm.team"].sudo()}

    @api.model
    def _crm_get_line(self, employees):
        """Some employees and everybody above them: ``{employee id: Person}``."""
        people, level = {}, employees
        while level:
            people |= {
                employee.id: Person(
                    employee.id,
                    employee.user_id.id or None,
                    None,
                    employee.parent_id.id or None,
                )
                for employee in level
            }
            level = level.parent_id - level.browse(people)
        return people

    @api.model
    def _crm_get_department_heads(self, departments):
        """Users who head some departments, or those above them."""
        met, level = departments.browse(), departments
        while level:
            met |= level
            level = level.parent_id - met
        return set(met.manager_id.user_id.ids)
