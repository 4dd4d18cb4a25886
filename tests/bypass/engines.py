"""The approval systems that the matrix runs against, behind one interface."""

import contextlib
import functools
import json
from typing import NamedTuple
from unittest.mock import patch

from odoo import Command
from odoo.tools import SQL

from .allowed import OCA, OURS


class Hole(NamedTuple):
    """Something that is not as it was.

    :param text: what
    :param about: what was done, in the words of :mod:`.allowed`; empty when it is
        nothing that anybody may do
    """

    text: str
    about: str = ""


class Engine:
    """How to ask and to grant, and which of its rows nobody may forge."""

    prefixes = ()  # of the names of its models
    #: what is allowed, see :mod:`.allowed`
    allowed = {}
    role_groups = {
        "salesperson": "sales_team.group_sale_salesman",
        "approver": "sales_team.group_sale_salesman_all_leads",
        "second": "sales_team.group_sale_salesman_all_leads",
        "manager": "sales_team.group_sale_manager",
        "accountant": "account.group_account_user",
        "portal": "base.group_portal",
    }
    # The states an employee may bring a row to by asking, changing or taking back.
    harmless_states = frozenset()
    harmless_verbs = frozenset()
    # Housekeeping that says nothing about a grant.
    ignored_fields = frozenset({"write_date", "write_uid"})

    def __init__(self, env):
        self.env = env

    def models(self):
        """Its models, from the registry: new ones are attacked too."""
        return [
            self.env[name]
            for name in sorted(self.env.registry)
            if name.startswith(self.prefixes) and not self.env[name]._abstract
        ]

    def stored_models(self):
        """Those whose rows are kept."""
        return [model for model in self.models() if not model._transient]

    def choose_rows(self, model, user, own):
        """Ids of one row per standing.

        :param own: ids of rows that the user is asked to answer
        """
        rows = model.sudo().with_context(active_test=False).search([])
        chosen = {}
        for row in rows.filtered(lambda row: row.id not in own):
            chosen.setdefault(self.get_standing(row, user), row.id)
        return list(chosen.values())

    def get_standing(self, row, user):
        """What makes a row worth an attack of its own."""
        return next(
            (row[name] for name in ("state", "status", "verb") if name in row), ""
        )

    def without_drawing(self):
        """A context in which documents do not draw what they only show."""
        return contextlib.nullcontext()

    def make_more_rows(self, people, attacked):
        """Rows in the standings that the documents do not bring about.

        :param attacked: beginnings of the names of the models that are attacked
        """

    def forged_rows(self, model, people, attacker):
        """Values of rows that somebody might like to create, where those of a row that
        is there make no sense for the attacker."""
        return []

    def get_rules(self):
        """Rules in force, one by one."""
        raise NotImplementedError

    def read_rows(self):
        """All rows of the engine: ``{(model, id): {column: value}}``; the links of a
        Many2many field as ``(model.field, ids)``."""
        self.env.cr.flush()  # with what is done right before a commit
        self.env.cr.execute(self._rows_query)
        return {
            (name, tuple(key) if row is None else key[0]): row or {}
            for name, key, row in self.env.cr.fetchall()
        }

    @functools.cached_property
    def _rows_query(self):
        """All tables at once: name, key and content of each row."""
        parts = []
        for model in self.stored_models():
            if not model._auto:
                continue
            parts.append(
                SQL(
                    "SELECT %s::text, ARRAY[id], to_jsonb(t) FROM %s t",
                    model._name,
                    SQL.identifier(model._table),
                )
            )
            parts += [
                SQL(
                    "SELECT %s::text, ARRAY[%s, %s], NULL::jsonb FROM %s",
                    f"{model._name}.{field.name}",
                    SQL.identifier(field.column1),
                    SQL.identifier(field.column2),
                    SQL.identifier(field.relation),
                )
                for field in model._fields.values()
                if field.type == "many2many" and field.store and not field.related
            ]
        return SQL(" UNION ALL ").join(parts)

    def find_holes(self, before, after, attacker):
        """What changed in the rows that nobody but the engine may change.

        :return: list of :class:`Hole`
        """
        if before == after:
            return []
        changes = Changes(before, after, attacker.user.id)
        return [
            Hole(text, self.name_change(key, changes))
            for key in before.keys() | after.keys()
            if before.get(key) != after.get(key)
            for text in self.judge_row(key, changes, attacker)
        ]

    def name_change(self, key, changes):
        """What was done to a row, in the words of :mod:`.allowed`."""
        return ""

    def judge_row(self, key, changes, attacker):
        """What is wrong about a row: texts, none when its change is harmless.

        :param key: as in :meth:`read_rows`
        """
        model = key[0]
        old, new = changes.before.get(key), changes.after.get(key)
        if new is None:
            return [f"{key} is gone"]
        if old is None:
            if self.is_harmless_row(model, new, attacker):
                return []
            return [f"a new row of {model}: {json.dumps(new, default=str)[:200]}"]
        changed = changes.get_changed(key) - self.ignored_fields
        if changed == {"state"} and new["state"] in self.harmless_states:
            return []
        return [f"{model}.{name} is now {new[name]!r}" for name in sorted(changed)]

    def is_harmless_row(self, model, row, attacker):
        """Whether a new row grants nothing and says nothing in another's name."""
        raise NotImplementedError

    def make_people(self):
        """``{role: user}``, one more (``second``) for the second approval point."""
        people = {"admin": self.env.ref("base.user_admin")}
        for role, groups in self.role_groups.items():
            people[role] = (
                self.env["res.users"]
                .with_context(no_reset_password=True)
                .create(
                    {
                        "name": f"Bypass {role}",
                        "login": f"bypass_{role}",
                        "group_ids": [
                            Command.set(
                                [self.env.ref(name).id for name in groups.split(",")]
                            )
                        ],
                    }
                )
            )
        return people


