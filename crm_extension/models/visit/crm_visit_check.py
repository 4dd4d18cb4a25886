from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from . import rules


class CrmVisitCheck(models.Model):
    """A visit that was drawn, and whether it is as told (FEATURES GZ-08).

    What is not as told is not valid, and does not count.
    """

    _name = "crm.visit.check"
    _description = "Check of a Visit"
    _order = "is_done, visit_date desc, id desc"
    _rec_name = "visit_id"

    sample_id = fields.Many2one(
        comodel_name="crm.visit.sample",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    visit_id = fields.Many2one(
        comodel_name="crm.visit",
        required=True,
        readonly=True,
        ondelete="restrict",  # what was drawn stays
        index=True,
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Salesperson",
        required=True,
        readonly=True,
        index=True,
    )
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Sales Team", readonly=True
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True
    )
    visit_date = fields.Date(related="visit_id.date", string="Day", store=True)
    partner_name = fields.Char(related="visit_id.partner_name", string="Customer")
    customer_phone = fields.Char(
        related="visit_id.customer_phone", help="For the return call."
    )
    subject = fields.Selection(related="visit_id.subject")
    purpose = fields.Text(related="visit_id.purpose")
    result = fields.Text(related="visit_id.result")
    evidence_score = fields.Integer(
        related="visit_id.evidence_score", aggregator=None, string="Evidence"
    )
    review = fields.Selection(related="visit_id.review")
    state = fields.Selection(
        selection=[("open", "To check"), ("true", "As told"), ("false", "Not as told")],
        required=True,
        readonly=True,
    )
    is_done = fields.Boolean(compute="_compute_is_done", store=True, string="Done")
    note = fields.Text(
        string="What Was Found", help="What the customer or the photo says."
    )
    checker_id = fields.Many2one(
        comodel_name="res.users", string="Checked by", readonly=True
    )
    date_done = fields.Datetime(string="Checked on", readonly=True)

    _visit_unique = models.Constraint(
        "UNIQUE (sample_id, visit_id)", "A visit is once in a sample."
    )

    # === COMPUTE METHODS === #

    @api.depends("state")
    def _compute_is_done(self):
        for check in self:
            check.is_done = check.state != "open"

    # === CRUD METHODS === #

    def write(self, vals):
        # Superuser mode is the check's own; nobody calls it from outside.
        if not self.env.su:
            if not vals.keys() <= {"note"}:
                raise AccessError(
                    self.env._("Checks are answered by their buttons alone.")
                )
            self._check_may_answer()
            self._check_is_open()
        return super().write(vals)

    # === ACTION METHODS === #

    def action_true(self):
        """The visit is as told."""
        self._answer("true")

    def action_false(self):
        """The visit is not as told, and does not count.

        :raises UserError: without a note of what has shown it
        """
        for check in self.filtered(lambda check: not (check.note or "").strip()):
            raise UserError(
                self.env._(
                    "Say under “What Was Found” how it shows that %(visit)s is not as"
                    " told.",
                    visit=check.visit_id.display_name,
                )
            )
        self._answer("false")

    def action_open_visit(self):
        """Open the visit, with what proves it."""
        self.ensure_one()
        return self.visit_id.get_formview_action()

    # === BUSINESS METHODS === #

    def _answer(self, state):
        self.check_access("write")
        self._check_may_answer()
        self.lock_for_update()
        self._check_is_open()
        # Superuser mode: what an answer brings with it nobody writes by hand.
        self.sudo().write(
            {
                "state": state,
                "checker_id": self.env.uid,
                "date_done": fields.Datetime.now(),
            }
        )
        # What was taken back meanwhile is reviewed when it is told anew.
        told = self.visit_id.filtered(lambda visit: visit.status != rules.PLANNED)
        if state == "true":
            told.filtered(lambda visit: visit.review == "open").action_valid()
        else:
            told.filtered(lambda visit: visit.review != "invalid").action_invalid()

    def _check_may_answer(self):
        for reason in self.visit_id._get_cannot_review_reasons().values():
            if reason:
                raise AccessError(reason)

    def _check_is_open(self):
        for check in self.filtered(lambda check: check.state != "open"):
            raise UserError(
                self.env._(
                    "%(visit)s has been checked already by %(person)s.",
                    visit=check.visit_id.display_name,
                    person=check.checker_id.sudo().name,
                )
            )
