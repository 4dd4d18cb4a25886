from odoo import fields, models
from odoo.exceptions import UserError


class CrmApprovalRework(models.AbstractModel):
    """The requester's turn: what was sent back, or what is proposed instead."""

    _name = "crm.approval.rework"
    _description = "Rework of an Approval Request"

    def _wait_for_requester(self):
        """Stop all clocks: the requester has to answer now."""
        self.write({"state": "rework"})
        self.step_ids.item_ids._put_aside()
        self.step_ids.filtered(lambda step: step.state == "waiting").write(
            {"state": "later", "date_due": False}
        )

    def _tell_requester(self, tell):
        """:param tell: gives the text about one request, in that record's language"""
        self._without_engine()._announce(tell, self.env.user)

    def _get_back(self):
        """Who gave it back to the requester last, and why: list of ``{"who", "when",
        "comment"}`` for the banner."""
        self.ensure_one()
        rows = self.decision_ids.filtered(lambda row: row.verb in ("return", "counter"))
        if self.state != "rework" or not rows:
            return []
        row = rows[-1]
        return [
            {
                "who": row.user_id.name,
                "when": fields.Datetime.to_string(row.date),
                "comment": row.comment or "",
            }
        ]

    def _get_counter(self):
        """What is proposed instead: list of ``{"who", "label", "from", "to",
        "comment"}`` for the banner."""
        self.ensure_one()
        if not self.counter:
            return []
        return [
            {
                "who": self.counter["who"],
                "label": row["label"],
                "from": row["from"],
                "to": row["to"],
                "comment": self.counter["comment"],
            }
            for row in self.counter["values"]
        ]

    def _get_counter_fields(self):
        """What may be proposed instead: ``{(model, id, field name)}``."""
        return {
            (record._name, record.id, name)
            for record, name in self._get_counter_values()
        }

    def _get_counter_values(self):
        """What may be proposed instead: list of ``(record, field name)``; of a change
        that is asked for, the values that are asked."""
        self.ensure_one()
        document = self._get_document()
        if self.proposed:
            return [(document, name) for name in self.proposed]
        return document._approval_get_counter_values()

    def _holds_counter(self):
        """Whether what was proposed instead still fits what is there, and whoever
        proposed it may still decide: accepting it counts as that person's yes."""
        self.ensure_one()
        if self.state != "rework" or not self.counter:
            return False
        item = self.item_ids.browse(self.counter["item"])
        if item.state not in ("later", "open") or not item._may_decide_now():
            return False
        step = item.step_id
        allowed = self._get_counter_fields()
        return step.revision == self.counter["revision"] and all(
            (row["model"], row["id"], row["field"]) in allowed
            for row in self.counter["values"]
        )

    def _resume(self):
        """Send again what had been sent back: it goes on where the approver said."""
        for request in self:
            known = request.sudo()  # who asked is told to who may change the document
            request._check_requester(
                self.env._(
                    "%(document)s was sent back to %(person)s, who asked.",
                    document=known.name,
                    person=known.requester_id.name,
                )
            )
        engine = self._as_engine()
        engine._lock()
        engine._take_over()
        for request in engine:
            if not request.proposed:
                request.reason = request._get_document().crm_approval_reason
        engine._record("resume")
        engine.step_ids.filtered(lambda step: step._is_short())._restaff(must=True)
        engine._go_on()

    def _do_accept(self):
        """Accept a counter-proposal: it is written with the acting user's rights,
        and who proposed it has agreed to it.

        :raises UserError: when the document changed since, or somebody else asked
        """
        self.ensure_one()
        known = self.sudo()  # who asked is told to who may change the document
        self._check_requester(
            self.env._(
                "Only %(person)s, who asked, can accept what is proposed for"
                " %(document)s.",
                person=known.requester_id.name,
                document=known.name,
            )
        )
        engine = self._as_engine()
        engine._lock()
        engine._take_over()
        engine._catch_up()
        counter = engine.counter
        if not engine._holds_counter():
            raise UserError(
                self.env._(
                    "%(document)s has changed since that was proposed, or whoever"
                    " proposed it no longer decides on it. Send it again instead.",
                    document=self.name,
                )
            )
        item = engine.item_ids.browse(counter["item"])
        if engine.proposed:
            engine._change_proposal(counter["values"])
        else:
            for row in counter["values"]:
                # The acting user's own rights, not the engine's.
                record = self.env[row["model"]].browse(row["id"])
                record.write({row["field"]: row["value"]})
        engine.invalidate_recordset()
        if engine.state != "rework":
            return  # what is left needs nobody any more
        engine._record(
            "accept", step_id=item.step_id.id, details={"values": counter["values"]}
        )
        item._agree()
        item._leave_other_points()
        engine._go_on()

    def _change_proposal(self, rows):
        """Ask for other values instead, of every rule that is asked about the change;
        points that agreed to the values before are asked again."""
        proposed = self.proposed | {row["field"]: row["value"] for row in rows}
        siblings = self._get_asked_elsewhere().get(self.id, self.browse())
        (self | siblings).write({"proposed": proposed})
        (self | siblings)._catch_up()

    def _take_over(self):
        """The acting user stands in for a requester who has left, and so does not
        decide on it; the log keeps who asked first."""
        left = self.filtered(lambda request: request.requester_id != self.env.user)
        left.requester_id = self.env.user
        left.item_ids.filtered(lambda item: item.user_id == self.env.user)._reroute()

    def _go_on(self):
        self.write({"state": "pending", "counter": False})
        self._advance()