class Changes(NamedTuple):
    """Rows before and after, and who has acted.

    :param before: as :meth:`Engine.read_rows` returns
    :param after: likewise
    :param user: id
    """

    before: dict
    after: dict
    user: int

    def get_changed(self, key):
        """Names of the columns that changed."""
        old, new = self.before.get(key) or {}, self.after.get(key) or {}
        return {name for name in old | new if old.get(name) != new.get(name)}


class Ours(Engine):
    """crm_extension."""

    allowed = OURS
    prefixes = ("crm.approval.", "crm.discount.")
    role_groups = Engine.role_groups | {
        role: f"{Engine.role_groups[role]},crm_extension.crm_extension_group_{group}"
        for role, group in {
            "approver": "approver",
            "second": "approver",
            "manager": "manager",
        }.items()
    }
    harmless_states = frozenset(
        {"cancelled", "pending", "rework", "void", "later", "open", "waiting"}
    )
    harmless_verbs = frozenset({"request", "recall", "withdraw", "reask"})
    ignored_fields = Engine.ignored_fields | {
        *("activity_id", "date_close", "date_open", "date_due", "date_done"),
        "hours_used",
    }

    def govern(self, people, conditions):
        """Two points at each gate, one after the other, each with one person.

        :param conditions: ``{gate: condition}``
        """
        self.env["crm.discount.policy"].search([]).active = False
        self.env["crm.discount.policy"].create(
            {"name": "Bypass limits", "floor": 60, "default_limit": 10}
        )
        policies = [
            self.make_draft(people, gate, "manager", condition_domain=condition)
            for gate, condition in conditions.items()
        ]
        for policy in policies:
            policy.with_user(people["manager"]).action_propose()
            policy.with_user(people["admin"]).action_publish()

    def without_drawing(self):
        # Drawing the route and finding offers takes most of the time of a refusal.
        mixin = self.env.registry["crm.approval.mixin"]
        return patch.object(mixin, "_approval_describe", lambda *_arguments: False)

    def make_draft(self, people, gate, editor, **values):
        """A draft that one of the administrators of approvals has changed last."""
        policies = self.env["crm.approval.policy"].with_user(people[editor])
        return policies.create(
            {
                "name": "Bypass policy",
                "gate": gate,
                "require_reason": False,
                "step_ids": [
                    Command.create(
                        {
                            "name": role,
                            "sequence": number,
                            "approver_kind": "users",
                            "user_ids": [Command.set(people[role].ids)],
                        }
                    )
                    for number, role in enumerate(("approver", "second"))
                ],
            }
            | values
        )

    def make_more_rows(self, people, attacked):
        """Versions in every part of their life, by one administrator and by the other;
        a delegation between people who are not asked."""
        if not "crm.approval.policy".startswith(attacked):
            return
        for one, other in (("manager", "admin"), ("admin", "manager")):
            drafts = [
                self.make_draft(people, "helpdesk.ticket:close", one, name=name)
                for name in ("Draft", "Proposed", "Ending", "Ended")
            ]
            _draft, proposed, ending, ended = drafts
            proposed.with_user(people[one]).action_propose()
            for policy in (ending, ended):
                policy.with_user(people[one]).action_propose()
                policy.with_user(people[other]).action_publish()
                policy.with_user(people[one]).action_propose_retirement()
            ended.with_user(people[other]).action_retire()
        absent, stand_in = (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                [
                    {
                        "name": name,
                        "login": f"bypass_{name.lower()}",
                        "group_ids": [Command.set(people["approver"].group_ids.ids)],
                    }
                    for name in ("Absent", "Stand-in")
                ]
            )
        )
        self.env["crm.approval.delegation"].create(
            {
                "delegator_id": absent.id,
                "delegate_id": stand_in.id,
                "date_from": "2026-01-01",
                "date_to": "2099-01-01",
            }
        )

    def get_standing(self, row, user):
        if row._name == "crm.approval.policy.step":
            return self.get_standing(row.policy_id, user)
        if row._name == "crm.approval.policy":
            people = (row.edited_by_id, row.proposed_by_id, row.retiring_by_id)
            return (row.state, *(bool(one) and one == user for one in people))
        return super().get_standing(row, user)

    def forged_rows(self, model, people, attacker):
        if model._name != "crm.approval.delegation":
            return []
        # What another one is asked, to oneself; and what oneself is asked, away.
        days = {"date_from": "2026-01-01", "date_to": "2099-01-01"}
        me, second, approver = (
            attacker.user.id,
            people["second"].id,
            people["approver"].id,
        )
        return [
            {"delegator_id": second, "delegate_id": me} | days,
            {"delegator_id": second, "delegate_id": approver} | days,
            {"delegator_id": me, "delegate_id": second} | days,
        ]

    def get_rules(self):
        return [
            *self.env["crm.approval.policy"].search([("state", "=", "published")]),
            *self.env["crm.discount.policy"].search([]),
        ]

    def name_change(self, key, changes):
        model = key[0]
        rows = [changes.before.get(key), changes.after.get(key)]
        if model == "crm.approval.policy":
            return name_policy_change(*rows, changes, key)
        if model == "crm.approval.policy.step":
            policies = {row["policy_id"] for row in rows if row}
            return _name_point_change(policies, changes)
        if model.startswith("crm.approval.policy.step."):
            ends = [rows_.get((_POINT, key[1][0])) for rows_ in changes[:2]]
            policies = {row["policy_id"] for row in ends if row}
            return _name_point_change(policies, changes)
        if model.startswith("crm.discount."):
            return "a ceiling"
        if model.startswith("crm.approval.item."):
            return "a change of people"  # the delegations an item came by
        if model == "crm.approval.delegation":
            own = {row["delegator_id"] for row in rows if row} == {changes.user}
            return "an own delegation" if own else "a delegation"
        return self._name_answer(model, rows, changes)

    def _name_answer(self, model, rows, changes):
        """Rows of a request: what the attacker was asked, and what follows from it."""
        old, new = rows
        if model == "crm.approval.request" and old and new:
            changed = {name for name in new if old[name] != new[name]}
            # A request that waits is about what is there now; others are as they were.
            follows = {"res_id"}
            if new["state"] in self.harmless_states:
                follows |= {"facts", "fingerprint"}
            if "res_id" in changed and changed - self.ignored_fields <= follows:
                return "a merge"
        if model == "crm.approval.request.step" and old and new:
            # Asked once more, about what is there now.
            changed = changes.get_changed((model, new["id"]))
            if changed - self.ignored_fields == {"revision"}:
                return "a merge"
        if model == "crm.approval.decision" and new:
            mine = new["verb"] == "approve" and new["user_id"] == changes.user
            if mine and not new["on_behalf_id"]:
                return "an answer"
            if new["verb"] in ("reroute", "delegate"):
                return "a change of people"
        if model == "crm.approval.item" and old and new:
            if old["user_id"] == changes.user and new["state"] == "approved":
                return "an answer"
            if new["state"] == "void":
                return "a change of people"
        if model == "crm.approval.request.step" and old and new:
            # Its own point: the only one that stood open with the attacker's item.
            if new["state"] in ("approved", "granted") and any(
                one["step_id"] == new["id"] and one["user_id"] == changes.user
                for (name, _key), one in changes.before.items()
                if name == "crm.approval.item" and one["state"] == "open"
            ):
                return "an answer"
        return ""

    def ask(self, document, people):
        document.with_user(people["salesperson"]).action_approval_request()

    def grant(self, document, people):
        self.ask(document, people)
        for role in ("approver", "second"):
            self.open_items(document, people[role]).action_approve()

    def reject(self, document, people):
        self.ask(document, people)
        items = self.open_items(document, people["approver"])
        items.comment = "No"
        items.action_reject()

    def open_items(self, document, user):
        return (
            self.env["crm.approval.item"]
            .with_user(user)
            .search(
                [
                    ("request_id.res_model", "=", document._name),
                    ("request_id.res_id", "=", document.id),
                    ("user_id", "=", user.id),
                    ("state", "=", "open"),
                ]
            )
        )

    def own_items(self, user):
        """What a person is asked now: ids per model."""
        items = self.env["crm.approval.item"].search(
            [("user_id", "=", user.id), ("state", "=", "open")]
        )
        return {"crm.approval.item": items.ids}

    def is_harmless_row(self, model, row, attacker):
        if model == "crm.approval.decision":
            return row["verb"] in self.harmless_verbs and row["user_id"] in (
                attacker.user.id,
                self.env.ref("base.user_root").id,
                self.env.ref("base.public_user").id,
            )
        return model in (
            "crm.approval.request",
            "crm.approval.request.step",
            "crm.approval.item",
        ) and row["state"] in (self.harmless_states | {"skipped"})


