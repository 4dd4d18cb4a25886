from odoo import api, fields, models
from odoo.exceptions import ValidationError

from . import calls, rules


class CrmVisitCall(models.AbstractModel):
    """What became of a call, and the next attempt that follows from it (FEATURES C07.4,
    TM-01 to TM-03).

    Who was busy is called again a little later, who was off on another day, three times
    in all; then the team leader is asked how to go on.

    Part of ``crm.visit``, and nothing else's.
    """

    _name = "crm.visit.call"
    _description = "Call and Its Outcome"

    call_outcome = fields.Selection(
        selection=[
            ("reached", "Reached"),
            ("busy", "Busy"),
            ("no_answer", "No answer"),
            ("off", "Switched off"),
            ("dead_number", "Dead number"),
            ("suspended", "Number suspended"),
            ("changed_trade", "Changed trade"),
        ],
        copy=False,
        help="Busy or no answer: called again half an hour later. Switched off: on the"
        " next working day. After three attempts the team leader is asked.",
    )
    intention = fields.Selection(
        selection=[
            ("high", "Wants to buy"),
            ("medium", "May buy"),
            ("low", "Hardly"),
            ("none", "No interest"),
        ],
        copy=False,
        help="What the customer intends, as far as is known.",
    )
    attempt = fields.Integer(readonly=True, copy=False, default=1, aggregator="max")
    retry_id = fields.Many2one(
        comodel_name="crm.visit",
        string="Next Attempt",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("call_outcome", "status", "subject")
    def _check_call_outcome(self):
        labels = dict(self._fields["call_outcome"]._description_selection(self.env))
        for visit in self.filtered("call_outcome"):
            told = {
                "visit": visit.display_name,
                "outcome": labels[visit.call_outcome],
            }
            if visit.mode != rules.CALL:
                raise ValidationError(
                    self.env._(
                        "%(visit)s is no call, so “%(outcome)s” is not what became of"
                        " it. Choose another subject, or empty “Outcome”.",
                        **told,
                    )
                )
            if visit.status == rules.DONE and visit.call_outcome != calls.REACHED:
                raise ValidationError(
                    self.env._(
                        "%(visit)s is not done with “%(outcome)s”: nobody was talked"
                        " to. Say that it was not done.",
                        **told,
                    )
                )

    # === BUSINESS METHODS === #

    @api.model
    def _prepare_kept(self):
        return super()._prepare_kept() | {"attempt": 1, "retry_id": False}

    def _plan_retries(self):
        """Plan the next attempts of calls in vain, or ask who says how to go on."""
        failed = self.filtered(
            lambda visit: (
                visit.status == rules.NOT_DONE
                and visit.mode == rules.CALL
                and calls.is_tried_again(visit.call_outcome)
                and not visit.retry_id
            )
        )
        if not failed:
            return
        now = fields.Datetime.now()
        when = {
            visit: calls.next_call(
                visit.call_outcome, visit.attempt, now, visit._get_zone()
            )
            for visit in failed
        }
        again = failed.filtered(lambda visit: when[visit])
        retries = self.create([visit._prepare_retry(when[visit]) for visit in again])
        for visit, retry in zip(again, retries, strict=True):
            # Superuser mode: nobody counts attempts by hand.
            visit.sudo().retry_id = retry
            retry.sudo().attempt = visit.attempt + 1
        (failed - again)._ask_leader()

    def _prepare_retry(self, start):
        return {
            "partner_id": self.partner_id.id,
            "partner_name": self.partner_name,
            "user_id": self.user_id.id,
            "company_id": self.company_id.id,
            # Whoever was tried before is no new contact (C05.2).
            "subject": rules.subject_of(rules.CALL, rules.FOLLOW),
            "start": start,
            "stop": start + calls.PAUSE,
            "purpose": self.purpose,
        }

    def _ask_leader(self):
        for visit in self.filtered(lambda visit: not visit.activity_ids):
            # Superuser mode: who leads a team, is no secret.
            leader = visit.team_id.sudo().user_id or visit.user_id
            visit.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._(
                    "Called %(number)s times in vain: how shall we go on?",
                    number=visit.attempt,
                ),
                user_id=leader.id,
            )
