from itertools import islice
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import ormcache

from .margin import MarginFloors, find_margin_conflicts
from .scope import (
    Ceiling,
    Ceilings,
    Entitlements,
    Giver,
    find_conflicts,
    find_hidden,
    find_idle,
    to_path,
)

# More would not be read, and are shown once these are settled.
SHOWN_CONFLICTS = 10


class Limits(NamedTuple):
    """What a company allows.

    :param policy: the policy's name
    :param floor: largest percentage given at all, ``None`` for no floor
    :param ceilings: what may be given without asking
    :param entitlements: what customers may claim
    :param margins: what has to be left after cost
    """

    policy: str
    floor: float | None
    ceilings: Ceilings
    entitlements: Entitlements
    margins: MarginFloors


class CrmDiscountPolicy(models.Model):
    """How much may be given beyond what the customer is entitled to.

    Ceilings say how much somebody may give, and where; entitlements what a customer
    may claim that no pricelist carries; the company has a floor that nobody goes below
    (FEATURES C10.1, C10.2, C10.5; the floor is the 最低折扣 of LC-01). Ceilings and
    floor are percent of the price the customer is entitled to. Least margins say how
    much of the net price must be left after cost unless somebody agrees.
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
        help="What people may give where no ceiling fits.",
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
        string="Ceilings",
        copy=True,
    )
    entitlement_ids = fields.One2many(
        comodel_name="crm.discount.entitlement",
        inverse_name="policy_id",
        string="Entitlements",
        copy=True,
    )
    margin_ids = fields.One2many(
        comodel_name="crm.discount.margin",
        inverse_name="policy_id",
        string="Least Margins",
        copy=True,
    )
    # Without dependencies: told of what is saved, not of what is being typed.
    conflicts = fields.Text(compute="_compute_conflicts")

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

    # === COMPUTE METHODS === #

    @api.depends_context("lang", "uid")
    def _compute_conflicts(self):
        for policy in self:
            texts = list(islice(policy._tell_conflicts(), SHOWN_CONFLICTS))
            policy.conflicts = "\n".join(texts) or False

    # === BUSINESS METHODS === #

    @api.model
    def _find_policy(self, company_id):
        """The policy that counts for a company: its own first, or empty."""
        # Superuser mode: the rule is the same for everybody; and what a client calls
        # active is not what counts.
        everybody = self.sudo().with_context(active_test=True)
        policies = everybody.search([("company_id", "in", (company_id, False))])
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
            Ceilings(
                [line._to_ceiling() for line in policy.line_ids],
                Ceiling(None, policy.name, policy.default_limit),
            ),
            Entitlements([rule._to_rule() for rule in policy.entitlement_ids]),
            MarginFloors(rule._to_floor() for rule in policy.margin_ids),
        )

    @api.model
    def _get_ceilings(self, limits, givings, company):
        """Which ceiling holds for each of some lines.

        :param limits: :class:`Limits`
        :param givings: ``{key: (id of who gives, Place)}``
        :return: ``{key: Ceiling}``
        """
        users = self.env["res.users"].browse(
            {user for user, _place in givings.values()}
        )
        givers = self._get_givers(limits, users, company)
        # Most lines are given by few people at few places.
        found = {
            giving: limits.ceilings.find(givers[giving[0]], giving[1])
            for giving in set(givings.values())
        }
        return {key: found[giving] for key, giving in givings.items()}

    @api.model
    def _get_givers(self, limits, users, company):
        """Who some users are when they give: ``{user id: Giver}``."""
        jobs = self._get_jobs(users, company) if limits.ceilings.by_job else {}
        teams = self._get_teams(users, company) if limits.ceilings.by_team else {}
        return {
            user: Giver(jobs.get(user), frozenset(teams.get(user, ())))
            for user in users.ids
        }

    @api.model
    def _get_jobs(self, users, company):
        """The position each user holds in a company: ``{user id: job id}``."""
        # Superuser mode: salespeople may not read employees, and their ceiling is
        # all that is told of them.
        employees = self.env["hr.employee"].sudo().with_context(active_test=True)
        held = employees._read_group(
            [("user_id", "in", users.ids), ("company_id", "=", company.id)],
            ["user_id", "current_version_id.job_id"],
        )
        return {user.id: job.id or None for user, job in held}

    @api.model
    def _get_teams(self, users, company):
        """The teams that each user belongs to or leads: ``{user id: ids}``."""
        here = (company.id, False)
        # Superuser mode: as for positions.
        everybody = self.sudo().with_context(active_test=True)
        members = everybody.env["crm.team.member"]._read_group(
            [
                ("user_id", "in", users.ids),
                ("crm_team_id.company_id", "in", here),
                ("crm_team_id.active", "=", True),
            ],
            ["user_id"],
            ["crm_team_id:array_agg"],
        )
        leaders = everybody.env["crm.team"]._read_group(
            [("user_id", "in", users.ids), ("company_id", "in", here)],
            ["user_id"],
            ["id:array_agg"],
        )
        teams = {}
        for user, ids in (*members, *leaders):
            teams.setdefault(user.id, set()).update(ids)
        return teams

    def _tell_conflicts(self):
        """What contradicts, changes nothing or can be had for the asking: texts."""
        self.ensure_one()
        yield from self._tell_precedence()
        rules = self.with_context(active_test=True)
        categories = rules.line_ids.category_id | rules.entitlement_ids.category_id
        categories |= rules.margin_ids.category_id
        paths = {key.id: to_path(key.parent_path) for key in categories}
        ceilings = [line._to_ceiling() for line in rules.line_ids]
        floors = rules._get_margin_floors()
        for larger, smaller in (
            *find_conflicts(ceilings, paths),
            *find_margin_conflicts(floors, paths),
        ):
            yield self.env._(
                "“%(larger)s” (%(most)g %%) and “%(smaller)s” (%(least)g %%) can fit"
                " the same line; then the larger counts. Give the one that should"
                " decide a smaller priority number.",
                larger=larger.name,
                most=larger.percent,
                smaller=smaller.name,
                least=smaller.percent,
            )
        for hidden, before in (
            *find_hidden(ceilings, paths),
            *find_hidden(floors, paths),
        ):
            yield self.env._(
                "“%(hidden)s” never decides: wherever it holds, “%(before)s” comes"
                " first. Remove it, or give it the smaller priority number.",
                hidden=hidden.name,
                before=before.name,
            )
        yield from rules._tell_beyond_floor(ceilings)
        yield from rules._tell_claims(paths)

    def _tell_beyond_floor(self, ceilings):
        """Who may give what nobody can."""
        own = Ceiling(None, self.env._("Everybody Else"), self.default_limit)
        for ceiling in (own, *ceilings):
            if ceiling.percent > self.floor:
                yield self.env._(
                    "“%(rule)s” allows %(percent)g %%, and the company floor refuses"
                    " more than %(floor)g %% to everybody.",
                    rule=ceiling.name,
                    percent=ceiling.percent,
                    floor=self.floor,
                )

    def _tell_claims(self, paths):
        """What of the entitlements changes nothing or can be had for the asking."""
        claims = [rule._to_rule() for rule in self.entitlement_ids]
        for idle, better in find_idle(claims, paths):
            yield self.env._(
                "“%(idle)s” (%(least)g %%) changes nothing: wherever it holds,"
                " “%(better)s” gives %(most)g %%. Remove it, or let it give more.",
                idle=idle.name,
                least=idle.percent,
                better=better.name,
                most=better.percent,
            )
        for rule in self.entitlement_ids.filtered("tag_id"):
            yield self.env._(
                "“%(rule)s” follows the customer tag “%(tag)s”, which everybody can"
                " set who may edit customers. Take the customer class or the customer"
                " where that goes too far.",
                rule=rule.name,
                tag=rule.tag_id.display_name,
            )

    def _get_margin_floors(self):
        """The least margins of a policy as the acting user may know them: none for
        whom the figures are not meant."""
        rules = self.margin_ids
        if not rules._has_field_access(rules._fields["percent"], "read"):
            return []
        return [rule._to_floor() for rule in rules]

    def _tell_precedence(self):
        """Whether another policy speaks in place of this one: no text or one."""
        first = self._find_policy(self.company_id.id)
        same = first.company_id == self.company_id
        if self.active and same and first != self._origin:
            yield self.env._(
                "“%(first)s” comes before, so this policy decides nothing here."
                " Archive one of the two, or move this one up.",
                first=first.name,
            )
