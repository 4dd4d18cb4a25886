from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import split_every

from .collection import Rhythm, is_to_be_told

BATCH = 100  # customers that a run writes to in one step
ACTIVITY = "crm_extension.mail_activity_type_crm_collection"
TEMPLATE = "crm_extension.mail_template_crm_collection_reminder"


class CrmCollectionReminder(models.Model):
    """That a customer was reminded of what is to be paid (FEATURES C13.2, BX-31).

    One for each customer of a company and day, however often the run is started: it
    lists all that is close to its day or late. The customer gets one e-mail in its own
    language, its salesperson an activity. Who wishes no reminders gets none, and who
    has no e-mail address is left to the salesperson.
    """

    _name = "crm.collection.reminder"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Payment Reminder"
    _order = "date desc, id desc"
    _rec_names_search = ["partner_id"]
    _mail_post_access = "read"  # whoever reads it notes what came of it

    date = fields.Date(required=True, readonly=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    contact_id = fields.Many2one(
        comodel_name="res.partner",
        string="Written to",
        readonly=True,
        ondelete="set null",
        help="Nobody, where no e-mail address is known.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Salesperson",
        readonly=True,
        index=True,
        help="Who is told: the leader of the team for who has left.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True
    )
    item_ids = fields.One2many(
        comodel_name="crm.collection.reminder.item",
        inverse_name="reminder_id",
        string="To Be Paid",
        readonly=True,
    )

    _once_a_day = models.UniqueIndex(
        "(company_id, partner_id, date)",
        "A customer is reminded once a day at most.",
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "date")
    def _compute_display_name(self):
        for one in self:
            # Superuser mode: the name of the customer is in the reminder, too.
            one.display_name = one.partner_id.sudo().name or ""

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_by_hand()
        return super().create(vals_list)

    def write(self, vals):
        if not vals.keys() <= {"activity_ids"}:
            self._refuse_by_hand()
        return super().write(vals)

    def _refuse_by_hand(self):
        if not self.env.su:  # superuser mode is the run's own
            raise AccessError(
                self.env._("Reminders are noted when they are sent, and not by hand.")
            )

    # === CRON === #

    @api.model
    def _cron_remind(self):
        """Every day: remind the customers of each company that wants it, in steps that
        are kept one by one. What is sent is noted in the same step, so a run that
        breaks off goes on where it was."""
        companies = self.env["res.company"].sudo()
        companies = companies.search(
            ["|", ("crm_remind_before", ">", 0), ("crm_remind_after", ">", 0)]
        )
        for company in companies:
            found = self.sudo().with_company(company)._find_due(company)
            cron, left = self.env["ir.cron"], len(found)
            if not cron._commit_progress(remaining=left):
                return
            for customers in split_every(BATCH, found.items()):
                self.sudo().with_company(company)._remind(company, customers)
                left -= len(customers)
                if not cron._commit_progress(len(customers), remaining=left):
                    return

    @api.model
    def _find_due(self, company):
        """What customers of a company are to be reminded of today: ``{customer:
        [row]}`` of all that is close to its day or late, for customers of whom anything
        is to be told."""
        today = company._crm_get_today()
        rhythm = Rhythm(
            company.crm_remind_before,
            company.crm_remind_after,
            company.crm_remind_again,
        )
        rows = self.env["crm.collection.due"].search_fetch(
            self._get_due_domain(company, today, rhythm),
            ["partner_id", "date_due", "told_on"],
        )
        found = defaultdict(rows.browse)
        for customer, owed in rows.grouped("partner_id").items():
            if any(
                is_to_be_told(one.date_due, today, one.told_on or None, rhythm)
                for one in owed
            ):
                found[customer] = owed
        return found

    @api.model
    def _get_due_domain(self, company, today, rhythm):
        told = self.search([("company_id", "=", company.id), ("date", ">=", today)])
        return (
            Domain("company_id", "=", company.id)
            & Domain("is_owed", "=", True)
            & Domain("amount_open", ">", 0)
            & Domain("date_due", "<=", fields.Date.add(today, days=rhythm.before))
            & Domain("partner_id.crm_no_reminders", "=", False)
            & Domain("partner_id", "not in", told.partner_id.ids)
        )

    @api.model
    def _remind(self, company, customers):
        """Note, write to and tell about some customers.

        :param customers: ``[(customer, rows)]``
        """
        # The mail is in the conversation; that there is a reminder need not be.
        reminders = self.with_context(mail_create_nolog=True).create(
            [
                self._prepare_reminder(company, customer, rows)
                for customer, rows in customers
            ]
        )
        written = reminders.filtered("contact_id")
        if written:
            # They are sent later, all of them together.
            self.env.ref(TEMPLATE).sudo().send_mail_batch(written.ids)
        reminders._tell_salespeople()

    @api.model
    def _prepare_reminder(self, company, customer, rows):
        contacts = rows.contact_id | customer
        return {
            "date": company._crm_get_today(),
            "partner_id": customer.id,
            "contact_id": contacts.filtered("email")[:1].id,
            "user_id": self._find_salesperson(rows).id,
            "company_id": company.id,
            "item_ids": [
                fields.Command.create(
                    {
                        "line_id": row.line_id.id,
                        "move_line_id": row.move_line_id.id,
                        "name": row.display_name,
                        "date_due": row.date_due,
                        "amount_open": row.amount_open,
                        "currency_id": row.currency_id.id,
                    }
                )
                for row in rows
            ],
        }

    @api.model
    def _find_salesperson(self, rows):
        """Who is told: whose it is that is due first, or that person's leader."""
        people = rows.user_id.filtered("active")
        return people[:1] or rows.team_id.user_id.filtered("active")[:1]

    def _tell_salespeople(self):
        kind = self.env.ref(ACTIVITY)
        earlier = self.search(
            [
                ("partner_id", "in", self.partner_id.ids),
                ("company_id", "in", self.company_id.ids),
                ("id", "not in", self.ids),
                ("activity_ids", "!=", False),
            ]
        )
        earlier.activity_ids.unlink()  # the new one says it all
        told = self.filtered("user_id")
        # Without a mail for each: they stand among one's activities.
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [one._prepare_activity(kind) for one in told]
        )

    def _prepare_activity(self, kind):
        words = self.with_context(lang=self.user_id.lang)
        late = self.item_ids.filtered(lambda item: item.date_due < self.date)
        return {
            "res_model_id": self.env["ir.model"]._get_id(self._name),
            "res_id": self.id,
            "activity_type_id": kind.id,
            "summary": words.env._(
                "%(customer)s: %(late)d payments late, %(soon)d due soon",
                customer=self.partner_id.name,
                late=len(late),
                soon=len(self.item_ids - late),
            ),
            "note": False
            if self.contact_id
            else words.env._("No e-mail address is known, so nobody has written."),
            "user_id": self.user_id.id,
            "date_deadline": self.date,
        }


class CrmCollectionReminderItem(models.Model):
    """What a customer was reminded of, as it stood on the day."""

    _name = "crm.collection.reminder.item"
    _description = "Payment Reminded of"
    _order = "date_due, id"

    reminder_id = fields.Many2one(
        comodel_name="crm.collection.reminder",
        required=True,
        index=True,
        ondelete="cascade",
    )
    line_id = fields.Many2one(
        comodel_name="crm.collection.line",
        string="Plan Line",
        index="btree_not_null",
        ondelete="set null",
    )
    move_line_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Instalment of the Invoice",
        index="btree_not_null",
        ondelete="set null",
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    name = fields.Char(string="Document")
    date_due = fields.Date(string="Due Date")
    amount_open = fields.Monetary(string="Still Open")
    currency_id = fields.Many2one(comodel_name="res.currency")
