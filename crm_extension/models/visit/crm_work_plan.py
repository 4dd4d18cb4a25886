from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from . import period, rules

# What only the add-on itself writes, as it is at first.
KEPT = {
    "state": "draft",
    "submitted_at": False,
    "supervisor_id": False,
    "review_user_id": False,
    "review_date": False,
    "review_note": False,
}
# What is planned, and by whom: it stays as it was submitted.
CONTENT = frozenset(
    {"active", "company_id", "date", "department_id", "goals", "kind", "member_ids"}
    | {"scope", "team_id", "user_id"}
)
BEING_MADE = ("draft", "returned")
FIGURES = ("visits_planned", "visits_done", "calls_planned", "calls_done")
ACTIVITY = "crm_extension.mail_activity_type_crm_plan"


class CrmWorkPlan(models.Model):
    """What somebody is going to do in a day, a week or a month (FEATURES C07.1, KC-09,
    GZ-04): the visits and calls that are planned then, and the goals in words.

    The visits are those that there are: nothing is planned twice. A plan is submitted
    to the supervisor, who agrees or sends it back with a reason. The plan of a
    department gathers those of its people.
    """

    _name = "crm.work.plan"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Work Plan"
    _order = "date_from desc, id desc"
    _rec_names_search = ["user_id", "team_id", "department_id"]
    _check_company_auto = True

    active = fields.Boolean(default=True)
    scope = fields.Selection(
        selection=[("person", "One's own"), ("department", "Department")],
        string="Whose",
        required=True,
        default="person",
        help="The plan of a department gathers those of its people.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Planned by",
        required=True,
        default=lambda self: self.env.user,
        index=True,
        tracking=True,
        domain=[("share", "=", False)],
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
    )
    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        compute="_compute_team_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        index="btree_not_null",
    )
    department_id = fields.Many2one(
        comodel_name="hr.department",
        check_company=True,
        index="btree_not_null",
        help="Instead of a sales team, with the departments below.",
    )
    member_ids = fields.Many2many(
        comodel_name="res.users",
        relation="crm_work_plan_member_rel",
        column1="plan_id",
        column2="user_id",
        string="People",
        compute="_compute_member_ids",
        store=True,
        readonly=False,
        # For the browser alone, see ``crm_shared_user_ids`` of customers.
        domain="[('share', '=', False)]",
        help="Whose plans it gathers.",
    )
    kind = fields.Selection(
        selection=[("day", "Day"), ("week", "Week"), ("month", "Month")],
        string="Period",
        required=True,
        default="week",
        help="Weeks go from Monday to Sunday.",
    )
    date = fields.Date(
        string="Day in It",
        required=True,
        default=fields.Date.context_today,
        help="Any day of the period.",
    )
    date_from = fields.Date(
        string="From", compute="_compute_dates", store=True, precompute=True
    )
    date_to = fields.Date(
        string="To", compute="_compute_dates", store=True, precompute=True
    )
    goals = fields.Text(help="What is to be reached, and how.")
    state = fields.Selection(
        selection=[
            ("draft", "Being made"),
            ("submitted", "Submitted"),
            ("returned", "Sent back"),
            ("agreed", "Agreed"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
        group_expand=True,
    )
    submitted_at = fields.Datetime(string="Submitted on", readonly=True, copy=False)
    supervisor_id = fields.Many2one(
        comodel_name="res.users",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Who reviews it: the direct superior, or whoever leads the team.",
    )
    review_user_id = fields.Many2one(
        comodel_name="res.users", string="Reviewed by", readonly=True, copy=False
    )
    review_date = fields.Datetime(string="Reviewed on", readonly=True, copy=False)
    review_note = fields.Text(
        string="What the Supervisor Says",
        copy=False,
        help="Needed where a plan is sent back.",
    )
    may_review = fields.Boolean(compute="_compute_may_review")
    is_mine = fields.Boolean(compute="_compute_may_review")
    visit_ids = fields.Many2many(
        comodel_name="crm.visit",
        string="Visits and Calls",
        compute="_compute_visit_ids",
    )
    person_ids = fields.One2many(
        comodel_name="crm.work.plan.person",
        inverse_name="plan_id",
        string="Plans of the People",
        readonly=True,
    )
    visits_planned = fields.Integer(compute="_compute_figures")
    visits_done = fields.Integer(compute="_compute_figures")
    calls_planned = fields.Integer(compute="_compute_figures")
    calls_done = fields.Integer(compute="_compute_figures")
    missing_note = fields.Text(
        string="Without a Plan",
        compute="_compute_missing_note",
        help="Weeks of the month, or people of the department.",
    )

    _person_unique = models.UniqueIndex(
        "(user_id, company_id, kind, date_from) WHERE scope = 'person' AND active",
        "There is a plan for this period already. Go on with that one.",
    )
    _department_unique = models.UniqueIndex(
        "(COALESCE(department_id, 0), COALESCE(team_id, 0), company_id, kind,"
        " date_from) WHERE scope = 'department' AND active",
        "The department has a plan for this period already. Go on with that one.",
    )

    # === COMPUTE METHODS === #

    @api.depends("user_id", "scope", "department_id")
    def _compute_team_id(self):
        for plan in self:
            # Superuser mode: who is in a team and who leads it, is no secret.
            user = plan.user_id.sudo()
            if plan.scope == "person":
                plan.team_id = user.sale_team_id
            elif plan.department_id:
                plan.team_id = False
            elif plan.team_id.user_id != user:
                plan.team_id = user.crm_team_ids.filtered(
                    lambda team, user=user: team.user_id == user
                )[:1] or self.env["crm.team"].sudo().search(
                    [
                        ("user_id", "=", user.id),
                        ("company_id", "in", (plan.company_id.id, False)),
                    ],
                    limit=1,
                )

    @api.depends("scope", "team_id", "department_id", "user_id")
    def _compute_member_ids(self):
        for plan in self:
            people = self.env["res.users"]
            if plan.scope == "department":
                # Superuser mode: who is in a team or department, is no secret.
                people = plan.team_id.sudo().member_ids
                if plan.department_id:
                    employees = self.env["hr.employee"].sudo()
                    people = employees.search(
                        [("department_id", "child_of", plan.department_id.id)]
                    ).user_id
            plan.member_ids = (people - plan.user_id).sudo(False)

    @api.depends("kind", "date")
    def _compute_dates(self):
        for plan in self:
            plan.date_from = plan.date_to = False
            if plan.kind and plan.date:
                plan.date_from, plan.date_to = period.span(plan.kind, plan.date)

    @api.depends("user_id", "supervisor_id", "state")
    @api.depends_context("uid")
    def _compute_may_review(self):
        reasons = self._get_cannot_review_reasons()
        for plan in self:
            plan.is_mine = self._is_manager() or plan.user_id == self.env.user
            plan.may_review = plan.state == "submitted" and not reasons[plan.id]

    @api.depends("date_from", "date_to", "user_id", "member_ids", "company_id")
    @api.depends_context("uid")
    def _compute_visit_ids(self):
        for plan, visits in self._find_visits().items():
            plan.visit_ids = visits

    @api.depends("date_from", "date_to", "user_id", "member_ids", "company_id")
    def _compute_figures(self):
        # Superuser mode: whoever sees a plan sees how much there is of it.
        for plan, visits in self.sudo()._find_visits().items():
            planned = visits.filtered(lambda visit: visit.schedule_type == rules.PLAN)
            done = visits.filtered(lambda visit: visit.status == rules.DONE)
            for name, found in (("planned", planned), ("done", done)):
                calls = found.filtered(lambda visit: visit.mode == rules.CALL)
                plan[f"calls_{name}"] = len(calls)
                plan[f"visits_{name}"] = len(found) - len(calls)

    @api.depends("scope", "kind", "date_from", "user_id", "member_ids")
    @api.depends_context("lang")
    def _compute_missing_note(self):
        for plan in self:
            plan.missing_note = False
            if plan.scope == "department" and plan.date_from:
                plan.missing_note = plan._tell_people_without()
            elif plan.kind == period.MONTHLY and plan.date_from:
                plan.missing_note = plan._tell_weeks_without()

    @api.depends("user_id", "team_id", "department_id", "kind", "date_from", "scope")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for plan in self:
            who = plan.user_id.sudo().name  # who plans, is no secret
            if plan.scope == "department":
                who = (plan.department_id or plan.team_id).sudo().display_name or who
            told = (who, plan.date_from and plan._tell_period())
            plan.display_name = ": ".join(filter(None, told))

    # === CONSTRAINT METHODS === #

    @api.constrains("scope", "team_id", "department_id")
    def _check_scope(self):
        for plan in self.filtered(lambda plan: plan.scope == "department"):
            if not plan.team_id and not plan.department_id:
                raise ValidationError(
                    self.env._(
                        "Whose plan is %(plan)s? Choose the sales team or the"
                        " department.",
                        plan=plan.display_name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_kept(vals)
        # A client's context has no say in it; demo data, in superuser mode, has.
        kept = {} if self.env.su else KEPT
        plans = super().create([kept | vals for vals in vals_list])
        plans._check_is_mine()
        plans._note_supervisors()
        return plans

    def write(self, vals):
        self._refuse_kept(vals)
        is_changed = bool(CONTENT & vals.keys())
        if is_changed:
            self._check_is_mine()
            self._check_is_being_made()
        result = super().write(vals)
        if is_changed:
            self._check_is_mine()  # nobody plans for a colleague
        if "user_id" in vals:
            self._note_supervisors()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        self._check_is_mine()
        self._check_is_being_made()

    # === ACTION METHODS === #

    def action_submit(self):
        """Hand the plan to the supervisor.

        :raises UserError: for an empty plan
        """
        self.check_access("write")
        self._check_is_mine()
        self.lock_for_update()
        self._check_is_being_made()
        for plan in self:
            if not (plan.goals or "").strip() and not any(
                plan[name] for name in FIGURES
            ):
                raise UserError(
                    self.env._(
                        "%(plan)s is empty. Plan a visit or a call, or write down the"
                        " goals.",
                        plan=plan.display_name,
                    )
                )
        self._note_supervisors()
        # Superuser mode: nobody says by hand how far a plan is.
        self.sudo().write({"state": "submitted", "submitted_at": fields.Datetime.now()})
        self._ask_supervisors()

    def action_take_back(self):
        """Go on with a plan that was submitted and is not reviewed yet."""
        self.check_access("write")
        self._check_is_mine()
        self.lock_for_update()
        self._check_is_submitted()
        self.sudo().write({"state": "draft", "submitted_at": False})  # as above
        self.sudo().activity_unlink([ACTIVITY], only_automated=False)

    def action_agree(self):
        """The supervisor agrees to the plan (GZ-04)."""
        self._review("agreed")

    def action_return(self):
        """The supervisor sends the plan back, with a reason (GZ-04).

        :raises UserError: without a reason
        """
        for plan in self.filtered(lambda plan: not (plan.review_note or "").strip()):
            raise UserError(
                self.env._(
                    "Say under “What the Supervisor Says” what is to be different in"
                    " %(plan)s.",
                    plan=plan.display_name,
                )
            )
        self._review("returned")

    def action_open_visits(self):
        """Open the visits and calls of the period."""
        self.ensure_one()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.crm_visit_action_week"
        ) | {
            "name": self.display_name,
            "domain": list(self._get_visits_domain()),
            "context": {"default_user_id": self.user_id.id},
        }

    def action_plan_visits(self):
        """Open who is due for a visit, to plan the week by one click."""
        return self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.crm_visit_due_action"
        )

    @api.model
    def action_open_mine(self):
        """Open one's plan of the running week: the one there is, or a new one."""
        first, _last = period.span(period.WEEKLY, fields.Date.context_today(self))
        plan = self.search(
            [
                ("user_id", "=", self.env.uid),
                ("company_id", "=", self.env.company.id),
                ("scope", "=", "person"),
                ("kind", "=", period.WEEKLY),
                ("date_from", "=", first),
            ],
            limit=1,
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Work Plan"),
            "res_model": self._name,
            "view_mode": "form",
            "views": [(False, "form")],
            "res_id": plan.id,
        }

    # === BUSINESS METHODS: what is planned === #

    def _get_visits_domain(self):
        self.ensure_one()
        return (
            Domain("user_id", "in", (self.user_id | self.member_ids).ids)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("date", ">=", self.date_from)
            & Domain("date", "<=", self.date_to)
        )

    def _find_visits(self):
        """The visits and calls of the periods, as far as the acting user may see them:
        ``{plan: visits, by their hours}``."""
        visits = self.env["crm.visit"]
        plans = self.filtered(lambda plan: plan.date_from and plan.date_to)
        if plans:
            visits = visits.search_fetch(
                Domain("user_id", "in", (plans.user_id | plans.member_ids).ids)
                & Domain("company_id", "in", plans.company_id.ids)
                & Domain("date", ">=", min(plans.mapped("date_from")))
                & Domain("date", "<=", max(plans.mapped("date_to"))),
                ["user_id", "company_id", "date", "mode", "schedule_type", "status"],
                order="start, id",
            )
        by_user = visits.grouped(lambda visit: (visit.user_id, visit.company_id))
        return {
            plan: visits.union(
                *(
                    by_user.get((user, plan.company_id), visits.browse()).filtered(
                        lambda visit, plan=plan: (
                            plan.date_from <= visit.date <= plan.date_to
                        )
                    )
                    for user in plan._get_planners()
                )
            )
            if plan in plans
            else visits.browse()
            for plan in self
        }

    def _get_planners(self):
        """Whose visits are in a plan."""
        users = self.user_id | self.member_ids
        return users._origin.with_env(self.env)

    def _tell_period(self):
        if self.kind == period.MONTHLY:
            return format_date(self.env, self.date_from, date_format="MMMM y")
        first = format_date(self.env, self.date_from)
        if self.kind == period.DAILY:
            return first
        return f"{first} – {format_date(self.env, self.date_to)}"

    def _tell_weeks_without(self):
        mondays = period.weeks_of(self.date_from)
        # Superuser mode: whoever sees the month sees which weeks it lacks.
        planned = self.sudo().search(
            [
                ("user_id", "=", self.user_id.id),
                ("company_id", "=", self.company_id.id),
                ("scope", "=", "person"),
                ("kind", "=", period.WEEKLY),
                ("date_from", "in", mondays),
            ]
        )
        lacking = [day for day in mondays if day not in planned.mapped("date_from")]
        if not lacking:
            return False
        return self.env._(
            "Weeks from %(days)s have no plan yet.",
            days=", ".join(format_date(self.env, day) for day in lacking),
        )

    def _tell_people_without(self):
        # Superuser mode: as above.
        submitted = self.sudo().search(
            [
                ("user_id", "in", self.member_ids.ids),
                ("company_id", "=", self.company_id.id),
                ("scope", "=", "person"),
                ("kind", "=", self.kind),
                ("date_from", "=", self.date_from),
                ("state", "in", ("submitted", "agreed")),
            ]
        )
        lacking = self.member_ids._origin - submitted.user_id
        if not lacking:
            return False
        return self.env._(
            "Not submitted yet: %(people)s.",
            people=", ".join(lacking.sudo().mapped("name")),
        )

    # === BUSINESS METHODS: the review === #

    @api.model
    def _is_manager(self):
        user = self.env.user
        return user.has_group("sales_team.group_sale_manager") or user.has_group(
            "crm_extension.crm_extension_group_manager"
        )

    def _note_supervisors(self):
        by_leader = defaultdict(self.sudo().browse)
        for plan in self.sudo():  # nobody names the own supervisor
            leader = plan.user_id._crm_get_leader(plan.company_id)
            if plan.supervisor_id != leader:
                by_leader[leader] |= plan
        for leader, plans in by_leader.items():
            plans.write({"supervisor_id": leader.id})

    def _get_cannot_review_reasons(self):
        """Why the acting user may not review: ``{id: reason or False}``."""
        me = self.env.user
        led = me._crm_get_led_ids()
        reasons = {}
        for plan in self:
            if plan.user_id == me:
                reasons[plan.id] = self.env._(
                    "Somebody else reviews your own plans: %s.", plan.display_name
                )
            elif plan.user_id.id in led or self._is_manager():
                reasons[plan.id] = False
            else:
                reasons[plan.id] = self.env._(
                    "%s is reviewed by the superior or a sales manager.",
                    plan.display_name,
                )
        return reasons

    def _review(self, state):
        self.check_access("read")
        for reason in filter(None, self._get_cannot_review_reasons().values()):
            raise AccessError(reason)
        self.lock_for_update()
        self._check_is_submitted()
        # Superuser mode: nobody writes a review by hand.
        plans = self.sudo()
        plans.write(
            {
                "state": state,
                "review_user_id": self.env.uid,
                "review_date": fields.Datetime.now(),
            }
        )
        plans.activity_unlink([ACTIVITY], only_automated=False)
        if state == "returned":
            plans._ask(
                {plan: plan.user_id for plan in plans},
                lambda words: words.env._("Plan sent back: %s", words.review_note),
            )

    def _ask_supervisors(self):
        self.sudo()._ask(
            # Superuser mode: supervisors need not be seen by whoever submits.
            {plan: plan.supervisor_id for plan in self.sudo()},
            lambda words: words.env._("Review the plan of %s", words.user_id.name),
        )

    def _ask(self, users, tell):
        """An activity for each plan.

        :param users: ``{plan: who is asked}``; without one nobody is
        :param tell: says what, of a plan in the language of who is asked
        """
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                {
                    "res_model_id": self.env["ir.model"]._get_id(self._name),
                    "res_id": plan.id,
                    "activity_type_id": self.env.ref(ACTIVITY).id,
                    "summary": tell(plan.with_context(lang=user.lang)),
                    "user_id": user.id,
                    "date_deadline": fields.Date.context_today(self),
                }
                for plan, user in users.items()
                if user.active
            ]
        )

    # === BUSINESS METHODS: guards === #

    @api.model
    def _refuse_kept(self, vals):
        if self.env.su:
            return  # the add-on's own
        told = KEPT.keys() & vals.keys()
        if told - {"review_note"} or (told and not self):
            raise AccessError(
                self.env._("How far a plan is, is said by its buttons alone.")
            )
        if told:
            for plan in self.filtered(lambda plan: not plan.may_review):
                raise AccessError(
                    self.env._(
                        "What is said of %(plan)s is written by who reviews it, once it"
                        " is submitted.",
                        plan=plan.display_name,
                    )
                )

    def _check_is_mine(self):
        if self.env.su or self._is_manager():
            return
        for plan in self.filtered(lambda plan: plan.user_id != self.env.user):
            raise AccessError(
                self.env._(
                    "%(plan)s is planned by %(person)s and nobody else.",
                    plan=plan.display_name,
                    person=plan.user_id.sudo().name,
                )
            )
        # Whoever gathers plans sees what is in them.
        led = self.env.user._crm_get_led_ids()
        for person in self.member_ids.filtered(lambda person: person.id not in led):
            raise AccessError(
                self.env._(
                    "%s is not among your people, so you do not gather that plan.",
                    person.sudo().name,
                )
            )

    def _check_is_being_made(self):
        if self.env.su:
            return
        for plan in self.filtered(lambda plan: plan.state not in BEING_MADE):
            raise UserError(
                self.env._(
                    "%(plan)s is submitted. Take it back before it is changed; once"
                    " it is agreed, it stays.",
                    plan=plan.display_name,
                )
            )

    def _check_is_submitted(self):
        for plan in self.filtered(lambda plan: plan.state != "submitted"):
            raise UserError(
                self.env._(
                    "%(plan)s does not wait for a review.", plan=plan.display_name
                )
            )
