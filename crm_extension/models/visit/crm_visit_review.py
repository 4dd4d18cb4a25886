from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from . import rules

# What a review is about: it holds for what was told, and nothing else.
REVIEWED = frozenset(
    {"active", "company_id", "date", "kind", "partner_id", "partner_name", "person_ids"}
    | {"photo", "purpose", "result", "schedule_type", "start", "status", "stop"}
    | {"subject", "user_id"}
)


class CrmVisitReviewed(models.AbstractModel):
    """What the supervisor says of a visit (FEATURES C05.10, XL-09, GZ-05): whether it
    is valid. Only valid visits count for the quota.

    Part of ``crm.visit``, and nothing else's.
    """

    _name = "crm.visit.reviewed"
    _description = "Visit as Its Supervisor Sees It"

    review = fields.Selection(
        selection=[
            ("open", "Not reviewed"),
            ("valid", "Valid"),
            ("invalid", "Not valid"),
        ],
        required=True,
        default="open",
        readonly=True,
        copy=False,
        tracking=True,
        help="Whether the supervisor finds that the visit has grasped the point. Only"
        " valid visits count for the quota.",
    )
    review_user_id = fields.Many2one(
        comodel_name="res.users", string="Reviewed by", readonly=True, copy=False
    )
    review_date = fields.Datetime(string="Reviewed on", readonly=True, copy=False)
    may_review = fields.Boolean(compute="_compute_may_review")

    # === COMPUTE METHODS === #

    @api.depends("user_id", "team_id")
    @api.depends_context("uid")
    def _compute_may_review(self):
        reasons = self._get_cannot_review_reasons()
        for visit in self:
            visit.may_review = not reasons[visit.id]

    # === ACTION METHODS === #

    def action_valid(self):
        """The visit is told as it was, and it is one."""
        self._review("valid")

    def action_invalid(self):
        """The visit does not count."""
        self._review("invalid")

    def action_review_again(self):
        """Take the review back, so that the visit can be corrected."""
        self._review("open")

    # === BUSINESS METHODS === #

    @api.model
    def _prepare_kept(self):
        """Fields that only the add-on itself writes, as they are at first."""
        return {"review": "open", "review_user_id": False, "review_date": False}

    def _get_cannot_review_reasons(self):
        """Why the acting user may not review: ``{id: reason or False}``."""
        user = self.env.user
        reviews_all = user.has_group("sales_team.group_sale_manager") or user.has_group(
            "crm_extension.crm_extension_group_manager"
        )
        reasons = {}
        for visit in self:
            # Superuser mode: who leads a team, is no secret.
            leads = visit.team_id.sudo().user_id == user
            if visit.user_id == user:
                reasons[visit.id] = self.env._(
                    "Somebody else reviews your own visits: %s.", visit.display_name
                )
            elif not (leads or reviews_all):
                reasons[visit.id] = self.env._(
                    "%s is reviewed by the sales team's leader or a sales manager.",
                    visit.display_name,
                )
            else:
                reasons[visit.id] = False
        return reasons

    def _check_may_review(self):
        for reason in filter(None, self._get_cannot_review_reasons().values()):
            raise AccessError(reason)

    def _review(self, review):
        self.check_access("read")
        self._check_may_review()
        self.lock_for_update()
        for visit in self.filtered(lambda visit: visit.status == rules.PLANNED):
            raise UserError(
                self.env._(
                    "%s is still planned: it is reviewed once it is said what came of"
                    " it.",
                    visit.display_name,
                )
            )
        said = review != "open"
        # Superuser mode: nobody writes a review by hand.
        self.sudo().write(
            {
                "review": review,
                "review_user_id": said and self.env.uid,
                "review_date": said and fields.Datetime.now(),
            }
        )

    def _refuse_reviewed(self, vals):
        if REVIEWED & vals.keys():
            self._check_is_open()

    def _check_is_open(self):
        """
        :raises UserError: for visits that are reviewed
        """
        if self.env.su:
            return  # data files, which tell the visit and its review at once
        for visit in self.filtered(lambda visit: visit.review != "open"):
            raise UserError(
                self.env._(
                    "%(visit)s was reviewed by %(reviewer)s. Ask for the review to be"
                    " taken back before it is changed.",
                    visit=visit.display_name,
                    reviewer=visit.review_user_id.sudo().name,
                )
            )
