from datetime import timedelta, timezone

from odoo import fields, models

from .core.route import Point


class CrmApprovalRequestStep(models.Model):
    """One approval point of one request, copied from the policy when it was asked,
    so that later edits of the policy do not reach it."""

    _name = "crm.approval.request.step"
    _inherit = ["crm.approval.kept"]
    _description = "Approval Points of a Request"
    _order = "sequence, id"

    request_id = fields.Many2one(
        comodel_name="crm.approval.request",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    sequence = fields.Integer(readonly=True)
    name = fields.Char(readonly=True, required=True)
    state = fields.Selection(
        selection=[
            ("later", "Not yet"),
            ("waiting", "Waiting"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("skipped", "Not needed"),
        ],
        default="later",
        required=True,
        readonly=True,
    )
    yes_needed = fields.Integer(
        readonly=True,
        help="How many different people must agree.",
    )
    deadline_hours = fields.Float(readonly=True)
    date_due = fields.Datetime(string="Due", readonly=True)
    item_ids = fields.One2many(
        comodel_name="crm.approval.item",
        inverse_name="step_id",
        string="Who Is Asked",
        readonly=True,
    )

    def _to_point(self):
        """The step as the plain core sees it."""
        self.ensure_one()
        verdicts = self.item_ids.mapped("state")
        return Point(
            key=self.id,
            rank=self.sequence,
            needed=self.yes_needed,
            approvals=verdicts.count("approved"),
            rejected="rejected" in verdicts,
            skipped=self.state == "skipped",
        )

    def _start(self):
        """Put the steps before their people; each gets its own deadline."""
        now = fields.Datetime.now()
        for (company, hours), steps in self.grouped(
            lambda step: (step.request_id.company_id, step.deadline_hours)
        ).items():
            due = steps._get_deadline(company, hours, now)
            steps.write({"date_due": due})
            steps.item_ids._open(due)

    def _get_deadline(self, company, hours, now):
        """When an answer is due, in UTC; ``False`` without a deadline.

        Working hours of the company's calendar, its holidays left out.
        """
        if not hours:
            return False
        calendar = company.resource_calendar_id
        due = calendar and calendar.plan_hours(
            hours, now.replace(tzinfo=timezone.utc), compute_leaves=True
        )
        if not due:
            return now + timedelta(hours=hours)
        return due.astimezone(timezone.utc).replace(tzinfo=None)
