from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class CrmApprovalProposal(models.TransientModel):
    """The dialog in which somebody asks for a change of guarded fields."""

    _name = "crm.approval.proposal"
    _inherit = ["crm.approval.value.dialog"]
    _description = "Request a Change"

    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Many2oneReference(
        model_field="res_model", required=True, readonly=True
    )
    gate = fields.Char(required=True, readonly=True)
    name = fields.Char(string="Document", readonly=True)
    reason = fields.Text(help="Those who decide read it.")
    line_ids = fields.One2many(
        comodel_name="crm.approval.proposal.line", inverse_name="proposal_id"
    )
    figures = fields.Json(
        compute="_compute_figures",
        help="What those who decide will see beside the change.",
    )
    is_changed = fields.Boolean(compute="_compute_preview")
    preview = fields.Text(compute="_compute_preview")

    @api.depends("res_model", "res_id")
    @api.depends_context("lang", "uid")
    def _compute_figures(self):
        for proposal in self:
            # Superuser mode: whoever may change a document sees what is said of it to
            # those who decide, as they will on the request.
            document = proposal._get_document().sudo()
            document = document.with_company(document._approval_get_company())
            figures = document._approval_get_figures()
            proposal.figures = figures.get(document.id, False)

    @api.depends(lambda self: self._preview_depends())
    def _compute_preview(self):
        for proposal in self:
            values = proposal._get_values()
            proposal.is_changed = bool(values)
            proposal.preview = proposal._describe(values) if values else False

    @api.model
    def _preview_depends(self):
        return [
            f"line_ids.value_{kind}"
            for kind in (
                *("number", "text", "date", "datetime"),
                *("flag", "option", "reference"),
            )
        ]

    def action_ask(self):
        """Ask for the change, in the acting user's name.

        :raises AccessError: when the acting user may not change the document
        :raises UserError: when nothing would change, or it is asked already
        """
        self.ensure_one()
        document = self._get_document()
        document._approval_propose(
            self._get_gate(document), self._get_values(), self.reason
        )
        return {"type": "ir.actions.act_window_close"}

    def _get_document(self):
        """The document, on which the acting user may write.

        :raises UserError: when it has no such gate
        """
        self.ensure_one()
        mixin = self.env.registry.descendants(["crm.approval.change"], "_inherit")
        if self.res_model not in mixin:
            raise UserError(self.env._("Nothing is guarded here."))
        document = self.env[self.res_model].browse(self.res_id)
        document.check_access("write")
        return document

    def _get_gate(self, document):
        gates = document._approval_change_gates()
        gate = next((gate for gate in gates if gate.key == self.gate), None)
        if not gate:
            raise UserError(self.env._("Nothing is guarded here."))
        return gate

    def _get_values(self):
        return {
            line.field_name: line._get_value()
            for line in self.line_ids
            if line.is_changed
        }

    def _describe(self, values):
        """Who will be asked, in one sentence a line."""
        document = self._get_document()
        ranks = document.sudo()._approval_preview_change(
            self._get_gate(document), values
        )
        if not ranks:
            return self.env._("Nobody has to be asked: it is written at once.")
        return "\n".join(
            self.env._(
                "%(number)s. %(people)s",
                number=number,
                people="; ".join(
                    f"{point['name']} ({', '.join(point['people'])})"
                    for point in points
                ),
            )
            for number, points in enumerate(ranks, start=1)
        )

    @api.model
    def _open(self, document, gate):
        """The dialog for one gate of one document."""
        lines = self.env["crm.approval.proposal.line"]
        proposal = self.create(
            {
                "res_model": document._name,
                "res_id": document.id,
                "gate": gate.key,
                "name": document.display_name,
                "line_ids": [
                    Command.create(
                        lines._prepare_value(
                            document,
                            name,
                            document._fields[name]._description_string(self.env),
                        )
                    )
                    for name in document._approval_get_offered_fields(gate)
                ],
            }
        )
        return proposal._show(self.env._("Request a change"))


class CrmApprovalProposalLine(models.TransientModel):
    """One guarded field in the dialog."""

    _name = "crm.approval.proposal.line"
    _inherit = ["crm.approval.value"]
    _description = "Value of a Change"

    proposal_id = fields.Many2one(
        comodel_name="crm.approval.proposal",
        required=True,
        readonly=True,
        ondelete="cascade",
    )

    def _get_offered(self):
        proposal = self.proposal_id
        document = proposal._get_document()
        guarded = proposal._get_gate(document).guarded
        return {(document._name, document.id, name) for name in guarded}
