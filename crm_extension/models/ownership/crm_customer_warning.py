from odoo import api, fields, models

from .rule import Cause

ACTIVITY = "crm_extension.mail_activity_type_crm_recycle"


class CrmCustomerWarning(models.AbstractModel):
    """What an owner is told before a customer goes back to the pool.

    Part of ``crm.customer.ownership``.
    """

    _name = "crm.customer.warning"
    _description = "Warning of the Pool"

    due_on = fields.Date(
        string="Goes to the Pool on",
        readonly=True,
        index="btree_not_null",
        help="The owner has been warned: without an order or a verified visit before,"
        " the customer is nobody's on this day.",
    )

    def _warn(self, days):
        """Tell the owners, by an activity for each customer.

        :param days: ``{id: when the customer goes back}``
        """
        for day, rows in self.grouped(lambda row: days[row.id]).items():
            rows.write({"due_on": day})
        self._give_activities()

    def _ease(self):
        """There has been a contact, or the rule has changed: nothing threatens."""
        self._close_activities()
        self.write({"due_on": False})

    def _recycle(self):
        """Put the customers back into the pool."""
        cause = Cause("recycled", self.env._("Nobody has worked on it for too long"))
        self.partner_id.with_context(crm_owner_cause=cause).write({"user_id": False})

    def _give_activities(self):
        told = self.filtered("owner_id.active")
        kind = self._get_activity_type()
        if not told or not kind:
            return
        model = self.env["ir.model"]._get_id("res.partner")
        # Superuser mode: the engine tells people.
        activities = self.env["mail.activity"].sudo()
        activities.with_context(mail_activity_quick_update=True).create(
            [
                {
                    "activity_type_id": kind.id,
                    "res_model_id": model,
                    "res_id": row.partner_id.id,
                    # Given, because Odoo works it out one by one.
                    "res_name": row.partner_id.display_name,
                    "user_id": row.owner_id.id,
                    "summary": row._tell_warning(),
                    "date_deadline": row.due_on,
                }
                for row in told
            ]
        )

    def _tell_warning(self):
        row = self.with_context(lang=self.owner_id.lang or self.env.lang)
        return row.env._(
            "Goes back to the pool, unless there is an order or a verified visit before"
        )

    def _close_activities(self):
        """What is still open is done with; what has been done stays on record."""
        warned, kind = self.filtered("due_on"), self._get_activity_type()
        if warned and kind:
            # Superuser mode: they are a colleague's.
            self.env["mail.activity"].sudo().search(
                [
                    ("activity_type_id", "=", kind.id),
                    ("res_model", "=", "res.partner"),
                    ("res_id", "in", warned.partner_id.ids),
                ]
            ).unlink()

    @api.model
    def _get_activity_type(self):
        return self.env.ref(ACTIVITY, raise_if_not_found=False)
