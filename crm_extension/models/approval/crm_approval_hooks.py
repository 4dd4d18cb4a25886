from odoo import api, models


class CrmApprovalHooks(models.AbstractModel):
    """What a document's glue answers: the whole contract of the engine.

    At least :meth:`_approval_gates` and, for a transition,
    :meth:`_approval_get_facts` with :meth:`_approval_depends`. All hooks that end in
    a plural work on batches and answer ``{record id: ...}``; ``gate`` is one of the
    document's own, and a document with a single gate may ignore it.
    """

    _name = "crm.approval.hooks"
    _description = "Contract between a Document and the Approval Engine"

    # === WHAT IS GOVERNED === #

    @api.model
    def _approval_gates(self):
        """Tuple of :class:`~.core.gate.Gate` and :class:`~.core.gate.ChangeGate`."""
        return ()

    @api.model
    def _approval_depends(self):
        """Names of the fields (dotted ones too) that the answers below depend on."""
        return []

    def _approval_get_facts(self, gate):
        """The governed content of a transition: ``{id: {key: Fact}}``.

        Amounts are decimals rounded to their currency; facts of a line have keys
        ``line:<id>:...``, and only concessions are stated as facts of a line.
        """
        return {record.id: {} for record in self}

    def _approval_get_refusals(self, gate):
        """Why nobody may grant it, where that is so: ``{id: text}``."""
        return {}

    def _approval_filter_governed(self, gate):
        """Those of the documents that the gate is about at all."""
        return self

    def _approval_get_free_changes(self, gate, values):
        """Documents on which guarded fields may take these values unasked.

        :param values: ``{field: value as in write}``
        """
        return self.browse()

    def _approval_get_number_step(self, name):
        """The smallest step of a number on a single document: what is less is no
        change of it. With ``0`` every digit counts.

        :param name: a guarded field, ``Float`` or ``Monetary``
        """
        self.ensure_one()
        field = self._fields[name]
        if field.type == "monetary":
            return self[field.get_currency_field(self)].rounding
        digits = field.get_digits(self.env)
        return 10 ** -digits[1] if digits else 0

    def _approval_get_company(self):
        """The company whose policies and people count for a single document."""
        self.ensure_one()
        if "company_id" in self._fields and self.company_id:
            return self.company_id
        return self.env.company

    def _approval_group_by_company(self):
        """As :meth:`_approval_get_company`, of all documents at once:
        ``{company: documents}``."""
        if "company_id" not in self._fields:
            return {self.env.company: self} if self else {}
        companies = self.company_id
        if len(companies) == 1 and self._fields["company_id"].required:
            return {companies: self}  # as it nearly always is
        by_company = self.grouped("company_id")
        if alone := by_company.pop(self.env["res.company"], None):
            own = by_company.get(self.env.company, self.browse())
            by_company[self.env.company] = own + alone
        return by_company

    @api.model
    def _approval_get_gate(self, key):
        """One of the document's gates; ``None`` when it has it no longer."""
        return next((gate for gate in self._approval_gates() if gate.key == key), None)

    # === WHO === #

    def _approval_get_interested_users(self):
        """Who gains from a single document and may therefore not decide on it."""
        return self.env["res.users"]

    def _approval_get_team_leaders(self):
        """Who leads the team that a single document belongs to."""
        return self.env["res.users"]

    def _approval_get_measures(self, gate):
        """How much each document concedes, in the unit of the limits:
        ``{id: Decimal}``."""
        return {}

    def _approval_get_limits(self, users):
        """How much each user may concede on a single document: ``{user id: Decimal}``;
        a user without an entry has no known limit.

        A kind of document that does not answer this knows no limits: delegations are
        not held against any, and nobody's is enough for a point that wants the nearest
        manager whose limit is, so such a point cannot be published.
        """
        return {}

    def _approval_get_amounts(self):
        """What each document is about, for delegations that are capped:
        ``{id: amount in the currency of its company}``; ``None`` where it is about no
        amount, then a delegation with a cap does not carry it."""
        return dict.fromkeys(self.ids)

    def _approval_get_change_amount(self, proposed):
        """What a change of a single document is about, for delegations that are
        capped; ``None`` where it is about no amount.

        :param proposed: ``{field: value as in write}``
        """
        return None

    # === WHAT PEOPLE SEE === #

    def _approval_get_reasons(self, gate):
        """Why each document is asked about, in one sentence: ``{id: text}``."""
        return dict.fromkeys(self.ids, "")

    def _approval_get_summaries(self, gate):
        """One line for inbox and activity: ``{id: text}``."""
        return self._approval_get_reasons(gate)

    def _approval_get_figures(self):
        """What an approver should see beside the decision.

        :return: ``{id: {"cards": [{"label", "value", "note", "level"}], "table":
            {"columns": [text], "rows": [{"level", "cells": [text]}]}}}``; texts are
            formatted and translated, ``level`` is ``""``, ``"attention"`` or ``"bad"``
        """
        return {}

    def _approval_tell_value(self, name):
        """A value of a single document in words of its own; ``None`` for the usual
        ones."""
        return None

    def _approval_get_snapshot(self, gate):
        """Figures that are kept with a change as they are when it is asked for:
        ``{id: JSON data}``. Only the engine reads them; what people see is told by
        :meth:`_approval_tell_snapshot`, which looks at who reads."""
        return {}

    def _approval_tell_snapshot(self, snapshot):
        """Kept figures of a single document for the acting user: list of ``(label,
        value, note)``, formatted and translated."""
        return []

    def _approval_get_counter_values(self):
        """What an approver may propose instead, on a single document.

        :return: list of ``(record, field name)``; ``record`` is the document or one
            of its lines
        """
        return []

    def _approval_get_offers(self, gate):
        """Smallest changes after which fewer people, or nobody, must be asked.

        :return: ``{id: [{"label", "values": [(record, {field: value})]}]}``, the
            smallest first
        """
        return {}

    # === WHAT FOLLOWS === #

    def _approval_should_proceed(self, request):
        """Whether a single granted document takes the step that waited by itself."""
        return request.policy_id.confirm_when_granted

    def _approval_proceed(self, request):
        """Let a single granted document take the step that waited, in the name of
        whoever the environment says."""

    def _approval_on_granted(self, requests):
        """The last approver has agreed, or nothing asks about these documents any
        more.

        :param requests: what was asked about them
        """

    def _approval_on_rejected(self, requests):
        """An approver has said no to these documents."""
