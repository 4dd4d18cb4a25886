from odoo import models


class CrmUserLed(models.AbstractModel):
    """Whom somebody answers to. Part of ``res.users``, and nothing else's."""

    _name = "crm.user.led"
    _description = "Somebody Who Has a Leader"

    def _crm_get_leader(self, company):
        """The direct superior of a person in a company; who reports to nobody on paper
        answers to whoever leads the team."""
        # Superuser mode: not everybody may read employees, and who leads whom is no
        # secret.
        person = self.sudo()
        employees = person.employee_ids
        here = employees.filtered(lambda one: one.company_id == company)
        leader = (here or employees)[:1].parent_id.user_id
        return leader or (person.crm_team_ids.user_id - person)[:1]
