from collections import defaultdict

from odoo import Command, api, fields, models

# What of a visit is in its appointment.
SHOWN = frozenset(
    {"active", "nature", "opportunity_id", "partner_id", "partner_name", "start"}
    | {"schedule_type", "status", "stop", "subject", "user_id", "date"}
)


class CrmVisitAppointment(models.AbstractModel):
    """A planned visit is in the calendar of its salesperson: moving one moves the
    other.

    What has taken place is no longer moved by the calendar: the visit says when it was.

    Part of ``crm.visit``, and nothing else's.
    """

    _name = "crm.visit.appointment"
    _description = "Visit in the Calendar"

    event_id = fields.Many2one(
        comodel_name="calendar.event",
        string="Appointment",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        visits = super().create(vals_list)
        visits._update_appointments()
        return visits

    def write(self, vals):
        result = super().write(vals)
        if SHOWN & vals.keys():
            self._update_appointments()
        return result

    def unlink(self):
        events = self._get_appointments()
        result = super().unlink()
        events.unlink()
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _prepare_kept(self):
        return super()._prepare_kept() | {"event_id": False}

    def _get_appointments(self):
        # Superuser mode: the appointment is the visit's. A personal one may be written
        # by nobody else, and the team leader moves the visit.
        return self.sudo().event_id

    def _update_appointments(self):
        """Make the appointments that are lacking, and bring the others up to date."""
        recorded = self.filtered(lambda visit: visit.schedule_type == "record")
        recorded._get_appointments().unlink()
        visits = (self - recorded).with_prefetch(self.ids)
        visits._make_appointments()
        same = defaultdict(self.env["calendar.event"].sudo().browse)
        changes = {}
        for visit in visits.sudo().filtered("event_id"):
            changed = visit._find_changes()
            key = repr(sorted(changed.items()))
            changes[key] = changed
            same[key] |= visit.event_id
        for key, events in same.items():
            if changes[key]:
                events.write(changes[key])

    def _make_appointments(self):
        lacking = self.filtered(
            lambda visit: (
                visit.active
                and visit.status == "planned"
                and not visit._get_appointments()
            )
        )
        if not lacking:
            return
        model = self.env["ir.model"]._get_id("crm.visit")
        events = self.env["calendar.event"].sudo()  # see _get_appointments
        made = events.with_context(skip_contact_description=True).create(
            [
                visit._prepare_appointment()
                | {"res_model_id": model, "res_model": "crm.visit", "res_id": visit.id}
                | {"partner_ids": [Command.set(visit.user_id.partner_id.ids)]}
                for visit in lacking.sudo()
            ]
        )
        for visit, event in zip(lacking.sudo(), made, strict=True):
            visit.event_id = event

    def _prepare_appointment(self):
        return {
            "name": self.display_name,
            "start": self.start,
            "stop": self.stop,
            "allday": False,
            "active": self.active,
            "user_id": self.user_id.id,
            "location": self.customer_address or False,
            "privacy": "private" if self.nature == "personal" else "public",
            "opportunity_id": self.opportunity_id.id,
        }

    def _find_changes(self):
        """What of the appointment is not as the visit says."""
        event = self.event_id
        values = {
            name: value
            for name, value in self._prepare_appointment().items()
            if value != event._fields[name].convert_to_write(event[name], event)
        }
        if "user_id" in values:
            values["partner_ids"] = [
                Command.unlink(event.user_id.partner_id.id),
                Command.link(self.user_id.partner_id.id),
            ]
        return values
