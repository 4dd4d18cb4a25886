"""A document of nobody's, there for the tests alone."""

from decimal import Decimal
from unittest.mock import patch

from odoo import api, fields, models
from odoo.orm.model_classes import add_to_registry

from odoo.addons.crm_extension.models.approval.core.facts import Fact
from odoo.addons.crm_extension.models.approval.core.gate import ChangeGate, Gate


class ThrowAway(models.Model):
    """A document of nobody's: done once enough hours are booked."""

    _name = "crm.test.document"
    _inherit = ["crm.approval.mixin"]
    _description = "Document of the Contract"
    _module = None

    name = fields.Char()
    active = fields.Boolean(default=True)
    user_id = fields.Many2one("res.users")
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    hours = fields.Float()
    amount = fields.Float(digits=(12, 2))
    rate = fields.Float(digits=(5, 2), copy=True)
    note = fields.Char()
    stage = fields.Selection(
        [("open", "Open"), ("done", "Done")], compute="_compute_stage", store=True
    )

    @api.depends("hours")
    def _compute_stage(self):
        for document in self:
            document.stage = "done" if document.hours >= 8 else "open"

    @api.model
    def _approval_gates(self):
        return (
            Gate(
                "crm.test.document:done",
                "Finish",
                [("stage", "=", "done")],
                frozenset({"stage", "amount"}),
            ),
            ChangeGate(
                "crm.test.document:rate", "Change the rate", frozenset({"rate"})
            ),
        )

    @api.model
    def _approval_depends(self):
        return ["stage", "amount", "crm_approval_request_ids.state"]

    def _approval_get_facts(self, gate):
        return {
            document.id: {"amount": Fact(Decimal(repr(document.amount)), "higher")}
            for document in self
        }

    def _approval_get_interested_users(self):
        return self.user_id


def add_document(env):
    """Make the model and its table; everybody in the house may do everything to it."""
    names = [ThrowAway._name]
    add_to_registry(env.registry, ThrowAway)
    env.registry._setup_models__(env.cr, names)
    env.registry.init_models(env.cr, names, {"models_to_check": True})
    env["ir.model.access"].create(
        {
            "name": "Contract",
            "model_id": env["ir.model"]._get_id(ThrowAway._name),
            "group_id": env.ref("base.group_user").id,
            **dict.fromkeys(
                ("perm_read", "perm_write", "perm_create", "perm_unlink"), True
            ),
        }
    )


def forget_document(env):
    """As if it had never been there."""
    del env.registry[ThrowAway._name]
    # Fields of others that led to it are set up without it.
    env.registry._setup_models__(env.cr)


class WithTestDocument:
    """Makes the throw-away document for one test class, and forgets it afterwards."""

    @classmethod
    def prepare_models(cls):
        cls.addClassCleanup(forget_document, cls.env)
        add_document(cls.env)
        # A cron that is started by hand looks whether another server has changed the
        # registry, and would load it anew, without the document.
        cls.startClassPatcher(
            patch.object(cls.registry, "check_signaling", return_value=cls.registry)
        )
