from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from . import promise

# What follows from what is paid: nobody says it by hand.
DERIVED = {
    "state": promise.OPEN,
    "paid_amount": 0,
    "paid_on": False,
    "looked_at": False,
}
# What was promised: it stays as it was once it is kept or broken.
PROMISED = frozenset(
    {"active", "amount", "company_id", "currency_id", "due_date", "partner_id"}
    | {"promised_on", "visit_id"}
)
BATCH = 500  # customers that a night's run looks at in one step
PAUSE = timedelta(hours=12)  # nobody is looked at twice in a night
ACTIVITY = "crm_extension.mail_activity_type_crm_promise"


class CrmPaymentPromise(models.Model):
    """What a customer has promised to pay, and until when (FEATURES C05, C13).

    Whether it is kept follows from what has come in since, see
    :func:`promise.settle`: whatever the customer pays in a company counts, for the
    promise that is due first. What comes too late is shown, and the promise stays
    broken.
    """

    _name = "crm.payment.promise"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Payment Promise"
    _order = "due_date, id"
    _rec_names_search = ["partner_id", "note"]
    _check_company_auto = True

    active = fields.Boolean(default=True)
    visit_id = fields.Many2one(
        comodel_name="crm.visit",
        index="btree_not_null",
        check_company=True,
        ondelete="set null",
        help="Where it was promised.",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        check_company=True,
        ondelete="restrict",
        tracking=True,
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Company That Pays",
        store=True,
        precompute=True,
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Salesperson",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
        tracking=True,
        domain=[("share", "=", False)],
        help="Who is told when the promise is broken.",
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
        compute="_compute_company_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        tracking=True,
    )
    amount = fields.Monetary(required=True, tracking=True)
    promised_on = fields.Date(
        compute="_compute_promised_on",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="What comes in from this day on is for the promise.",
    )
    due_date = fields.Date(
        string="To Be Paid by", required=True, tracking=True, help="The last day of it."
    )
    note = fields.Char(help="Who promised it, and on what condition.")
    state = fields.Selection(
        selection=[("open", "Open"), ("kept", "Kept"), ("broken", "Broken")],
        default="open",
        required=True,
        readonly=True,
        copy=False,
        help="Kept: all was paid by the day. Broken: the day has passed without;"
        " what comes in later is shown, and it stays broken.",
    )
    paid_amount = fields.Monetary(
        string="Paid",
        readonly=True,
        copy=False,
        help="What has come in since; at most what was promised.",
    )
    paid_on = fields.Date(
        string="Paid in Full on", readonly=True, copy=False, help="In time or not."
    )
    looked_at = fields.Datetime(
        string="As of",
        readonly=True,
        copy=False,
        help="When receipts were last looked at. It is done every night, and whenever"
        " a payment is entered.",
    )

    _check_amount = models.Constraint(
        "CHECK (amount > 0)", "A promise is of an amount above 0."
    )
    _check_due_date = models.Constraint(
        "CHECK (due_date >= promised_on)",
        "A payment is promised for the same day or a later one.",
    )
    # What a customer's page shows of them, and whose receipts are looked at.
    _customer_index = models.Index(
        "(commercial_partner_id, company_id, due_date) WHERE active"
    )

    # === COMPUTE METHODS === #

    @api.depends("visit_id.partner_id")
    def _compute_partner_id(self):
        for one in self:
            one.partner_id = one.visit_id.partner_id or one.partner_id

    @api.depends("visit_id")
    def _compute_user_id(self):
        for one in self:
            one.user_id = one.user_id or one.visit_id.user_id or self.env.user

    @api.depends("user_id")
    def _compute_team_id(self):
        for one in self:
            # Superuser mode: whose team somebody is in, is no secret.
            one.team_id = one.user_id.sudo().sale_team_id

    @api.depends("visit_id")
    def _compute_company_id(self):
        for one in self:
            one.company_id = (
                one.visit_id.company_id or one.company_id or self.env.company
            )

    @api.depends("company_id")
    def _compute_currency_id(self):
        for one in self:
            one.currency_id = one.currency_id or one.company_id.currency_id

    @api.depends("visit_id")
    def _compute_promised_on(self):
        today = fields.Date.context_today(self)
        for one in self:
            visited = one.visit_id.date
            one.promised_on = one.promised_on or min(visited or today, today)

    @api.depends("partner_id", "amount", "currency_id", "due_date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for one in self:
            # Superuser mode: the name of the customer is in the promise, too.
            customer = one.partner_id.sudo().commercial_partner_id.name
            amount = format_amount(self.env, one.amount, one.currency_id)
            one.display_name = self.env._(
                "%(customer)s: %(amount)s by %(day)s",
                customer=customer or "",
                amount=amount if one.currency_id else "",
                day=format_date(self.env, one.due_date),
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("visit_id", "partner_id")
    def _check_visit(self):
        for one in self.filtered("visit_id"):
            visited = one.visit_id.commercial_partner_id
            if not visited:
                raise ValidationError(
                    self.env._(
                        "Who promises to pay? Choose the customer of %(visit)s first.",
                        visit=one.visit_id.display_name,
                    )
                )
            if one.commercial_partner_id != visited:
                raise ValidationError(
                    self.env._(
                        "%(visit)s was not to %(customer)s. Choose its customer, or"
                        " note the promise without the visit.",
                        visit=one.visit_id.display_name,
                        customer=one.partner_id.display_name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_derived(vals)
        # A client's context has no say in what follows from receipts.
        promises = super().create([vals | DERIVED for vals in vals_list])
        promises._settle()
        return promises

    def write(self, vals):
        self._refuse_derived(vals)
        is_changed = bool(PROMISED & vals.keys())
        if is_changed:
            self._check_is_open()
        before = self._get_customers() if is_changed else None
        result = super().write(vals)
        if {"company_id", "user_id", "visit_id"} & vals.keys():
            self.check_access("write")  # nobody gives promises to a colleague
        if is_changed:
            self._settle_customers(before | self._get_customers())
        return result

    def unlink(self):
        customers = self._get_customers()
        result = super().unlink()
        self.browse()._settle_customers(customers)
        return result

    # === ACTION METHODS === #

    def action_look_again(self):
        """Look at once whether it has been paid."""
        self.check_access("read")
        self._settle()

    # === BUSINESS METHODS === #

    @api.model
    def _refuse_derived(self, vals):
        # Superuser mode is the run's own; nobody calls it from outside.
        if not self.env.su and DERIVED.keys() & vals.keys():
            raise AccessError(
                self.env._(
                    "Whether a promise is kept follows from what is paid, and nobody"
                    " says it by hand."
                )
            )

    def _check_is_open(self):
        if self.env.su:
            return  # the add-on's own
        labels = dict(self._fields["state"]._description_selection(self.env))
        for one in self.filtered(lambda one: one.state != promise.OPEN):
            raise UserError(
                self.env._(
                    "%(promise)s (%(state)s) stays as it was. Note a new promise; what"
                    " was noted by mistake is deleted by a sales manager.",
                    promise=one.display_name,
                    state=labels[one.state],
                )
            )

    def _get_customers(self):
        """Whose promises these are: ``{(company, commercial partner)}``."""
        return {(one.company_id, one.commercial_partner_id) for one in self.sudo()}

    def _settle(self):
        self._settle_customers(self._get_customers())

    @api.model
    def _settle_customers(self, customers):
        """Look at what some customers have paid, and say how all of their promises
        stand.

        :param customers: ``{(company, commercial partner)}``
        """
        by_company = defaultdict(list)
        for company, customer in customers:
            by_company[company].append(customer.id)
        for company, ids in by_company.items():
            # Superuser mode: who promises need not read the books, and who pays is not
            # who may write promises.
            promises = self.sudo().search(
                [("commercial_partner_id", "in", ids), ("company_id", "=", company.id)]
            )
            promises._settle_company(company)

    def _settle_company(self, company):
        if not self:
            return
        today = company._crm_get_today()
        since = min(self.mapped("promised_on"))
        receipts = self._find_receipts(company, self.commercial_partner_id, since)
        days = {one.day for found in receipts.values() for one in found}
        rates = self._find_rates(company, self.currency_id, days)
        for customer, promises in self.grouped("commercial_partner_id").items():
            outcomes = promise.settle(
                {one.id: one._to_promise() for one in promises},
                receipts.get(customer.id, ()),
                rates,
                today,
            )
            for one in promises:
                one._note_outcome(outcomes[one.id])
        self.write({"looked_at": fields.Datetime.now()})
        self._remind()

    def _to_promise(self):
        digits = self.currency_id.decimal_places
        return promise.Promise(
            since=self.promised_on,
            due=self.due_date,
            amount=Decimal(f"{self.amount:.{digits}f}"),
            currency=self.currency_id.id,
            digits=digits,
        )

    def _note_outcome(self, outcome):
        values = {
            "state": outcome.state,
            "paid_amount": float(outcome.paid),
            "paid_on": outcome.paid_on or False,
        }
        changed = {name: told for name, told in values.items() if self[name] != told}
        if changed:
            self.write(changed)

    def _remind(self):
        """Tell the salespeople which promises are broken, once for each; what turns out
        to be kept is no longer asked about."""
        kind = self.env.ref(ACTIVITY)
        unpaid = self.filtered(
            lambda one: one.state == promise.BROKEN and not one.paid_on
        )
        told = self.env["mail.activity"].with_context(active_test=False)
        told = told.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("activity_type_id", "=", kind.id),
            ]
        )
        lacking = unpaid.filtered(lambda one: one.id not in set(told.mapped("res_id")))
        if lacking:
            # Without a mail for each: they stand among one's activities.
            told.with_context(mail_activity_quick_update=True).create(
                [one._prepare_reminder(kind) for one in lacking]
            )
        over = set((self - unpaid).ids)
        told.filtered(lambda one: one.active and one.res_id in over).unlink()

    def _prepare_reminder(self, kind):
        leader = self.team_id.user_id
        user = self.user_id if self.user_id.active else leader or self.env.user
        words = self.with_context(lang=user.lang)
        return {
            "res_model_id": words.env["ir.model"]._get_id(self._name),
            "res_id": self.id,
            "activity_type_id": kind.id,
            "summary": words.env._("Promised and not paid"),
            "note": words.display_name,
            "user_id": user.id,
            "date_deadline": fields.Date.context_today(self),
        }

    @api.model
    def _find_receipts(self, company, customers, since):
        """What customers have paid a company from a day on; nothing is known of it
        here.

        :return: ``{commercial partner id: [promise.Receipt]}``
        """
        return {}

    @api.model
    def _find_rates(self, company, currencies, days):
        """What the company's currency is worth: ``{(currency id, day): units}``."""
        return {}

    # === CRON === #

    @api.model
    def _cron_settle(self):
        """Every night: look at what was promised and is not paid yet, in steps that are
        kept one by one."""
        cron = self.env["ir.cron"]
        since = fields.Datetime.now() - PAUSE
        waiting = Domain("paid_on", "=", False) & Domain("looked_at", "<", since)
        while True:
            groups = self.sudo()._read_group(
                waiting,
                ["company_id", "commercial_partner_id"],
                ["__count"],
                limit=BATCH,
            )
            if not groups:
                return
            self._settle_customers({(one, customer) for one, customer, _n in groups})
            left = self.sudo().search_count(waiting)
            if not cron._commit_progress(len(groups), remaining=left):
                return
