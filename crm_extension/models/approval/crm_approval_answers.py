from odoo import api, models
from odoo.exceptions import UserError

from .core.delegation import has_authority
from .core.route import returned_to


class CrmApprovalAnswers(models.AbstractModel):
    """What a person who is asked can say besides yes and no: send it back, propose
    other values, hand it over, ask somebody else first or afterwards."""

    _name = "crm.approval.answers"
    _description = "Other Answers than Yes and No"

    def _do_return(self, comment, step=None):
        """Send the matter back for rework.

        :param step: the earlier point that is asked again; without one the requester
            has to answer, after which this point is asked again
        :raises UserError: without a comment, or for a point that is not earlier
        """
        self.ensure_one()
        if not (comment or "").strip():
            raise UserError(
                self.env._(
                    "Say what has to be reworked on %(document)s.", document=self.name
                )
            )
        engine = self._lock()
        request = engine.request_id
        again = engine._get_points_asked_again(step)
        engine._record("return", comment, {"to": step.name if step else False})
        again._take_back()
        if step:
            request._advance()
            return
        request._wait_for_requester()
        request._tell_requester(
            lambda told: told.env._(
                "%(person)s sends %(document)s back to you: %(comment)s",
                person=self.env.user.name,
                document=told.name,
                comment=comment,
            )
        )

    def _get_points_asked_again(self, step):
        """The points that are asked again when the item goes back to ``step``.

        :raises UserError: when that point does not come before the item's own
        """
        self.ensure_one()
        own, points = self.step_id, self.request_id.step_ids
        if not step:
            return own
        try:
            again = returned_to(
                [point._to_point() for point in points], step.id, own.id
            )
        except (KeyError, ValueError) as error:
            raise UserError(
                self.env._(
                    "“%(step)s” does not come before your own point.", step=step.name
                )
            ) from error
        return points.browse(again)

    def _do_counter(self, rows, comment):
        """Propose other values; the requester can accept them with one click.

        :param rows: list of dicts ``model``, ``id``, ``field``, ``value`` (as in
            write), ``label``, ``from`` and ``to`` (for people)
        :raises UserError: when nothing is proposed, or a value that the document
            does not let be proposed
        """
        self.ensure_one()
        engine = self._lock()
        request = engine.request_id
        allowed = request._get_counter_fields()
        if not rows:
            raise UserError(self.env._("Propose at least one other value."))
        for row in rows:
            if (row["model"], row["id"], row["field"]) not in allowed:
                raise UserError(
                    self.env._(
                        "“%(field)s” cannot be proposed for %(document)s.",
                        field=row["label"],
                        document=self.name,
                    )
                )
        engine._record("counter", comment, {"values": rows})
        request.write(
            {
                "counter": {
                    "item": self.id,
                    "revision": engine.step_id.revision,
                    "who": self.env.user.name,
                    "comment": comment or "",
                    "values": rows,
                }
            }
        )
        request._wait_for_requester()
        request._tell_requester(
            lambda told: (
                told.env._(
                    "%(person)s would approve %(document)s with: %(values)s",
                    person=self.env.user.name,
                    document=told.name,
                    values="; ".join(f"{row['label']}: {row['to']}" for row in rows),
                )
                + (f"\n{comment}" if comment else "")
            )
        )

    def _do_delegate(self, user, comment=None):
        """Let somebody else answer this one.

        :raises UserError: when that person may not decide here
        """
        self.ensure_one()
        engine = self._lock()
        engine._check_can_answer(user)
        engine._record("delegate", comment, {"to": user.name})
        engine._ask_also([user])
        engine._void()

    def _do_ask(self, user, when, comment):
        """Ask a further person before this answer, or after it.

        :param when: ``before`` or ``after``
        :raises UserError: when that person may not decide here, or nothing is asked
        """
        self.ensure_one()
        if not (comment or "").strip():
            raise UserError(self.env._("Say what you want to know from %s.", user.name))
        engine = self._lock()
        engine._check_can_answer(user)
        own = engine.step_id
        opinion = own.create(own._prepare_opinion_values(own, self.env.user))
        opinion._ask([{user.id: False}])
        waiting, first = (own, opinion) if when == "before" else (opinion, own)
        waiting.waits_for_ids |= first
        engine._record("ask", comment, {"to": user.name, "when": when})
        engine.request_id._advance()

    def _check_can_answer(self, user):
        """Whether another person may answer this item.

        :raises UserError: says why not
        """
        self.ensure_one()
        request = self.request_id
        document = request._get_document()
        staff = request._get_staff(request.company_id, request.gate)
        taken = self.step_id._get_people_taken()
        matter = request._get_matter(request, document, staff)
        if (
            user
            in self.step_id.item_ids.filtered(lambda item: item.state != "void").user_id
        ):
            reason = self.env._("%(person)s is asked here already.", person=user.name)
        elif user in request._get_interested_users(document):
            reason = self.env._(
                "%(person)s asked for %(document)s or gains from it.",
                person=user.name,
                document=request.name,
            )
        elif user in taken:
            reason = self.env._(
                "%(person)s has agreed at another point already, and the rule wants"
                " different people.",
                person=user.name,
            )
        elif user.id not in matter.eligible:
            reason = self.env._(
                "%(person)s does not hold the approver role in %(company)s.",
                person=user.name,
                company=request.company_id.name,
            )
        elif not has_authority(user.id, self.user_id.id, matter):
            reason = self.env._(
                "What is asked is above what %(person)s may decide.", person=user.name
            )
        else:
            return
        raise UserError(reason)

    def _find_possible_users(self):
        """Whom this item may be handed to, or who may be asked beside it."""
        self.ensure_one()
        item = self.sudo()  # roles and limits of colleagues; only names are shown
        request, step = item.request_id, item.step_id
        document = request._get_document()
        staff = item._get_staff(request.company_id, request.gate)
        taken = step._get_people_taken() | step.item_ids.filtered(
            lambda other: other.state != "void"
        ).mapped("user_id")
        matter = item._get_matter(request, document, staff, taken.ids)
        return self.env["res.users"].browse(
            sorted(
                user
                for user in matter.eligible
                if has_authority(user, item.user_id.id, matter)
            )
        )

    def _prepare_counter_lines(self):
        """Values of the lines of the dialog in which other values are proposed."""
        self.ensure_one()
        request = self.sudo().request_id  # approvers may not read every document
        lines = self.env["crm.approval.answer.line"]
        proposed = request.proposed or {}
        return [
            lines._prepare_value(
                record,
                name,
                self._get_counter_label(request, record, name),
                proposed.get(name),
            )
            for record, name in request._get_counter_values()
        ]

    @api.model
    def _get_counter_label(self, request, record, name):
        """What people read before a value: the field, and the line it is on."""
        label = record._fields[name]._description_string(self.env)
        if record._name == request.res_model:
            return label
        line = record["name"] if "name" in record._fields else record.display_name
        return f"{(line or '').splitlines()[0] if line else ''}: {label}"
