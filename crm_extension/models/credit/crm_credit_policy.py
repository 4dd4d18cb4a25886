from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

from .grade import Mark, Scale


class CreditTerms(NamedTuple):
    """What a company expects of those who buy on credit.

    :param tolerated: days that a debt may be overdue; ``None`` for any
    :param window: days of business that are looked back on for a grade
    :param scale: how customers are graded; ``None`` where they are not
    :param limits: ``{grade: what may be owed}``
    """

    tolerated: int | None = None
    window: int = 0
    scale: Scale | None = None
    limits: Mapping[str, Decimal] = MappingProxyType({})


NO_TERMS = CreditTerms()


class CrmCreditPolicy(models.Model):
    """What a company expects of customers who buy on credit: how long a debt may be
    overdue, and how the way in which they pay becomes a grade and a limit
    (FEATURES C21.4).

    It counts where the company uses Odoo's credit limits at all. Whether somebody is
    asked about it is said by the approval policies.
    """

    _name = "crm.credit.policy"
    _inherit = ["crm.cached.definition"]
    _description = "Credit Policy"
    _order = "company_id, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
        ondelete="cascade",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    is_used = fields.Boolean(compute="_compute_is_used")
    overdue_days = fields.Integer(
        string="Tolerated Delay (days)",
        default=30,
        help="For how long a debt may be overdue before new orders count as late. 0:"
        " not at all.",
    )
    use_grades = fields.Boolean(
        string="Limits by Grade",
        default=True,
        help="The grade gives the limit of customers for whom nobody has set one.",
    )
    window_days = fields.Integer(
        string="Looks Back (days)",
        default=365,
        required=True,
        help="Invoices of so many days count for a grade, and all that are open.",
    )
    days_weight = fields.Integer(string="Weight of the Delay", default=40)
    days_mark = fields.Float(
        string="No Points from a Delay of (days)", default=60, digits=(16, 1)
    )
    ratio_weight = fields.Integer(string="Weight of the Late Part", default=30)
    ratio_mark = fields.Float(
        string="No Points from a Late Part of (%)", default=50, digits=(16, 1)
    )
    years_weight = fields.Integer(string="Weight of the Years", default=15)
    years_mark = fields.Float(string="All Points from (years)", default=5)
    turnover_weight = fields.Integer(string="Weight of the Turnover", default=15)
    turnover_mark = fields.Monetary(
        string="All Points from a Turnover of", default=100_000
    )
    points_a = fields.Float(string="Points for A", default=75, digits=(4, 1))
    points_b = fields.Float(string="Points for B", default=50, digits=(4, 1))
    points_c = fields.Float(string="Points for C", default=25, digits=(4, 1))
    limit_a = fields.Monetary(string="Limit of A", default=50_000)
    limit_b = fields.Monetary(string="Limit of B", default=20_000)
    limit_c = fields.Monetary(string="Limit of C", default=5_000)
    limit_d = fields.Monetary(string="Limit of D")

    _company_unique = models.UniqueIndex(
        "(company_id) WHERE active",
        "A company has one credit policy at a time. Archive the other one first.",
    )
    _overdue_days_range = models.Constraint(
        "CHECK (overdue_days >= 0)", "Days of delay cannot be fewer than none."
    )
    _window_range = models.Constraint(
        "CHECK (window_days BETWEEN 30 AND 1825)",
        "Grades look back on 30 days at least and on five years (1825 days) at most.",
    )
    _weights_range = models.Constraint(
        "CHECK (days_weight >= 0 AND ratio_weight >= 0 AND years_weight >= 0"
        " AND turnover_weight >= 0)",
        "A weight is 0 or more.",
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id.account_use_credit_limit")
    def _compute_is_used(self):
        for policy in self:
            policy.is_used = policy.company_id.account_use_credit_limit

    # === CONSTRAINT METHODS === #

    @api.constrains("points_a", "points_b", "points_c")
    def _check_points(self):
        for policy in self:
            if not 100 >= policy.points_a > policy.points_b > policy.points_c >= 0:
                raise ValidationError(
                    self.env._(
                        "The points for A, B and C of “%s” must fall from grade to"
                        " grade and lie between 0 and 100; who has fewer than C is D.",
                        policy.name,
                    )
                )

    @api.constrains("limit_a", "limit_b", "limit_c", "limit_d", "use_grades")
    def _check_limits(self):
        for policy in self.filtered("use_grades"):
            limits = [policy.limit_a, policy.limit_b, policy.limit_c, policy.limit_d]
            falling = limits == sorted(limits, reverse=True)
            if not falling or not limits[0] > 0 or not limits[3] >= 0:
                raise ValidationError(
                    self.env._(
                        "The limits of “%s” must not rise from A to D, and A needs one."
                        " With 0 every order on credit has to be asked for. Use no"
                        " limits by grade if you want none.",
                        policy.name,
                    )
                )

    @api.constrains(
        *(f"{part}_weight" for part in ("days", "ratio", "years", "turnover")),
        *(f"{part}_mark" for part in ("days", "ratio", "years", "turnover")),
        "use_grades",
    )
    def _check_marks(self):
        for policy in self.filtered("use_grades"):
            marks = policy._get_marks()
            if not any(mark.weight for mark in marks):
                raise ValidationError(
                    self.env._("Nothing counts in “%s”: give a weight.", policy.name)
                )
            if not all(mark.value > 0 for mark in marks if mark.weight):
                raise ValidationError(
                    self.env._(
                        "What counts in “%s” needs a value of more than 0 beside its"
                        " weight.",
                        policy.name,
                    )
                )

    # === BUSINESS METHODS === #

    @api.model
    @ormcache("company_id")
    def _get_terms(self, company_id):
        """What a company expects: :class:`CreditTerms`."""
        # Superuser mode: the rule is the same for everybody; and what a client calls
        # active is not what counts.
        policies = self.sudo().with_context(active_test=True)
        return policies.search([("company_id", "=", company_id)], limit=1)._to_terms()

    def _to_terms(self):
        """The policy as the plain thinking sees it; of none, that nothing is said."""
        if not self:
            return NO_TERMS
        if not self.use_grades:
            return CreditTerms(tolerated=self.overdue_days)
        floors = (self.points_a, self.points_b, self.points_c)
        return CreditTerms(
            self.overdue_days,
            self.window_days,
            Scale(*self._get_marks(), floors),
            {
                letter: Decimal(repr(self[f"limit_{letter.lower()}"]))
                for letter in ("A", "B", "C", "D")
            },
        )

    def _get_marks(self):
        parts = ("days", "ratio", "years", "turnover")
        return [Mark(self[f"{part}_weight"], self[f"{part}_mark"]) for part in parts]
