from collections import defaultdict

from odoo import api, models

# Whatever moves an appointment.
TIMES = frozenset({"allday", "duration", "start", "start_date", "stop", "stop_date"})


class CalendarEvent(models.Model):
    _inherit = "calendar.event"

    def write(self, vals):
        is_moved = bool(TIMES & vals.keys())  # before core empties them
        result = super().write(vals)
        if is_moved:
            self._crm_move_visits()
        return result

    @api.model
    def _get_activity_excluded_models(self):
        # The visit is what is to be done: no second reminder of it.
        return [*super()._get_activity_excluded_models(), "crm.visit"]

    def _crm_move_visits(self):
        """Planned visits follow their appointments; what has taken place stays."""
        # Superuser mode: whoever may move the appointment moves the visit.
        planned = (
            self.env["crm.visit"]
            .sudo()
            .search([("event_id", "in", self.ids), ("status", "=", "planned")])
        )
        moved = defaultdict(planned.browse)
        for visit in planned:
            event = visit.event_id
            if (visit.start, visit.stop) != (event.start, event.stop):
                moved[event.start, event.stop] |= visit
        for (start, stop), visits in moved.items():
            visits.write({"start": start, "stop": stop})
