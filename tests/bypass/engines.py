"""The approval systems that the matrix runs against, behind one interface."""

import json

from odoo import Command


class Engine:
    """How to ask and to grant, and which of its rows nobody may forge."""

    prefixes = ()  # of the names of its models
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

    def read_rows(self):
        """All rows of the engine: ``{(model, id): {column: value}}``; the links of a
        Many2many field as ``(model.field, ids)``."""
        self.env.cr.flush()  # with what is done right before a commit
        rows = {}
        for model in self.stored_models():
            if not model._auto:
                continue
            self.env.cr.execute(f'SELECT id, to_jsonb(t) FROM "{model._table}" t')
            rows |= {(model._name, key): row for key, row in self.env.cr.fetchall()}
            for field in model._fields.values():
                if field.type == "many2many" and field.store and not field.related:
                    self.env.cr.execute(
                        f'SELECT "{field.column1}", "{field.column2}"'
                        f' FROM "{field.relation}"'
                    )
                    rows |= {
                        (f"{model._name}.{field.name}", key): {}
                        for key in self.env.cr.fetchall()
                    }
        return rows

    def find_holes(self, before, after, attacker):
        """What changed in the rows that nobody but the engine may change."""
        holes = [f"{key} is gone" for key in before.keys() - after.keys()]
        for key, row in after.items():
            old = before.get(key)
            if row == old:
                continue
            holes += self.judge_row(key[0], old, row, attacker)
        return holes

    def judge_row(self, model, old, new, attacker):
        """:return: texts, empty when the change is harmless"""
        changed = {
            name
            for name, value in new.items()
            if (old or {}).get(name) != value and name not in self.ignored_fields
        }
        if old is None:
            return (
                []
                if self.is_harmless_row(model, new, attacker)
                else [f"a new row of {model}: {json.dumps(new, default=str)[:200]}"]
            )
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


class Ours(Engine):
    """crm_extension."""

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
    }

    def govern(self, people, gate, condition):
        """Two points, one after the other, each with one person."""
        self.env["crm.discount.policy"].search([]).active = False
        self.env["crm.discount.policy"].create(
            {"name": "Bypass limits", "floor": 60, "default_limit": 10}
        )
        policy = self.env["crm.approval.policy"].create(
            {
                "name": "Bypass policy",
                "gate": gate,
                "require_reason": False,
                "condition_domain": condition,
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
        )
        publish(policy, people["manager"], people["admin"])

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


def publish(policy, proposer, publisher):
    """In force; where publishing is a deed of two people, by two people."""
    if "state" in policy._fields and policy.state != "published":
        policy.with_user(proposer).action_propose()
        policy.with_user(publisher).action_publish()


class Oca(Engine):
    """OCA's `sale_tier_validation`."""

    prefixes = ("tier.",)
    role_groups = Engine.role_groups | {
        "manager": "sales_team.group_sale_manager,base.group_erp_manager",
    }
    harmless_states = frozenset({"waiting", "pending"})
    ignored_fields = Engine.ignored_fields | {"can_review", "todo_by"}

    def govern(self, people, gate, condition):
        self.env["tier.definition"].search([]).active = False
        self.env["tier.definition"].create(
            [
                {
                    "name": role,
                    "model_id": self.env["ir.model"]._get_id(gate.split(":")[0]),
                    "definition_domain": condition,
                    "reviewer_id": people[role].id,
                    "sequence": 30 - number,
                    "approve_sequence": True,
                }
                for number, role in enumerate(("approver", "second"))
            ]
        )

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

    def judge_row(self, model, old, new, attacker):
        # The same yardstick as ours, in its own words.
        if old and model == "tier.review":
            if old["status"] in ("waiting", "pending"):
                if new["status"] in self.harmless_states:
                    old = old | {"status": new["status"]}
        return super().judge_row(model, old, new, attacker)

    def find_holes(self, before, after, attacker):
        """As ours; its reviews have no log, so one that is gone is a lost answer
        only if there was an answer."""
        gone = [
            key
            for key in before.keys() - after.keys()
            if before[key].get("status") in ("waiting", "pending")
            or key[0].startswith("tier.review.")
        ]
        kept = {key: row for key, row in before.items() if key not in gone}
        return super().find_holes(kept, after, attacker)

    def is_harmless_row(self, model, row, attacker):
        return model.startswith("tier.review") and row.get("status", "waiting") in (
            self.harmless_states
        )
