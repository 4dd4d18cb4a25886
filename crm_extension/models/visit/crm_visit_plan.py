from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_date

from . import calls, plan, rules


class CrmVisitPlan(models.AbstractModel):
    """The visits that are planned by one click.

    Part of ``crm.visit``, and nothing else's.
    """

    _name = "crm.visit.plan"
    _description = "Visits of the Week"

    # === BUSINESS METHODS === #

    @api.model
    def _plan_week(self, user, customers):
        """Plan a visit to each customer at the next free hours of the week.

        :param customers: commercial partners, the most urgent one first
        :return: the visits; customers beyond the last free hour have none
        """
        company = self.env.company
        now = fields.Datetime.now()
        # Superuser mode: which zone somebody lives in, is no secret.
        zone = user.sudo().tz or company._crm_get_zone()
        hours = plan.free_hours(now, zone, self._find_taken(user, now))
        subjects = self._propose_subjects(customers)
        return self.create(
            [
                {
                    "partner_id": customer.id,
                    "user_id": user.id,
                    "company_id": company.id,
                    "subject": subjects[customer],
                    "start": start,
                    "stop": start + plan.LENGTH,
                }
                for customer, start in zip(customers, hours, strict=False)
            ]
        )

    @api.model
    def _plan_return_calls(self, company, moments, customers):
        """Plan the calls of an afternoon, one after the other (FEATURES C07.5, TM-04).

        :param moments: ``{user: when the first one begins}``
        :param customers: ``{user: [(commercial partner, last contact)]}``, the most
            urgent one first
        """
        # They are in the calendar, without a mail for each of them.
        visits = self.with_company(company).with_context(
            no_mail_to_attendees=True, tracking_disable=True
        )
        known = self.env["res.partner"].union(
            *(one for found in customers.values() for one, _last in found)
        )
        subjects = visits._propose_subjects(known, rules.CALL)
        return visits.create(
            [
                visits._prepare_return_call(user, customer, last)
                | {
                    "company_id": company.id,
                    "subject": subjects[customer],
                    "start": moments[user] + calls.CALL_LENGTH * turn,
                    "stop": moments[user] + calls.CALL_LENGTH * (turn + 1),
                }
                for user, found in customers.items()
                for turn, (customer, last) in enumerate(found)
            ]
        )

    @api.model
    def _prepare_return_call(self, user, customer, last):
        words = self.with_context(lang=user.lang)
        return {
            "partner_id": customer.id,
            "user_id": user.id,
            "purpose": words.env._(
                "Return call: last contact on %(day)s",
                day=format_date(words.env, last),
            ),
        }

    @api.model
    def _find_taken(self, user, now):
        """Hours in which somebody is busy: visits, and whatever else the calendar has
        (superuser mode: only when, not what)."""
        events = (
            self.env["calendar.event"]
            .sudo()
            .search_fetch(
                [
                    ("partner_ids", "in", user.sudo().partner_id.ids),
                    ("stop", ">", now),
                    ("start", "<", now + timedelta(days=14)),
                    ("show_as", "=", "busy"),
                ],
                ["start", "stop"],
            )
        )
        return [(event.start, event.stop) for event in events]

    @api.model
    def _propose_subjects(self, customers, mode=rules.OUTSIDE):
        # Superuser mode: what colleagues have done counts, whoever may read it.
        groups = self.sudo()._read_group(
            [
                ("commercial_partner_id", "in", customers.ids),
                ("company_id", "=", self.env.company.id),
            ],
            ["commercial_partner_id"],
            ["subject:array_agg"],
        )
        earlier = {customer.id: subjects for customer, subjects in groups}
        return {
            customer: rules.proposed_subject(mode, earlier.get(customer.id, ()))
            for customer in customers
        }
