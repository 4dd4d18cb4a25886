from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_datetime

from ..turns import take_turns
from . import rules

USUAL_LENGTH = timedelta(hours=1)
# What is asked before a visit is done, see :func:`rules.missing_for_done`.
CONTENT = ("status", "purpose", "result", "person_ids")
# What follows from other fields, and is counted: nobody says it by hand.
DERIVED = frozenset(
    {"commercial_partner_id", "dwell_minutes", "evidence_score", "is_late", "mode"}
    | {"team_id"}
)


class CrmVisit(models.Model):
    """A contact with a customer: planned, and then told what came of it (FEATURES C05).

    Whom it was with is linked as soon as we know the customer; until then its name is
    kept as it was typed. What is planned has hours and an appointment in the calendar;
    what is only recorded afterwards has a day.

    A visit belongs to the day of its start in the time zone of the salesperson, which
    is kept, so that weeks and months are counted without asking every person's zone.
    """

    _name = "crm.visit"
    _inherit = [
        "crm.visit.once",
        "crm.visit.evidence",
        "crm.visit.call",
        "crm.visit.reviewed",
        "crm.visit.plan",
        "crm.visit.promised",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _description = "Visit"
    _order = "start desc, id desc"
    _rec_names_search = ["partner_id", "partner_name", "purpose"]
    _check_company_auto = True

    active = fields.Boolean(default=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
        tracking=True,
        help="The customer or one of its contacts. Only visits to a linked customer"
        " count.",
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Company Visited",
        store=True,
        index="btree_not_null",
    )
    partner_name = fields.Char(
        string="Name of the Customer",
        compute="_compute_partner_name",
        store=True,
        readonly=False,
        precompute=True,
        help="In full, of somebody who is not among our customers yet.",
    )
    customer_address = fields.Char(
        string="Address", compute="_compute_customer_address"
    )
    customer_phone = fields.Char(related="partner_id.phone", string="Phone")
    known_note = fields.Text(
        string="Did You Mean",
        compute="_compute_known_note",
        help="Customers whose name is like the one that was typed.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Salesperson",
        required=True,
        default=lambda self: self.env.user,
        index=True,
        tracking=True,
        domain=[("share", "=", False)],
    )
    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        compute="_compute_team_id",
        store=True,
        precompute=True,
        index="btree_not_null",
        help="Of the salesperson at the time.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
    )
    subject = fields.Selection(
        selection=[
            ("call_first", "Call – first contact"),
            ("call_follow", "Call – follow-up"),
            ("outside_first", "Visit – first contact"),
            ("outside_follow", "Visit – follow-up"),
            ("incoming", "Customer comes to us"),
        ],
        required=True,
        tracking=True,
        help="A first contact is the first one of its kind with a customer: by phone,"
        " or at the customer's.",
    )
    mode = fields.Selection(
        selection=[
            ("call", "By phone"),
            ("outside", "At the customer's"),
            ("incoming", "At ours"),
        ],
        compute="_compute_mode",
        store=True,
        precompute=True,
    )
    kind = fields.Selection(
        selection=[
            ("face", "Face to face"),
            ("phone", "Phone talk"),
            ("objection", "Objection handled"),
            ("other", "Other"),
        ],
        compute="_compute_kind",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="The monthly figures count face to face as visits and phone talks as"
        " calls.",
    )
    channel = fields.Selection(
        selection=[
            ("call_center", "Call centre"),
            ("face", "Face to face"),
            ("fax", "Fax"),
            ("mobile", "Mobile sales"),
            ("email", "E-mail"),
            ("internet", "Internet"),
            ("social", "Social media"),
            ("other", "Other"),
        ],
    )
    nature = fields.Selection(
        selection=[("team", "Team schedule"), ("personal", "Personal schedule")],
        required=True,
        default="team",
        help="Colleagues see of a personal one only that you are busy.",
    )
    schedule_type = fields.Selection(
        selection=[("plan", "Plan"), ("record", "Record")],
        string="Type",
        required=True,
        default="plan",
        help="A plan has hours and is in the calendar. A record says on which day"
        " something has happened.",
    )
    status = fields.Selection(
        selection=[
            ("planned", "Planned"),
            ("done", "Done"),
            ("not_done", "Not done"),
        ],
        required=True,
        default="planned",
        copy=False,
        tracking=True,
        group_expand=True,
        help="Done: the person wanted was met, and the aim was reached or something"
        " useful was learned. Everything else that has taken place is not done.",
    )
    start = fields.Datetime(
        required=True,
        default=fields.Datetime.now,
        tracking=True,
        help="When the visit itself begins, without the way.",
    )
    stop = fields.Datetime(
        string="End",
        compute="_compute_stop",
        store=True,
        readonly=False,
        precompute=True,
    )
    date = fields.Date(
        string="Day",
        compute="_compute_date",
        inverse="_inverse_date",
        store=True,
        help="In the time zone of the salesperson.",
    )
    person_ids = fields.One2many(
        comodel_name="crm.visit.person",
        inverse_name="visit_id",
        string="People Met",
        copy=True,
    )
    purpose = fields.Text()
    result = fields.Text(string="Result and Gain", copy=False)
    concern = fields.Text(
        string="Customer's Concern", copy=False, help="What the customer worries about."
    )
    session_hours = fields.Float(
        string="Session Time",
        copy=False,
        help="Hours of lecture or demonstration.",
    )
    next_step = fields.Char(
        copy=False,
        help="What comes next, in a few words. It becomes an activity with the customer"
        " as soon as the visit is told.",
    )
    next_date = fields.Date(string="Next Step by", copy=False)
    next_activity_id = fields.Many2one(
        comodel_name="mail.activity",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
    )
    date_logged = fields.Datetime(
        string="Written Down on",
        readonly=True,
        copy=False,
        help="When it was said what came of the visit.",
    )
    is_late = fields.Boolean(
        string="Written Down Late",
        compute="_compute_is_late",
        store=True,
        help="More than 24 hours after the visit.",
    )

    # As the name of it is known to who looks for it, see crm.visit.once.
    _client_token_unique = models.UniqueIndex(
        "(create_uid, client_token)", "This visit is saved already."
    )
    # What counts for quotas and cadence: weeks of people, last visits of customers.
    _count_index = models.Index(
        "(user_id, date) INCLUDE (kind, review, partner_id)"
        " WHERE status = 'done' AND active"
    )
    _customer_index = models.Index(
        "(commercial_partner_id, company_id, date)"
        " WHERE status = 'done' AND active AND mode != 'call'"
    )
    _planned_index = models.Index(
        "(commercial_partner_id, company_id, date)"
        " WHERE status = 'planned' AND active AND mode != 'call'"
    )
    _user_start_index = models.Index("(user_id, start)")
    # The newest first, of everybody.
    _start_index = models.Index("(start, id)")

    # === COMPUTE METHODS === #

    @api.depends("partner_id")
    def _compute_partner_name(self):
        for visit in self:
            customer = visit.partner_id.commercial_partner_id
            visit.partner_name = customer.name or visit.partner_name

    @api.depends("partner_id.street", "partner_id.street2", "partner_id.city")
    def _compute_customer_address(self):
        for visit in self:
            # Superuser mode: whoever has the visit goes there.
            partner = visit.partner_id.sudo()
            told = (partner.street, partner.street2, partner.city)
            visit.customer_address = ", ".join(filter(None, told))

    @api.depends("partner_name", "partner_id")
    @api.depends_context("uid", "lang", "allowed_company_ids")
    def _compute_known_note(self):
        unlinked = self.filtered(lambda visit: not visit.partner_id)
        known = self._find_known(unlinked.mapped("partner_name"))
        for visit in self:
            found = known.get(visit.partner_name) if visit in unlinked else None
            visit.known_note = found and "\n".join(found.notes)

    @api.depends("user_id")
    def _compute_team_id(self):
        for visit in self:
            # Superuser mode: whose team somebody is in, is no secret.
            visit.team_id = visit.user_id.sudo().sale_team_id

    @api.depends("subject")
    def _compute_mode(self):
        for visit in self:
            subject = rules.SUBJECTS.get(visit.subject)
            visit.mode = subject and subject.mode

    @api.depends("mode")
    def _compute_kind(self):
        for visit in self:
            kinds = rules.KINDS.get(visit.mode, (visit.kind,))
            visit.kind = visit.kind if visit.kind in kinds else kinds[0]

    @api.depends("start", "schedule_type")
    def _compute_stop(self):
        for visit in self:
            if not visit.start or visit.schedule_type == rules.RECORD:
                visit.stop = visit.start
            elif not visit.stop or visit.stop <= visit.start:
                visit.stop = visit.start + USUAL_LENGTH

    @api.depends("start", "user_id")
    def _compute_date(self):
        for visit in self:
            visit.date = visit.start and rules.day_of(visit.start, visit._get_zone())

    def _inverse_date(self):
        now = fields.Datetime.now()
        for visit in self:
            zone = visit._get_zone()
            if visit.date and visit.date != rules.day_of(visit.start, zone):
                start = rules.moment_on(visit.date, zone, now)
                # Together, for what was said at once is not worked out anew.
                length = (visit.stop or visit.start) - visit.start
                is_record = visit.schedule_type == rules.RECORD
                visit.update({"start": start, "stop": start + length * (not is_record)})

    @api.depends("start", "stop", "date_logged")
    def _compute_is_late(self):
        for visit in self:
            logged, ended = visit.date_logged, visit.stop or visit.start
            visit.is_late = bool(logged and ended) and rules.is_late(ended, logged)

    @api.depends("partner_id", "partner_name", "subject")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._fields["subject"]._description_selection(self.env))
        for visit in self:
            # Superuser mode: the name of the customer is in the visit, too.
            customer = visit.partner_id.sudo().display_name or visit.partner_name
            told = (customer, labels.get(visit.subject))
            visit.display_name = ": ".join(filter(None, told)) or self.env._("Visit")

    # === CONSTRAINT AND ONCHANGE METHODS === #

    @api.constrains("start", "stop", "schedule_type", "status")
    def _check_times(self):
        now = fields.Datetime.now()
        for visit in self:
            told = {
                "visit": visit.display_name,
                "start": format_datetime(self.env, visit.start),
            }
            if visit.stop and visit.stop < visit.start:
                raise ValidationError(
                    self.env._(
                        "%(visit)s would end before it begins at %(start)s. Correct its"
                        " end.",
                        **told,
                    )
                )
            if visit.schedule_type == rules.PLAN and not visit.stop:
                raise ValidationError(
                    self.env._(
                        "When does %(visit)s end? A plan has both hours.", **told
                    )
                )
            if visit.status != rules.PLANNED and rules.is_too_early(visit.start, now):
                raise ValidationError(
                    self.env._(
                        "%(visit)s begins at %(start)s, which is yet to come. Correct"
                        " its start, or leave it planned until then.",
                        **told,
                    )
                )

    @api.constrains("kind", "subject")
    def _check_kind(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for visit in self.filtered("mode"):
            kinds = rules.KINDS[visit.mode]
            if visit.kind not in kinds:
                raise ValidationError(
                    self.env._(
                        "“%(kind)s” does not go with the subject of %(visit)s. Choose"
                        " another subject, or one of: %(kinds)s.",
                        kind=labels[visit.kind],
                        visit=visit.display_name,
                        kinds=", ".join(labels[kind] for kind in kinds),
                    )
                )

    @api.constrains("partner_id", "partner_name")
    def _check_partner(self):
        for visit in self:
            if not visit.partner_id and not (visit.partner_name or "").strip():
                raise ValidationError(
                    self.env._(
                        "Whom is the visit to? Choose the customer, or write the full"
                        " name of one whom we do not know yet."
                    )
                )
        unlinked = self.filtered(lambda visit: not visit.partner_id)
        known = self._find_known(unlinked.mapped("partner_name"))
        for visit in unlinked:
            if same := known[visit.partner_name].same:
                raise ValidationError(
                    self.env._(
                        "“%(name)s” is among our customers: %(known)s. Choose it under"
                        " “Customer”, so that the visit is kept with it.",
                        name=visit.partner_name,
                        known=", ".join(same.mapped("display_name")),
                    )
                )

    @api.constrains("partner_id")
    def _check_partner_is_active(self):
        for visit in self.filtered(lambda visit: visit.status == rules.PLANNED):
            customer = visit.partner_id.commercial_partner_id
            if visit.partner_id and not (visit.partner_id.active and customer.active):
                raise ValidationError(
                    self.env._(
                        "%s is archived, so no visits are planned there. Restore it"
                        " first, or record a visit that has taken place.",
                        visit.partner_id.display_name,
                    )
                )

    @api.constrains("partner_id", "subject", "start", "active", "company_id")
    def _check_first(self):
        firsts = self.filtered(
            lambda visit: (
                visit.active
                and visit.commercial_partner_id
                and rules.SUBJECTS[visit.subject].occasion == rules.FIRST
            )
        )
        take_turns(firsts.commercial_partner_id)  # of two at once, one is the first
        contacts = firsts._find_contacts()
        for visit in firsts:
            others = [
                (other.subject, other.start)
                for other in contacts[visit.company_id, visit.commercial_partner_id]
                if other != visit
            ]
            if rules.is_wrong_first(visit.subject, visit.start, others):
                raise ValidationError(
                    self.env._(
                        "%(visit)s is no first contact: there has been one of this kind"
                        " before. Call it a follow-up.",
                        visit=visit.display_name,
                    )
                )

    @api.constrains(*CONTENT)
    def _check_is_told(self):
        words = {
            "purpose": self.env._("the purpose"),
            "people": self.env._("who was met"),
            "role": self.env._("the role of everybody who was met"),
            "result": self.env._("result and gain"),
        }
        for visit in self.filtered(lambda visit: visit.status == rules.DONE):
            people = [(person.name, person.role) for person in visit.person_ids]
            missing = rules.missing_for_done(visit.purpose, people, visit.result)
            if missing:
                raise ValidationError(
                    self.env._(
                        "%(visit)s is done once it is told: still missing are"
                        " %(missing)s. Where nobody was met, say that it was not done.",
                        visit=visit.display_name,
                        missing=", ".join(words[key] for key in missing),
                    )
                )

    @api.onchange("partner_id", "subject")
    def _onchange_partner_id(self):
        """Propose the subject that fits what was before."""
        if not self.partner_id or self.subject == "incoming":
            return
        mode = self.mode or rules.OUTSIDE
        contacts = self._find_contacts()
        others = contacts[self.company_id, self.commercial_partner_id] - self._origin
        if not self.subject or rules.SUBJECTS[self.subject].occasion == rules.FIRST:
            self.subject = rules.proposed_subject(mode, others.mapped("subject"))

    @api.onchange("partner_name")
    def _onchange_partner_name(self):
        """Link the one customer whose name it is."""
        if self.partner_id or not self.partner_name:
            return
        same = self._find_known([self.partner_name])[self.partner_name].same
        if len(same) == 1:
            self.partner_id = same.sudo(False)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_kept(vals)
        # Superuser mode is that of data files, which know when it was.
        kept = self._prepare_kept()
        self = self._without_defaults(kept)
        visits = super().create([kept | vals for vals in vals_list])
        visits._note_logged()
        visits._note_photos()
        visits._plan_next_steps()
        visits._plan_retries()
        return visits

    def write(self, vals):
        self._refuse_kept(vals)
        self._refuse_reviewed(vals)
        result = super().write(vals)
        if {"company_id", "user_id"} & vals.keys():
            self.check_access("write")  # nobody writes visits for a colleague
        if "status" in vals:
            self._note_logged()
        if "photo" in vals:
            self._note_photos()
        if {"status", "next_step", "partner_id"} & vals.keys():
            self._plan_next_steps()
        if {"status", "call_outcome"} & vals.keys():
            self._plan_retries()
        return result

    # === ACTION METHODS === #

    def action_done(self):
        """It has taken place and brought something (FEATURES XL-02)."""
        self.write({"status": rules.DONE})

    def action_not_done(self):
        """It has not taken place, or to no avail."""
        self.write({"status": rules.NOT_DONE})

    def action_reopen(self):
        """What was said of it was a mistake."""
        self.write({"status": rules.PLANNED})

    # === BUSINESS METHODS === #

    @api.model
    def _prepare_kept(self):
        own = {"date_logged": False, "next_activity_id": False}
        return super()._prepare_kept() | own

    def _without_defaults(self, kept):
        """The same without what a client's context says of fields that are not the
        client's."""
        names = {f"default_{name}" for name in (*kept, *DERIVED)}
        if not names & self.env.context.keys():
            return self
        context = {
            key: value for key, value in self.env.context.items() if key not in names
        }
        return self.with_context(context)  # pylint: disable=context-overridden

    def _refuse_kept(self, vals):
        # Superuser mode is the add-on's own; nobody calls it from outside.
        kept = self._prepare_kept().keys() | DERIVED
        if not self.env.su and kept & vals.keys():
            raise AccessError(
                self.env._(
                    "When a visit was written down, what its review says, what proves"
                    " it and what follows from that, is noted by itself."
                )
            )

    def _note_logged(self):
        now = fields.Datetime.now()
        # Superuser mode: nobody says by hand when it was written down.
        visits = self.sudo()
        fresh = visits.filtered(
            lambda visit: visit.status != rules.PLANNED and not visit.date_logged
        )
        if fresh:
            fresh.write({"date_logged": now})
        again = visits.filtered(
            lambda visit: visit.status == rules.PLANNED and visit.date_logged
        )
        if again:
            again.write({"date_logged": False})

    def _get_zone(self):
        """Name of the time zone in which the salesperson counts days."""
        # Superuser mode: which zone somebody lives in, is no secret.
        return self.user_id.sudo().tz or self.company_id._crm_get_zone()

    @api.model
    def _find_known(self, names):
        """Customers of these names, as far as the acting user may link them.

        :return: ``{name: Known}``, see ``res.partner._crm_find_named``
        """
        return self.env["res.partner"].sudo(False)._crm_find_named(names)

    def _find_contacts(self):
        """All contacts with the customers of these visits.

        :return: ``{(company, commercial partner): visits}``
        """
        # Superuser mode: what colleagues have done counts, whoever may read it.
        found = self.sudo().search_fetch(
            Domain("commercial_partner_id", "in", self.commercial_partner_id.ids)
            & Domain("company_id", "in", self.company_id.ids),
            ["subject", "start", "company_id", "commercial_partner_id"],
        )
        contacts = defaultdict(lambda: self.sudo().browse())
        contacts |= found.grouped(
            lambda visit: (visit.company_id, visit.commercial_partner_id)
        )
        return contacts

    @api.model
    def _get_visits_domain(self):
        """What is a visit that was paid: by whichever side, but not by phone."""
        return Domain("status", "=", rules.DONE) & Domain("mode", "!=", rules.CALL)

    @api.model
    def _get_last_visits(self, customers):
        """When somebody was last there, in the acting user's companies.

        :param customers: commercial partners
        :return: ``{commercial partner id: date}``
        """
        # Superuser mode: when a customer was last seen, concerns whoever sees it.
        groups = self.sudo()._read_group(
            self._get_visits_domain()
            & Domain("commercial_partner_id", "in", customers.ids)
            & Domain("company_id", "in", self.env.companies.ids),
            ["commercial_partner_id"],
            ["date:max"],
        )
        return {customer.id: day for customer, day in groups}

    def _plan_next_steps(self):
        """What was agreed for later becomes an activity with the customer, once the
        visit is told."""
        told = self.filtered(
            lambda visit: (
                visit.status != rules.PLANNED
                and visit.commercial_partner_id
                and (visit.next_step or "").strip()
                and not visit.next_activity_id
            )
        )
        if not told:
            return
        activities = self.env["mail.activity"].create(
            [visit._prepare_next_activity() for visit in told]
        )
        for visit, activity in zip(told, activities, strict=True):
            # Superuser mode: nobody links by hand what is no consequence of the visit.
            visit.sudo().next_activity_id = activity

    def _prepare_next_activity(self):
        return {
            "res_model_id": self.env["ir.model"]._get_id("res.partner"),
            "res_id": self.commercial_partner_id.id,
            "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
            "summary": self.next_step,
            "note": self.purpose,
            "user_id": self.user_id.id,
            "date_deadline": self.next_date or fields.Date.context_today(self),
        }
