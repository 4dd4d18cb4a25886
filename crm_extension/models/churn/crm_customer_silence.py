from collections import defaultdict
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .rhythm import LOST, POSTPONED, RISK

STATES = [(RISK, "At risk"), (POSTPONED, "Postponed"), (LOST, "Lost")]
ACTIVITY = "crm_extension.mail_activity_type_crm_churn"
# As far as a postponement may reach: whoever needs longer answers again.
LONGEST_DAYS = 366
# What people have answered ends with the silence.
UNANSWERED = {
    "measure_ids": [(5,)],
    "reason_id": False,
    "note": False,
    "answered_by_id": False,
    "answered_on": False,
    "told_on": False,
}


class CrmCustomerSilence(models.AbstractModel):
    """What is said and done about the silence of a customer.

    Part of ``crm.customer.rhythm``. The owner is told once, by one activity; people
    postpone it with measures, or confirm the loss with a reason; an order ends it. All
    of it is noted on the customer.
    """

    _name = "crm.customer.silence"
    _description = "Silence of a Customer"

    state = fields.Selection(
        selection=STATES,
        string="Churn",
        readonly=True,
        index="btree_not_null",
        group_expand=True,
    )
    silence_on = fields.Date(
        string="Silent since",
        readonly=True,
        help="Last order before the silence that was told or answered last.",
    )
    until = fields.Date(string="Postponed until", readonly=True)
    measure_ids = fields.Many2many(
        comodel_name="crm.churn.measure", string="Measures", readonly=True
    )
    reason_id = fields.Many2one(
        comodel_name="crm.churn.reason",
        string="Reason of the Loss",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    note = fields.Text(readonly=True)
    answered_by_id = fields.Many2one(
        comodel_name="res.users", string="Answered by", readonly=True
    )
    answered_on = fields.Date(readonly=True)
    activity_id = fields.Many2one(
        comodel_name="mail.activity",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="base.group_system",
        help="What the owner was told with.",
    )
    told_on = fields.Date(readonly=True, help="When the owner was told.")
    may_answer = fields.Boolean(
        compute="_compute_may_answer",
        help="Whether the acting user may postpone it or confirm the loss.",
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id.user_id", "owner_id")
    @api.depends_context("uid")
    def _compute_may_answer(self):
        answerable = set(self._filter_answerable()._ids)
        for row in self:
            row.may_answer = row.id in answerable

    # === ACTION METHODS === #

    def action_postpone(self):
        """Open the dialog that postpones the loss of some customers."""
        return self._open_dialog("postpone")

    def action_lose(self):
        """Open the dialog that confirms the loss of some customers."""
        return self._open_dialog("lose")

    def action_open_partner(self):
        """Open the customer itself."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "views": [(False, "form")],
        }

    def _open_dialog(self, deed):
        self._check_may_answer()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"crm_extension.crm_customer_retention_action_{deed}"
        )
        context = {"default_deed": deed, "default_rhythm_ids": self.ids}
        return action | {"context": context}

    # === BUSINESS METHODS: answers === #

    def _filter_answerable(self):
        """Customers for whom the acting user may speak: their salesperson, whoever
        stands in for a salesperson who is gone, and all above them."""
        cared = set(self.partner_id._crm_filter_in_care()._ids)
        return self.filtered(
            lambda row: (
                row.partner_id.id in cared
                or (
                    row.owner_id == self.env.user
                    # Superuser mode: whether a colleague still works here.
                    and not row.partner_id.sudo().user_id.active
                )
            )
        )

    def _check_may_answer(self):
        self.check_access("read")
        self.partner_id.check_access("read")
        for row in self - self._filter_answerable():
            raise AccessError(
                self.env._(
                    "%(customer)s is looked after by %(owner)s. Ask there, or the"
                    " leader of the sales team.",
                    customer=row.partner_id.display_name,
                    owner=row.sudo().owner_id.name or self.env._("nobody"),
                )
            )

    def _postpone(self, until, measures, note):
        """Leave some customers be until a day, and say what is done meanwhile.

        :param until: date, after today and within a year
        :param measures: ``crm.churn.measure``, one at least
        :raises AccessError: for whoever may not speak for one of them
        :raises UserError: for a day or a customer that cannot be postponed
        """
        self._check_may_answer()
        self.lock_for_update()
        self._check_until(until)
        if not measures:
            raise UserError(self.env._("Say which measures are taken meanwhile."))
        for row in self.filtered(lambda row: not row.state):
            raise UserError(
                self.env._(
                    "%s is not at risk: there is nothing to postpone.",
                    row.partner_id.display_name,
                )
            )
        self._answer(POSTPONED, until=until, measures=measures, note=note)
        self._log(
            lambda row: self.env._(
                "Loss postponed until %(day)s. Measures: %(measures)s. %(note)s",
                day=format_date(self.env, until),
                measures=", ".join(measures.mapped("name")),
                note=note or "",
            )
        )
        self._remind(until)

    def _lose(self, reason, note):
        """Confirm that some customers are lost.

        :param reason: a ``crm.churn.reason``
        :raises AccessError: for whoever may not speak for one of them
        :raises UserError: without a reason, and for those who are lost already
        """
        self._check_may_answer()
        self.lock_for_update()
        if not reason:
            raise UserError(self.env._("Say why the customer is lost."))
        for row in self.filtered(lambda row: row.state == LOST):
            raise UserError(
                self.env._(
                    "The loss of %s has been confirmed already.",
                    row.partner_id.display_name,
                )
            )
        self._answer(LOST, reason=reason, note=note)
        self.sudo().told_on = False  # nothing is left to be told
        self._log(
            lambda row: self.env._(
                "Confirmed lost: %(reason)s. %(note)s",
                reason=reason.name,
                note=note or "",
            )
        )
        self._close_activities()

    def _answer(self, state, until=False, measures=None, reason=None, note=False):
        # Superuser mode: nobody writes it by hand, and who answers has been checked.
        rows = self.sudo()
        for last_on, same in rows.grouped("last_on").items():
            same.write(
                {
                    "state": state,
                    "silence_on": last_on,
                    "until": until,
                    "measure_ids": [(6, 0, measures.ids if measures else [])],
                    "reason_id": reason.id if reason else False,
                    "note": note,
                    "answered_by_id": self.env.uid,
                    "answered_on": fields.Date.context_today(self),
                }
            )
        for company, same in rows.grouped("company_id").items():
            partners = same.partner_id
            partners._crm_set_churn(company, dict.fromkeys(partners.ids, state))

    def _end_answers(self):
        """The silence they were about is over, whatever comes next."""
        self._close_activities()
        self.sudo().write(UNANSWERED)  # nobody writes it by hand

    def _check_until(self, until):
        today = fields.Date.context_today(self)
        if not until or until <= today:
            raise UserError(
                self.env._("A loss is postponed until a later day: tomorrow at least.")
            )
        if until > today + timedelta(days=LONGEST_DAYS):
            raise UserError(
                self.env._(
                    "A loss is postponed by a year at most. Postpone it until then, and"
                    " look at it again."
                )
            )

    # === BUSINESS METHODS: telling === #

    def _tell_warned(self):
        """Tell the owners, each of whom gets one activity per customer."""
        self._give_activities(lambda row: row.company_id._crm_get_today())
        self._log_by_system(lambda row: row.env._("At risk. %s", row._tell_silence()))

    def _tell_ended(self, event):
        """An order, or something else, has ended the silence of some customers.

        :param event: ``bought`` or ``eased``
        """

        def tell(row):
            if event == "bought":
                return row.env._("Ordered again: no longer at risk.")
            return row.env._("No longer at risk: there is no reason to worry now.")

        self._log_by_system(tell)

    def _tell_resumed(self):
        """What was postponed until today is at risk again. The activity that waited for
        this day is due by itself."""
        self._log_by_system(
            lambda row: row.env._(
                "The loss is not postponed any longer. %s", row._tell_silence()
            )
        )

    def _hand_over(self):
        """The customers have another owner by now: what is still open is theirs."""
        for owner, rows in self.filtered("owner_id").grouped("owner_id").items():
            activities = rows._get_open_activities()
            activities.with_context(mail_activity_quick_update=True).write(
                {"user_id": owner.id}
            )
        # Archived people take their activities with them.
        untold = self.sudo().filtered(lambda row: row.told_on and not row.activity_id)
        untold._give_activities(
            lambda row: row.until or row.company_id._crm_get_today()
        )

    def _remind(self, until):
        """The activity waits for the day; whoever has done it already gets it again."""
        activities = self._get_open_activities()
        activities.write({"date_deadline": until})
        untold = self.sudo().filtered(lambda row: not row.activity_id.active)
        untold._give_activities(lambda row: until, default=self.env.user)

    def _give_activities(self, deadline_of, default=None):
        """One activity for each customer that has an owner, all of them at once.

        :param deadline_of: gives the day for a row
        :param default: who gets it where there is no owner
        """
        # Superuser mode: the engine tells people whose customers these are.
        told = self.sudo().filtered(lambda row: row.owner_id or default)
        if not told:
            return
        activities = self.env["mail.activity"].sudo()
        kind = self.env.ref(ACTIVITY, raise_if_not_found=False)
        kind = kind or self.env.ref("mail.mail_activity_data_todo")
        model = self.env["ir.model"]._get_id("res.partner")
        made = activities.with_context(mail_activity_quick_update=True).create(
            [
                {
                    "activity_type_id": kind.id,
                    "res_model_id": model,
                    "res_id": row.partner_id.id,
                    # Given, because Odoo works it out one by one.
                    "res_name": row.partner_id.display_name,
                    "user_id": (row.owner_id or default).id,
                    "summary": row._for_owner()._tell_silence(),
                    "note": row._for_owner()._tell_company(),
                    "date_deadline": deadline_of(row),
                }
                for row in told
            ]
        )
        told._keep_activities(made)

    def _close_activities(self):
        """What is still open is done with; what has been done stays on record."""
        self._get_open_activities().unlink()

    def _get_open_activities(self):
        # Superuser mode: they are a colleague's, and whoever ends the silence is heard.
        return self.sudo().activity_id.filtered("active")

    def _for_owner(self):
        lang = self.owner_id.lang or self.company_id.partner_id.lang or self.env.lang
        return self.with_context(lang=lang)

    def _tell_company(self):
        # One customer may be silent towards several of ours.
        return self.env._("Orders of %s.", self.company_id.name)

    def _log(self, tell):
        """Note something on each customer, in the name of the acting user.

        :param tell: gives the text for a row
        """
        bodies = {row.partner_id.id: tell(row).strip() for row in self}
        self.partner_id._message_log_batch(bodies=bodies)

    def _log_by_system(self, tell):
        """The same in the name of the system, in the languages of the owners."""
        bodies = defaultdict(str)
        for row in self.sudo():  # whose customers they are
            bodies[row.partner_id.id] = tell(row._for_owner()).strip()
        if bodies:
            self.partner_id.with_user(SUPERUSER_ID)._message_log_batch(
                bodies=dict(bodies)
            )

    def _tell_silence(self):
        """How long a customer is silent, beside what is usual."""
        self.ensure_one()
        if not self.last_on:
            return ""
        usual = round(self.usual_days)
        if usual and self.overdue_days > 1:
            return self.env._(
                "Order overdue by %(late)d days of its usual %(usual)d",
                late=self.overdue_days,
                usual=usual,
            )
        if self.state or not usual:
            return self.env._("No order for %d days", self.silent_days)
        return self.env._(
            "Next order expected on %(day)s, usually every %(usual)d days",
            day=format_date(self.env, self.due_on),
            usual=usual,
        )

    def _tell_answer(self):
        """What somebody has said about the silence of a single customer."""
        self.ensure_one()
        if self.state == POSTPONED:
            return self.env._(
                "Postponed until %(day)s by %(user)s: %(measures)s",
                day=format_date(self.env, self.until),
                user=self.answered_by_id.name,
                measures=", ".join(self.measure_ids.mapped("name")),
            )
        if self.state == LOST:
            return self.env._(
                "Confirmed lost by %(user)s: %(reason)s",
                user=self.answered_by_id.name,
                reason=self.reason_id.name,
            )
        return ""
