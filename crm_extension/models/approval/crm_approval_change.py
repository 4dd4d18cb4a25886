from decimal import Decimal
from typing import NamedTuple

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_round, ormcache

from .core.facts import Fact
from .core.gate import ChangeGate
from .value_words import in_words

# Carried by the engine's own write of a decided change. JSON cannot carry this very
# object, so no client can send it.
APPLY = object()


class Defaults(NamedTuple):
    """Values that a new document starts with: ``sent`` by a client, or ``usual``."""

    sent: dict
    usual: dict


class CrmApprovalChange(models.AbstractModel):
    """A document with guarded fields: nobody writes them while a rule asks.

    The change is proposed (:meth:`_approval_propose`), decided, and then written by
    the engine. Guarded fields are plain ones: numbers, texts, dates, truth values,
    selections and many2one.
    """

    _name = "crm.approval.change"
    _inherit = ["crm.approval.condition"]
    _description = "Document whose Changes Need Approval"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        documents = super().create(vals_list)
        for gate in self._approval_change_gates():
            if self._approval_has_rules(gate):
                documents._approval_check_created(gate, vals_list)
        return documents

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        held = {
            name
            for gate in self._approval_change_gates()
            if self._approval_has_rules(gate)
            for name in gate.guarded - (default or {}).keys()
        }
        return [
            {name: value for name, value in vals.items() if name not in held}
            for vals in vals_list
        ]

    def write(self, vals):
        if (
            self._approval_guarded_fields() & vals.keys()
            and self.env.context.get("crm_approval_apply") is not APPLY
        ):
            for gate in self._approval_change_gates():
                guarded = {name: vals[name] for name in gate.guarded & vals.keys()}
                if guarded and self._approval_has_rules(gate):
                    self._approval_check_guarded(gate, guarded)
        return super().write(vals)

    # === BUSINESS METHODS === #

    @api.model
    def _approval_change_gates(self):
        return tuple(
            gate for gate in self._approval_gates() if isinstance(gate, ChangeGate)
        )

    @api.model
    @ormcache()
    def _approval_guarded_fields(self):
        return frozenset().union(
            *(gate.guarded for gate in self._approval_change_gates())
        )

    @api.model
    def _approval_has_rules(self, gate):
        return bool(self.env["crm.approval.policy"]._get_rules(gate.key))

    def _approval_check_created(self, gate, vals_list):
        """A new document starts with what everybody starts with.

        :raises ValidationError: names the document and the guarded fields
        """
        if self.env.context.get("crm_approval_apply") is APPLY:
            return
        default = self._approval_split_defaults(gate)
        # Superuser mode: what is guarded does not depend on who creates.
        documents = self.sudo()
        for document, vals in zip(documents, vals_list, strict=True):
            vals = default.sent | vals
            names = gate.guarded & vals.keys()
            if not names:
                continue
            free = {name: vals[name] for name in vals.keys() - gate.guarded}
            plain = documents.new(default.usual | free)
            given = {
                name: vals[name]
                for name in names
                if plain._approval_differs(name, vals[name])
            }
            if given:
                document._approval_refuse_change(
                    gate, given, document._approval_filter_held(gate, given)
                )

    @api.model
    def _approval_split_defaults(self, gate):
        """What guarded fields start with: what a client sent along or keeps as an
        own default, and what is usual."""
        context = dict(self.env.context)
        sent = {}
        for name in gate.guarded:
            if f"default_{name}" in context:
                sent[name] = context.pop(f"default_{name}")
        own = self._approval_get_own_defaults(gate)
        # Superuser mode: what is usual is so for everybody.
        clean = self.sudo().with_context(context)  # pylint: disable=context-overridden
        everybody = clean.with_user(SUPERUSER_ID).with_company(self.env.company)
        usual = clean.default_get(list(gate.guarded - own.keys()))
        # Said even where it is nothing: a draft record would ask the own default.
        usual |= dict.fromkeys(own, False) | everybody.default_get(list(own))
        return Defaults(own | sent, usual)

    @api.model
    def _approval_get_own_defaults(self, gate):
        """What the acting user has set as an own default: ``{field: value}``."""
        defaults = self.env["ir.default"]
        everybody = defaults.with_user(SUPERUSER_ID).with_company(self.env.company)
        own = defaults._get_model_defaults(self._name)
        usual = everybody._get_model_defaults(self._name)
        return {
            name: own[name]
            for name in gate.guarded & own.keys()
            if name not in usual or own[name] != usual[name]
        }

    def _approval_check_guarded(self, gate, values):
        """Refuse a direct write of guarded fields where a rule asks about it.

        :raises ValidationError: names the document, the fields and the way out
        """
        # Superuser mode: what is guarded does not depend on who writes.
        documents = self.sudo()._approval_filter_changed(values)
        self._approval_refuse_change(
            gate, values, documents._approval_filter_held(gate, values)
        )

    def _approval_refuse_change(self, gate, values, held):
        if held:
            raise ValidationError(
                self.env._(
                    "%(fields)s of %(document)s are not changed directly. Use “Request"
                    " a change”: it is written as soon as it is approved.",
                    fields=", ".join(
                        self._fields[name]._description_string(self.env)
                        for name in sorted(values)
                    ),
                    document=held[0].display_name,
                )
            )

    def _approval_filter_changed(self, values):
        """Documents that do not have these values yet."""
        return self.filtered(
            lambda document: any(
                document._approval_differs(name, value)
                for name, value in values.items()
            )
        )

    def _approval_differs(self, name, value):
        """Whether a field would change; numbers are compared in their own digits."""
        self.ensure_one()
        field = self._fields[name]
        new = field.convert_to_cache(value, self) or False
        now = field.convert_to_cache(self[name], self) or False
        return _plain(self, name, new) != _plain(self, name, now)

    def _approval_filter_held(self, gate, values):
        """Documents on which these values have to be asked for."""
        governed = self._approval_filter_governed(gate)
        governed -= governed._approval_get_free_changes(gate, values)
        return governed.filtered(
            lambda document: document._approval_find_change_policies(gate, values)
        )

    def _approval_find_change_policies(self, gate, values):
        """Policies that ask about a change of a single document: those whose
        condition holds for it as it is, or as it would be.

        :return: list of ``(PolicyRule, step ids that apply to what it would be)``
        """
        self.ensure_one()
        rules = self.env["crm.approval.policy"]._get_rules(gate.key)
        if not rules:
            return []
        changed = self.new(values, origin=self)

        found = []
        for policy in rules:
            if not self._approval_filter_ruled(policy.company_id, values):
                continue
            if any(
                each._approval_filter_satisfying(policy.condition, policy.lang)
                for each in (self, changed)
            ):
                (steps,) = changed._approval_filter_points(policy).values()
                found.append((policy, steps))
        return found

    def _approval_propose(self, gate, values, reason):
        """Ask for a change of a single document. The caller has checked that the
        acting user may write the document.

        :param values: ``{field: value as in write}``, guarded fields of the gate
        :return: the requests, or none when the change was free and has been written
        :raises UserError: when nothing would change, or it is asked already
        """
        self.ensure_one()
        document = self.sudo()  # the rules are the same whoever proposes
        values = {
            name: value
            for name, value in values.items()
            if name in gate.guarded and document._approval_differs(name, value)
        }
        if not values:
            raise UserError(
                self.env._(
                    "Nothing would change on %(document)s: enter the new values first.",
                    document=self.display_name,
                )
            )
        self._approval_check_not_asked(gate)
        policies = document._approval_find_change_policies(gate, values)
        asked = [(policy, steps) for policy, steps in policies if steps]
        if not asked:
            document._approval_apply(values)
            requests = self.env["crm.approval.request"]
            for policy, _steps in policies:
                requests._note_passage(document, gate, policy)
            return requests
        return self.env["crm.approval.request"]._submit(
            [(document, policy, steps) for policy, steps in asked],
            gate,
            {"proposed": values, "reason": reason},
        )

    def _approval_get_offered_fields(self, gate):
        """Guarded fields that the acting user is offered to ask about: those that
        user may read. Glue leaves out what would be there twice, or is not used."""
        return [
            name
            for name in sorted(gate.guarded)
            if self._has_field_access(self._fields[name], "read")
        ]

    def _approval_check_not_asked(self, gate):
        waiting = self._approval_get_under_way().filtered(
            lambda request: request.gate == gate.key
        )
        if waiting:
            raise UserError(
                self.env._(
                    "A change of %(document)s already waits for an answer, asked by"
                    " %(person)s. Take it back first, or wait for the answer.",
                    document=self.display_name,
                    person=waiting[0].requester_id.name,
                )
            )

    def _approval_apply(self, values):
        """Write a decided change. Superuser mode: nobody holds the right to write
        guarded fields, and who decided has been checked."""
        self.ensure_one()
        self.sudo().with_company(self._approval_get_company()).with_context(
            crm_approval_apply=APPLY
        ).write(values)

    def _approval_start_anew(self):
        """Give guarded fields what a new document starts with, in every company whose
        rules guard them: for documents that took values over and no longer may."""
        if not self:
            return
        for gate in self._approval_change_gates():
            for company in self._approval_get_guarding_companies(gate):
                # Superuser mode: nobody holds the right to write guarded fields.
                documents = self.sudo().with_company(company)
                usual = documents._approval_split_defaults(gate).usual
                documents.with_context(crm_approval_apply=APPLY).write(
                    {
                        name: usual.get(name, False)
                        for name in gate.guarded
                        if self._fields[name].store
                    }
                )

    def _approval_note_guarded(self):
        """What a single document has in guarded fields, in every company that keeps
        its own and whose rules guard them.

        :return: list of ``(document in that company, {field: value as in write})``
        """
        self.ensure_one()
        noted = []
        for gate in self._approval_change_gates():
            names = [n for n in gate.guarded if self._fields[n].company_dependent]
            if not names or not self._approval_has_rules(gate):
                continue
            for company in self._approval_get_guarding_companies(gate):
                # Superuser mode: what is guarded is so whoever looks.
                document = self.sudo().with_company(company)
                if document._approval_get_company() == company:
                    values = document._convert_to_write(
                        {name: document[name] for name in names}
                    )
                    noted.append((document, values))
        return noted

    @api.model
    def _approval_restore_guarded(self, noted):
        """Give guarded fields back what :meth:`_approval_note_guarded` found, after
        something has written past the documents."""
        for document, values in noted:
            document.invalidate_recordset(list(values), flush=False)
            lost = {
                name: value
                for name, value in values.items()
                if document._approval_differs(name, value)
            }
            if lost:
                document._approval_apply(lost)

    @api.model
    def _approval_get_guarding_companies(self, gate):
        rules = self.env["crm.approval.policy"]._get_rules(gate.key)
        companies = self.env["res.company"].sudo()  # rules of any company count
        if any(not rule.company_id for rule in rules):
            return companies.search([])  # pylint: disable=no-search-all
        return companies.browse({rule.company_id for rule in rules})

    def _approval_get_change_facts(self, values):
        """The governed content of a change: what it starts from, and what it makes.

        :param values: the proposed values
        """
        self.ensure_one()
        facts = {}
        for name, value in values.items():
            field = self._fields[name]
            label = field._description_string(self.env)
            now = field.convert_to_write(self[name], self)
            facts[f"{name}:from"] = Fact(_plain(self, name, now), "changed", label)
            facts[f"{name}:to"] = Fact(_plain(self, name, value), "changed", label)
        return facts

    def _approval_get_change_rows(self, values, facts=None):
        """The change for people: list of ``{"label", "from", "to"}``, formatted.

        :param facts: those that were noted when it was asked. The document itself
            says afterwards what the change has made of it
        """
        self.ensure_one()
        before = {name: in_words(self, name) for name in values}
        if facts:
            noted = self._approval_get_values_before(values, facts)
            before |= self._approval_tell_values(noted)
        after = self._approval_tell_values(values)
        return [
            {
                "label": self._fields[name]._description_string(self.env),
                "from": before[name],
                "to": after[name],
            }
            for name in values
        ]

    def _approval_tell_values(self, values):
        """Values as the document's fields show them: ``{name: text}``."""
        # One after the other: records made from one document share their values.
        shown = self.new(values, origin=self)
        return {name: in_words(shown, name) for name in values}

    def _approval_get_values_before(self, names, facts):
        """What a change started from, by the facts noted then: ``{name: value}``."""
        values = {}
        for name in names:
            fact = facts.get(f"{name}:from")
            if not fact:
                continue
            field, value = self._fields[name], fact.value
            if isinstance(value, Decimal):
                value = (
                    float(value) if field.type in ("float", "monetary") else int(value)
                )
            if field.type == "many2one" and value:
                # What it was may have been deleted since.
                value = self.env[field.comodel_name].browse(value).exists().id
            values[name] = value or False
        return values


def _plain(document, name, value):
    """A value of a document's field as a fact takes it; numbers in their own steps."""
    if document._fields[name].type in ("float", "monetary"):
        number, step = float(value or 0), document._approval_get_number_step(name)
        if step:
            number = float_round(number, precision_rounding=step)
        return Decimal(repr(number))
    if value is False or value is None:
        return None
    return value if isinstance(value, int | str) else str(value)
