from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import ormcache

# What only the system writes.
KEPT = frozenset(
    {"state", "published_on", "tried_on", "trial_note", "run_on", "run_phase"}
    | {"run_cursor", "last_run_on", "is_stale", "peers"}
)


class CrmTierScheme(models.Model):
    """How a company rates its customers: what counts, how far back, and from which
    score a tier is reached (FEATURES C02.8).

    One rating per company is in force. It is not changed any more: a draft is made of
    it, tried on all customers, and put in its place.
    """

    _name = "crm.tier.scheme"
    _inherit = ["crm.tier.rating", "crm.tier.trial"]
    _description = "Customer Rating"
    _order = "company_id, state desc, id desc"
    _check_company_auto = True

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
        ondelete="cascade",
    )
    state = fields.Selection(
        selection=[
            ("draft", "Draft"),
            ("published", "In Force"),
            ("replaced", "Replaced"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
    )
    published_on = fields.Datetime(string="In Force since", readonly=True, copy=False)
    window_days = fields.Integer(
        string="Looks Back",
        default=365,
        required=True,
        help="Days of business that count.",
    )
    hysteresis = fields.Float(
        string="Leeway",
        digits=(4, 1),
        default=5.0,
        help="Points below the threshold of a tier that do not yet cost it.",
    )
    grace_days = fields.Integer(
        string="Days of Grace",
        default=30,
        help="Days on which a score has to stay too low before the tier is lost.",
    )
    weight_ids = fields.One2many(
        comodel_name="crm.tier.weight",
        inverse_name="scheme_id",
        string="What Counts",
        copy=True,
    )
    rung_ids = fields.One2many(
        comodel_name="crm.tier.rung",
        inverse_name="scheme_id",
        string="Tiers",
        copy=True,
    )

    _window_range = models.Constraint(
        "CHECK (window_days BETWEEN 30 AND 1825)",
        "A rating looks back on 30 days at least and on five years (1825 days) at"
        " most.",
    )
    _hysteresis_range = models.Constraint(
        "CHECK (hysteresis >= 0 AND hysteresis <= 100)",
        "The leeway is between 0 and 100 points.",
    )
    _grace_range = models.Constraint(
        "CHECK (grace_days BETWEEN 0 AND 3650)",
        "The days of grace are between 0 and 3650.",
    )
    _published_unique = models.UniqueIndex(
        "(company_id) WHERE state = 'published'",
        "A company rates its customers in one way at a time.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_kept(vals)
        # Said here, so that no default says something else.
        return super().create([{"state": "draft"} | vals for vals in vals_list])

    def write(self, vals):
        self._refuse_kept(vals)
        self._check_draft()
        return super().write(vals | {"tried_on": False, "trial_note": False})

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        if "name" in (default or {}):
            return vals_list
        return [
            vals | {"name": self.env._("%s (copy)", scheme.name)}
            for scheme, vals in zip(self, vals_list, strict=True)
        ]

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_force(self):
        for scheme in self:
            if scheme.state == "published":
                raise UserError(
                    self.env._(
                        "“%s” is in force. Publish another rating of the company"
                        " instead: it takes its place.",
                        scheme.name,
                    )
                )

    # === ACTION METHODS === #

    def action_new_draft(self):
        """Make a draft of a rating that is in force, or was."""
        self.ensure_one()
        self.check_access("write")
        draft = self.copy({"name": self.name})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": draft.id,
            "view_mode": "form",
        }

    def action_publish(self):
        """Put a draft that was tried in the place of the rating in force.

        :raises UserError: when it was not tried since it last changed
        :raises ValidationError: names everything that is wrong with it
        """
        self.check_access("write")
        for scheme in self:
            scheme._check_draft()
            scheme._check_sound()
            if not scheme.tried_on:
                raise UserError(
                    self.env._(
                        "See first who would move: use “Try” on “%s”, then publish it.",
                        scheme.name,
                    )
                )
            scheme._publish()
        self.env.ref("crm_extension.ir_cron_crm_tier_rating")._trigger()

    # === BUSINESS METHODS === #

    def _publish(self):
        before = self._get_published(self.company_id)
        before._note(
            state="replaced", run_on=False, run_phase=False, run_cursor=0, peers=False
        )
        before.flush_recordset(["state"])
        self._note(state="published", published_on=fields.Datetime.now())

    @api.model
    def _publish_shipped(self, scheme_ids):
        """Put the rating that comes with the add-on in force, where a company has none
        yet and no customer could be moved by it unawares: in a new database."""
        for scheme in self.browse(scheme_ids):
            if not self._get_published(scheme.company_id):
                scheme._publish()

    @api.model
    def _get_published(self, company):
        """The rating in force in a company; none if nobody has set one up."""
        # Superuser mode: it is the same whoever looks.
        return self.sudo().search(
            [("company_id", "=", company.id), ("state", "=", "published")], limit=1
        )

    @api.model
    @ormcache("company_id")
    def _get_rules_in_force(self, company_id):
        """How a company rates its customers, for screens: it changes once a night.

        :return: ``(Rules, Peers)``, or ``None`` if nobody has set it up
        """
        scheme = self._get_published(self.env["res.company"].browse(company_id))
        return (scheme._to_rules(), scheme._get_peers()) if scheme else None

    def _note(self, **vals):
        """Write what only the system writes; who may ask for it has been checked."""
        if {"state", "peers"} & vals.keys():
            self.env.registry.clear_cache()
        # pylint: disable-next=super-method-mismatch
        return super(CrmTierScheme, self.sudo()).write(vals)

    @api.model
    def _refuse_kept(self, vals):
        kept = {name: vals[name] for name in KEPT & vals.keys()}
        if kept and kept != {"state": "draft"}:
            raise AccessError(
                self.env._(
                    "Whether a rating is in force, and how far it has got, is kept by"
                    " the system. Use the buttons of the rating."
                )
            )

    def _check_draft(self):
        for scheme in self:
            if scheme.state != "draft":
                raise UserError(
                    self.env._(
                        "“%s” is or was in force and does not change any more. Use"
                        " “New Draft”, change that, and publish it.",
                        scheme.name,
                    )
                )

    def _check_sound(self):
        """
        :raises ValidationError: names everything that is wrong with a rating
        """
        for scheme in self:
            if problems := scheme._find_problems():
                raise ValidationError(
                    self.env._(
                        "“%(rating)s” cannot be used yet:\n%(problems)s",
                        rating=scheme.name,
                        problems="\n".join(f"- {problem}" for problem in problems),
                    )
                )

    def _find_problems(self):
        problems = []
        if not any(line.weight for line in self.weight_ids):
            problems.append(self.env._("Nothing counts: give a weight to something."))
        problems += [
            self.env._(
                "“%s” needs a value that is worth all points.", line._tell_indicator()
            )
            for line in self.weight_ids
            if line.weight and line.needs_mark and line.mark <= 0
        ]
        return problems + self._find_ladder_problems()

    def _find_ladder_problems(self):
        rungs = self.rung_ids.sorted("threshold")
        if not rungs:
            return [self.env._("It has no tiers.")]
        problems = []
        lowest = rungs[0]
        if lowest.threshold > 0:
            problems.append(
                self.env._(
                    "Customers with less than %(points)g points would have no tier:"
                    " let “%(tier)s” begin at 0.",
                    points=lowest.threshold,
                    tier=lowest.tier_id.name,
                )
            )
        for lower, upper in zip(rungs, rungs[1:], strict=False):
            if lower.threshold == upper.threshold:
                problems.append(
                    self.env._(
                        "“%(one)s” and “%(other)s” both begin at %(points)g points.",
                        one=lower.tier_id.name,
                        other=upper.tier_id.name,
                        points=lower.threshold,
                    )
                )
            elif lower.tier_id.sequence < upper.tier_id.sequence:
                problems.append(
                    self.env._(
                        "“%(better)s” is the better tier, but begins at fewer points"
                        " than “%(worse)s”.",
                        better=lower.tier_id.name,
                        worse=upper.tier_id.name,
                    )
                )
        return problems
