from datetime import timedelta

from odoo import api, fields, models

from . import plan, rules


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
    def _propose_subjects(self, customers):
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
            customer: rules.proposed_subject(
                rules.OUTSIDE, earlier.get(customer.id, ())
            )
            for customer in customers
        }