_POLICY, _POINT = "crm.approval.policy", "crm.approval.policy.step"
# What of a version changes in which step of its life, and who must not be the one.
_LIFE = {
    ("draft", "proposed"): ({"proposed_by_id", "active"}, (), "a proposal"),
    ("proposed", "draft"): ({"proposed_by_id"}, (), "a proposal"),
    ("published", "published"): ({"retiring_by_id"}, (), "a proposal"),
    ("proposed", "published"): (
        {"published_by_id", "date_published", "date_effective"},
        ("proposed_by_id", "edited_by_id"),
        "a second person's deed",
    ),
    ("published", "retired"): (set(), ("retiring_by_id",), "a second person's deed"),
}
_SIGNED = ("proposed_by_id", "published_by_id", "retiring_by_id", "date_published")


def name_policy_change(old, new, changes, key):
    """What somebody has done to a version of a policy; empty when nobody may."""
    if not new:
        return "a draft" if old["state"] == "draft" else ""
    if new["state"] == "draft" and (not old or old["state"] == "draft"):
        signed = any(new[name] for name in _SIGNED)
        mine = new["edited_by_id"] == changes.user
        number = old["version"] if old else _next_version(new, changes)
        return "a draft" if mine and not signed and new["version"] == number else ""
    changed = changes.get_changed(key) - {"state", "write_date", "write_uid"}
    may_change, others, about = _LIFE.get(
        (old and old["state"], new["state"]), (set(), (), "")
    )
    if changed <= may_change and all(
        (old[name] or changes.user) != changes.user for name in others
    ):
        signers = {new[name] for name in changed if name.endswith("_by_id")}
        return about if signers <= {changes.user, None} else ""
    return ""


