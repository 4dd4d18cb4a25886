from odoo import fields, models
from odoo.tools import SQL


class CrmWorkPlanPerson(models.Model):
    """A person in the plan of a department (FEATURES C07.1, GZ-04): whether there is an
    own plan for the period, and what of it is done."""

    _name = "crm.work.plan.person"
    _description = "Person in the Plan of a Department"
    _auto = False
    _order = "plan_id, user_id"
    _rec_name = "user_id"
    _depends = {
        "crm.work.plan": ["active", "company_id", "date_from", "date_to", "goals"]
        + ["kind", "member_ids", "scope", "state", "user_id"],
        "crm.visit": ["active", "company_id", "date", "mode", "schedule_type", "start"]
        + ["status", "user_id"],
    }

    plan_id = fields.Many2one(comodel_name="crm.work.plan", readonly=True)
    user_id = fields.Many2one(comodel_name="res.users", string="Person", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    own_plan_id = fields.Many2one(comodel_name="crm.work.plan", readonly=True)
    goals = fields.Text(readonly=True)
    state = fields.Selection(
        selection=[
            ("none", "No plan"),
            ("draft", "Being made"),
            ("submitted", "Submitted"),
            ("returned", "Sent back"),
            ("agreed", "Agreed"),
        ],
        readonly=True,
    )
    visits_planned = fields.Integer(readonly=True)
    visits_done = fields.Integer(readonly=True)
    calls_planned = fields.Integer(readonly=True)
    calls_done = fields.Integer(readonly=True)

    # === ACTION METHODS === #

    def action_open(self):
        """Open the plan of a person, or without one the visits of the period."""
        self.ensure_one()
        if self.own_plan_id:
            return self.own_plan_id.get_formview_action()
        action = self.plan_id.action_open_visits()
        own = [("user_id", "=", self.user_id.id)]
        return action | {"domain": own + action["domain"]}

    # === BUSINESS METHODS === #

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT plan.id::bigint * 1000000 + member.user_id AS id,
                   plan.id AS plan_id, member.user_id, plan.company_id,
                   own.id AS own_plan_id, own.goals,
                   COALESCE(own.state, 'none') AS state,
                   visit.visits_planned, visit.visits_done,
                   visit.calls_planned, visit.calls_done
              FROM crm_work_plan plan
              JOIN crm_work_plan_member_rel member ON member.plan_id = plan.id
         LEFT JOIN crm_work_plan own
                ON own.user_id = member.user_id AND own.scope = 'person'
               AND own.active AND own.company_id = plan.company_id
               AND own.kind = plan.kind AND own.date_from = plan.date_from
        CROSS JOIN LATERAL (
                SELECT COUNT(*) FILTER (
                           WHERE mode != 'call' AND schedule_type = 'plan')
                           AS visits_planned,
                       COUNT(*) FILTER (WHERE mode != 'call' AND status = 'done')
                           AS visits_done,
                       COUNT(*) FILTER (
                           WHERE mode = 'call' AND schedule_type = 'plan')
                           AS calls_planned,
                       COUNT(*) FILTER (WHERE mode = 'call' AND status = 'done')
                           AS calls_done
                  FROM crm_visit
                 WHERE user_id = member.user_id AND active
                   AND company_id = plan.company_id
                   AND date >= plan.date_from AND date <= plan.date_to
                   -- Days are those of somebody's zone; the index is by hours.
                   AND start >= plan.date_from - 1 AND start < plan.date_to + 2
                   ) visit
             WHERE plan.scope = 'department'
            """
        )
