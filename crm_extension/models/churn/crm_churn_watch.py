from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from .rhythm import Case, Limits, Purchases, Rhythm, follow, rhythm_of, stage_of

# Customers per step of the nightly run: what a step holds in memory, and what is done
# again when it breaks off.
BATCH = 2000


class Watched(NamedTuple):
    """A customer as the watch sees it.

    :param key: id of its row
    :param partner: id of the commercial partner
    :param was: what was kept
    :param now: what is to be kept
    :param event: what has happened, see :class:`rhythm.Turn`
    """

    key: int
    partner: int
    was: dict
    now: dict
    event: str | None


class CrmChurnWatch(models.Model):
    """When a company is warned about silent customers, and how far the watch has come
    (FEATURES C21.1, C21.2): one per company.

    Every night all customers who ever ordered are looked at, in steps that are kept one
    by one; each ends with the id of its last customer, so a run that breaks off goes on
    where it was. A customer at risk who orders is looked at as soon as it does.

    What customers bought is read by ``res.partner``, in whose hands the documents are:
    ``_crm_query_buyers`` and ``_crm_query_purchases``.
    """

    _name = "crm.churn.watch"
    _inherit = ["crm.nightly.run"]
    _description = "Churn Warning"
    _order = "company_id, id"
    _rec_name = "company_id"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env.company,
    )
    months = fields.Integer(
        string="Months without an Order",
        default=Limits().months,
        help="Whoever has not ordered for so many months is at risk, however seldom it"
        " used to order. 0 for no such limit.",
    )
    tolerance = fields.Integer(
        string="Late by (%)",
        default=Limits().tolerance,
        help="Whoever has ordered three times or more is at risk once the next order is"
        " late by this share of the usual interval.",
    )
    least_days = fields.Integer(
        string="Late by at Least (days)",
        default=Limits().least_days,
        help="Nobody is at risk before so many days, however often it orders.",
    )

    _company_unique = models.UniqueIndex(
        "(company_id)", "The company has its churn warning already: change that one."
    )
    _check_limits = models.Constraint(
        "CHECK (months BETWEEN 0 AND 120 AND tolerance BETWEEN 0 AND 1000"
        " AND least_days BETWEEN 0 AND 1000)",
        "A churn warning comes after 0 to 120 months, or an order that is late by 0 to"
        " 1000 % and 0 to 1000 days.",
    )

    # === CRON === #

    @api.model
    def _cron_watch(self):
        """Every night: look at the customers of all companies, in steps that are kept
        one by one."""
        self._ensure().filtered("company_id.active").sorted("id")._run_steps()

    @api.model
    def _ensure(self):
        """The warnings of all companies, made where a company has none yet."""
        # Superuser mode: whichever companies the acting user sees.
        watches = self.sudo().search([("company_id", "!=", False)])
        companies = self.env["res.company"].sudo()
        lacking = companies.search([("id", "not in", watches.company_id.ids)])
        return watches | watches.create([{"company_id": one.id} for one in lacking])

    @api.model
    def _get_watch(self, company):
        # Superuser mode: it is the same whoever looks.
        watch = self.sudo().search([("company_id", "=", company.id)])
        return watch or self._ensure().filtered(lambda one: one.company_id == company)

    def _start(self):
        company, partners = self.company_id, self.env["res.partner"]
        rhythms = self.env["crm.customer.rhythm"]
        partners._crm_forget_former_customers(company)
        rhythms._seed(company, partners._crm_query_buyers(company))
        self.write({"run_on": company._crm_get_today(), "run_cursor": 0})

    def _count_left(self):
        ((left,),) = self.env.execute_query(
            SQL(
                """
                SELECT COUNT(*) FROM crm_customer_rhythm
                 WHERE company_id = %s AND partner_id > %s
                """,
                self.company_id.id,
                self.run_cursor,
            )
        )
        return left

    def _take_step(self):
        """The next customers of the run.

        :return: how many customers were looked at
        """
        self.ensure_one()
        batch = self.env["crm.customer.rhythm"]._lock(
            self.company_id,
            SQL("partner_id > %s", self.run_cursor),
            self._get_batch_size(),
        )
        if not batch:
            self.write({"last_run_on": self.run_on, "run_on": False, "run_cursor": 0})
            return 0
        self._look_at(batch)
        self.write({"run_cursor": batch[-1]})
        return len(batch)

    @api.model
    def _get_batch_size(self):
        return BATCH

    # === SOME CUSTOMERS === #

    @api.model
    def _work_out(self, company, partner_ids):
        """Look at some customers of a company now.

        :param partner_ids: ids of commercial partners
        """
        rhythms = self.env["crm.customer.rhythm"].sudo()  # nobody writes them by hand
        rhythms._seed(company, SQL("SELECT unnest(%s::int[]) AS id", list(partner_ids)))
        batch = rhythms._lock(company, SQL("partner_id = ANY(%s)", list(partner_ids)))
        self._get_watch(company)._look_at(batch)

    # === STEPS === #

    def _to_limits(self):
        """The warning as the plain thinking sees it."""
        return Limits(self.months, self.tolerance, self.least_days)

    def _look_at(self, partner_ids):
        """Read what some customers bought, keep what has changed, and tell about it."""
        self.ensure_one()
        company = self.company_id
        rhythms = self.env["crm.customer.rhythm"]
        query = self.env["res.partner"]._crm_query_purchases(company, partner_ids)
        limits, day = self._to_limits(), company._crm_get_today()
        watched = [
            self._judge(*row, limits, day) for row in rhythms._read_kept(company, query)
        ]
        changed = [each for each in watched if each.now != each.was]
        rhythms._store([{"id": each.key} | each.now for each in changed])
        self._follow(company, changed)

    @api.model
    def _judge(self, key, kept, found, limits, day):
        purchases = Purchases(
            tuple(found["days"] or ()),
            found["count"],
            found["first_on"],
            found["recent"],
            found["before"],
        )
        rhythm = rhythm_of(purchases.days, limits)
        if not found["active"]:
            rhythm = rhythm._replace(warn_on=None)  # archived: nobody waits for it
        case = Case(kept["state"], kept["silence_on"], kept["until"])
        case, event = follow(case, rhythm, day)
        now = self._to_kept(purchases, rhythm, found["owner_id"])
        now |= {"stage": stage_of(purchases, case.state, day), **case._asdict()}
        was = kept | {"usual_days": float(kept["usual_days"] or 0)}
        return Watched(key, found["id"], was, now, event)

    @api.model
    def _to_kept(self, purchases: Purchases, rhythm: Rhythm, owner_id):
        return {
            "purchases": purchases.count,
            "first_on": purchases.first_on,
            "last_on": rhythm.last_on,
            "usual_days": round(rhythm.interval or 0.0, 1),
            "due_on": rhythm.due_on,
            "warn_on": rhythm.warn_on,
            "owner_id": owner_id,
        }

    def _follow(self, company, changed):
        """Tell about what has happened to some customers."""
        moved = [each for each in changed if each.now["state"] != each.was["state"]]
        self.env["res.partner"]._crm_set_churn(
            company, {each.partner: each.now["state"] for each in moved}
        )
        happened = {}
        for each in changed:
            happened.setdefault(each.event, []).append(each.key)
        rhythms = self.env["crm.customer.rhythm"].sudo()  # nobody writes them by hand
        ended = happened.get("bought", []) + happened.get("eased", [])
        renewed = [
            each.key
            for each in changed
            if each.event in ("warned", "listed") and each.was["state"]
        ]
        rhythms.browse(ended + renewed)._end_answers()
        rhythms.browse(happened.get("warned", ()))._tell_warned()
        rhythms.browse(happened.get("resumed", ()))._tell_resumed()
        for event in ("bought", "eased"):
            rhythms.browse(happened.get(event, ()))._tell_ended(event)
        kept = [each for each in changed if not each.event and each.now["state"]]
        rhythms.browse(
            each.key for each in kept if each.now["owner_id"] != each.was["owner_id"]
        )._hand_over()
