from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class CrmApprovalAnswer(models.TransientModel):
    """The dialogs of an inbox item for answers beyond yes and no.

    They only collect what is said: the engine checks who says it, and when.
    """

    _name = "crm.approval.answer"
    _inherit = ["crm.approval.value.dialog"]
    _description = "Answer to an Approval"

    item_id = fields.Many2one(
        comodel_name="crm.approval.item",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    kind = fields.Selection(
        selection=[
            ("return", "Send back"),
            ("counter", "Propose other values"),
            ("delegate", "Hand over"),
            ("ask", "Ask somebody"),
        ],
        required=True,
        readonly=True,
    )
    revision = fields.Integer(
        readonly=True, help="What the point asked about when the dialog was opened."
    )
    comment = fields.Text()
    target = fields.Selection(
        selection=[
            ("requester", "Whoever asked"),
            ("step", "An earlier approval point"),
        ],
        string="Back to",
        default="requester",
    )
    step_id = fields.Many2one(
        comodel_name="crm.approval.request.step", string="Approval Point"
    )
    earlier_step_ids = fields.Many2many(
        comodel_name="crm.approval.request.step", compute="_compute_choices"
    )
    user_id = fields.Many2one(comodel_name="res.users", string="Person")
    possible_user_ids = fields.Many2many(
        comodel_name="res.users", compute="_compute_choices"
    )
    when = fields.Selection(
        selection=[
            ("before", "Before I answer"),
            ("after", "After my yes"),
        ],
        default="before",
    )
    line_ids = fields.One2many(
        comodel_name="crm.approval.answer.line", inverse_name="answer_id"
    )

    @api.depends("item_id", "kind")
    def _compute_choices(self):
        for answer in self:
            item = answer.item_id
            answer.earlier_step_ids = item.request_id.step_ids.filtered(
                lambda step, item=item: (
                    step.sequence < item.step_id.sequence and step.state != "skipped"
                )
            )
            answer.possible_user_ids = (
                item._find_possible_users()
                if answer.kind in ("delegate", "ask")
                else False
            )

    def action_apply(self):
        """Give the answer, in the acting user's name.

        :raises UserError: when something is missing, or the acting user may not
        """
        self.ensure_one()
        item = self.item_id
        answer = self.with_context(crm_approval_revision=self.revision)
        getattr(answer, f"_apply_{self.kind}")()
        if item.state == "open":
            return {"type": "ir.actions.act_window_close"}
        return item._get_action_after(item)

    def _apply_return(self):
        step = self.step_id if self.target == "step" else None
        if self.target == "step" and not step:
            raise UserError(self.env._("Choose the point it goes back to."))
        self.item_id._do_return(self.comment, step)

    def _apply_counter(self):
        lines = self.line_ids.filtered("is_changed")
        self.item_id._do_counter(lines._prepare_rows(), self.comment)

    def _apply_delegate(self):
        self.item_id._do_delegate(self._get_person(), self.comment)

    def _apply_ask(self):
        self.item_id._do_ask(self._get_person(), self.when, self.comment)

    def _get_person(self):
        if not self.user_id:
            raise UserError(self.env._("Choose a person."))
        return self.user_id

    @api.model
    def _open(self, item, kind):
        """A dialog for one kind of answer to one item."""
        lines = item._prepare_counter_lines() if kind == "counter" else []
        if kind == "counter" and not lines:
            raise UserError(
                self.env._(
                    "There is nothing on %(document)s that could be proposed instead."
                    " Approve it, reject it, or send it back with a comment.",
                    document=item.name,
                )
            )
        answer = self.create(
            {
                "item_id": item.id,
                "kind": kind,
                "revision": item.revision,
                "line_ids": [Command.create(line) for line in lines],
            }
        )
        labels = dict(self._fields["kind"]._description_selection(self.env))
        return answer._show(f"{labels[kind]}: {item.name}")


class CrmApprovalAnswerLine(models.TransientModel):
    """One value that may be proposed instead."""

    _name = "crm.approval.answer.line"
    _inherit = ["crm.approval.value"]
    _description = "Value of an Answer"

    answer_id = fields.Many2one(
        comodel_name="crm.approval.answer",
        required=True,
        readonly=True,
        ondelete="cascade",
    )

    def _get_offered(self):
        item = self.answer_id.item_id._origin
        if item.user_id != self.env.user:
            return set()
        # Superuser mode: an approver need not be allowed to read the document.
        return item.sudo().request_id._get_counter_fields()

    def _get_value_now(self):
        # On a change that is asked for, other values than those that are asked.
        proposed = self.answer_id.item_id.sudo().request_id.proposed or {}
        name = self.field_name
        return proposed[name] if name in proposed else super()._get_value_now()

    def _prepare_rows(self):
        """What the engine is told, in words made here."""
        items = self.env["crm.approval.item"]
        rows = []
        for line in self:
            record, name, value = (
                line._get_record(),
                line.field_name,
                line._get_value(),
            )
            request = line.answer_id.item_id.sudo().request_id
            rows.append(
                {
                    "model": record._name,
                    "id": record.id,
                    "field": name,
                    "value": value,
                    "label": items._get_counter_label(request, record.sudo(), name),
                    "from": line._get_words(line._get_value_now()),
                    "to": line._get_words(value),
                }
            )
        return rows