def _next_version(new, changes):
    """The number that a new draft of its lineage must have."""
    origin = new["origin_id"]
    versions = [
        row["version"]
        for (name, key), row in changes.before.items()
        if name == _POLICY and origin and origin in (key, row["origin_id"])
    ]
    return max(versions, default=0) + 1


def _name_point_change(policies, changes):
    """A point, or who is asked there: only of drafts, before and after."""
    states = {
        rows[_POLICY, policy]["state"]
        for rows in (changes.before, changes.after)
        for policy in policies
        if (_POLICY, policy) in rows
    }
    return "a draft" if states == {"draft"} else ""


class Oca(Engine):
    """OCA's `sale_tier_validation`."""

    allowed = OCA
    prefixes = ("tier.",)
    role_groups = Engine.role_groups | {
        "manager": "sales_team.group_sale_manager,base.group_erp_manager",
    }
    harmless_states = frozenset({"waiting", "pending"})
    ignored_fields = Engine.ignored_fields | {"can_review", "todo_by"}

    def govern(self, people, conditions):
        self.env["tier.definition"].search([]).active = False
        models = self.env["tier.definition"]._get_tier_validation_model_names()
        self.env["tier.definition"].create(
            [
                {
                    "name": role,
                    "model_id": self.env["ir.model"]._get_id(model),
                    "definition_domain": condition,
                    "reviewer_id": people[role].id,
                    "sequence": 30 - number,
                    "approve_sequence": True,
                }
                for gate, condition in conditions.items()
                for model in [gate.split(":")[0]]
                if model in models  # there is none for customers
                for number, role in enumerate(("approver", "second"))
            ]
        )

    def get_rules(self):
        return list(self.env["tier.definition"].search([]))

    def name_change(self, key, changes):
        if key[0].startswith(("tier.definition", "tier.validation")):
            return "a rule"
        # What a review takes over from its definition.
        followed = changes.get_changed(key) - self.ignored_fields
        return "a rule" if followed <= {"definition_id", "company_id"} else ""

    def ask(self, document, people):
        document.with_user(people["salesperson"]).request_validation()

    def grant(self, document, people):
        self.ask(document, people)
        for role in ("approver", "second"):
            document.invalidate_recordset()
            document.with_user(people[role]).validate_tier()

    def reject(self, document, people):
        self.ask(document, people)
        document.invalidate_recordset()
        document.with_user(people["approver"]).reject_tier()

    def own_items(self, user):
        reviews = self.env["tier.review"].search(
            [("reviewer_ids", "in", user.ids), ("status", "=", "pending")]
        )
        return {"tier.review": reviews.ids}

    def judge_row(self, key, changes, attacker):
        old, new = changes.before.get(key), changes.after.get(key)
        if key[0].startswith("tier.review.") and new is None:
            return []
        if key[0] == "tier.review":
            waiting = old and old.get("status", "waiting") in ("waiting", "pending")
            # Its reviews have no log, so one that is gone is a lost answer only if
            # there was an answer.
            if waiting and new is None:
                return []
            if waiting and new.get("status") in self.harmless_states:
                changed = changes.get_changed(key) - self.ignored_fields
                if changed <= {"status"}:
                    return []
        return super().judge_row(key, changes, attacker)

    def is_harmless_row(self, model, row, attacker):
        return model.startswith("tier.review") and row.get("status", "waiting") in (
            self.harmless_states
        )
