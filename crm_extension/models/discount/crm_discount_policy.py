from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import ormcache


class Limits(NamedTuple):
    """What a company allows.

    :param policy: the policy's name
    :param floor: largest percentage given at all, ``None`` for no floor
    :param default: percent for people without a listed position
    :param by_job: ``{job id: percent}``
    """

    policy: str
    floor: float | None
    default: float
    by_job: dict


class CrmDiscountPolicy(models.Model):
    """How much may be given beyond what the customer's pricelist entitles to.

    Each position has a ceiling; the company has a floor that nobody goes below
    (FEATURES C10.2, C10.5; the floor is the 最低折扣 of LC-01). Percentages are
    percent of the price the customer is entitled to.
    """

    _name = "crm.discount.policy"
    _inherit = ["crm.cached.definition"]
    _description = "Discount Policy"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(
        default=10, help="The first policy of a company is the one that counts."
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        default=lambda self: self.env.company,
        index=True,
        help="Leave empty for every company without a policy of its own.",
    )
    floor = fields.Float(
        string="Company Floor (%)",
        default=100.0,
        help="Nobody can give more than this, whoever approves.",
    )
    default_limit = fields.Float(
        string="Everybody Else (%)",
        help="What people may give whose position is not listed.",
    )
    window_days = fields.Integer(
        string="Judge Together (days)",
        default=30,
        help="What one customer orders of the same product categories within so many"
        " days is added up where an approval rule looks at an amount, so that nobody"
        " gains by splitting an order. 0: each order alone.",
    )
    line_ids = fields.One2many(
        comodel_name="crm.discount.policy.line",
        inverse_name="policy_id",
        string="Positions",
        copy=True,
    )

    _check_floor = models.Constraint(
        "CHECK (floor >= 0 AND floor <= 100)",
        "The company floor lies between 0 and 100 percent.",
    )
    _check_default_limit = models.Constraint(
        "CHECK (default_limit >= 0 AND default_limit <= 100)",
        "What people may give lies between 0 and 100 percent.",
    )

    _check_window_days = models.Constraint(
        "CHECK (window_days >= 0)", "Days cannot be fewer than none."
    )

    @api.model
    def _find_policy(self, company_id):
        """The policy that counts for a company: its own first, or empty."""
        # Superuser mode: the rule is the same for everybody.
        policies = self.sudo().search([("company_id", "in", (company_id, False))])
        own = policies.filtered("company_id")
        return (own or policies)[:1]

    @api.model
    @ormcache("company_id")
    def _get_window(self, company_id):
        """Within how many days orders of one customer are judged on their sum; 0 for
        each alone."""
        return self._find_policy(company_id).window_days

    @api.model
    @ormcache("company_id", "self.env.lang")
    def _get_limits(self, company_id):
        """What a company allows: :class:`Limits`, or ``None`` when no policy speaks."""
        policy = self._find_policy(company_id)
        if not policy:
            return None
        return Limits(
            policy.name,
            policy.floor,
            policy.default_limit,
            {line.job_id.id: line.limit for line in policy.line_ids},
        )

    @api.model
    def _get_ceilings(self, limits, users, company):
        """What each of some users may give alone.

        :param limits: :class:`Limits`
        :return: ``{user id: percent}``, by the position the user holds in the company
        """
        if not limits.by_job:
            return dict.fromkeys(users.ids, limits.default)
        # Superuser mode: salespeople may not read employees, and their ceiling is
        # all that is told of them.
        held = (
            self.env["hr.employee"]
            .sudo()
            ._read_group(
                [("user_id", "in", users.ids), ("company_id", "=", company.id)],
                ["user_id", "current_version_id.job_id"],
            )
        )
        jobs = {user.id: job.id for user, job in held}
        return {
            user.id: limits.by_job.get(jobs.get(user.id), limits.default)
            for user in users
        }
