from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.approval.value_words import in_words

KINDS = {
    "float": "number",
    "integer": "number",
    "monetary": "number",
    "char": "text",
    "text": "text",
    "date": "date",
    "datetime": "datetime",
    "boolean": "flag",
    "selection": "option",
    "many2one": "reference",
}


class CrmApprovalOption(models.TransientModel):
    """One choice of a selection, in a dialog: people may not read the registry's."""

    _name = "crm.approval.option"
    _description = "Choice in a Dialog"

    name = fields.Char(readonly=True, required=True)
    value = fields.Char(readonly=True, required=True)


class CrmApprovalValueDialog(models.AbstractModel):
    """A dialog with lines of :class:`CrmApprovalValue`."""

    _name = "crm.approval.value.dialog"
    _description = "Dialog with Values"

    kinds = fields.Char(
        compute="_compute_kinds", help="Which columns the list of values needs."
    )

    @api.depends(lambda self: ["line_ids.kind"] if "line_ids" in self._fields else [])
    def _compute_kinds(self):
        for dialog in self:
            dialog.kinds = f" {' '.join(sorted(set(dialog.line_ids.mapped('kind'))))} "

    def _show(self, title):
        """Open the dialog over the page."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }


class CrmApprovalValue(models.AbstractModel):
    """One field of one record in a dialog: what it is, and what it should be.

    What a client sends here is only a wish: the engine looks whether the field may
    be proposed at all, and the words people read are made on the server.
    """

    _name = "crm.approval.value"
    _description = "Value in a Dialog"

    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Integer(required=True, readonly=True)
    field_name = fields.Char(required=True, readonly=True)
    kind = fields.Selection(
        selection=[(kind, kind) for kind in dict.fromkeys(KINDS.values())],
        required=True,
        readonly=True,
    )
    comodel = fields.Char(readonly=True)
    label = fields.Char(string="What", readonly=True)
    now = fields.Char(readonly=True)
    value_number = fields.Float(string="New number", digits=(16, 4))
    value_text = fields.Text(string="New text")
    value_date = fields.Date(string="New date")
    value_datetime = fields.Datetime(string="New time")
    value_flag = fields.Boolean(string="New")
    option_ids = fields.Many2many(comodel_name="crm.approval.option", readonly=True)
    value_option = fields.Many2one(
        comodel_name="crm.approval.option",
        string="New choice",
        domain="[('id', 'in', option_ids)]",
    )
    value_reference = fields.Many2oneReference(
        string="New record", model_field="comodel"
    )
    is_changed = fields.Boolean(compute="_compute_is_changed")

    @api.depends(
        "value_number",
        "value_text",
        "value_date",
        "value_datetime",
        "value_flag",
        "value_option",
        "value_reference",
    )
    def _compute_is_changed(self):
        for line in self:
            line.is_changed = line._get_value() != line._get_value_now()

    @api.model
    def _prepare_value(self, record, name, label, value=None):
        """Values of a line about one field.

        :param value: what is asked now, as in write; by default what is there
        """
        field = record._fields[name]
        if field.type not in KINDS:
            raise UserError(
                self.env._("“%s” cannot be proposed in a dialog.", field.string)
            )
        shown = record if value is None else record.new({name: value}, origin=record)
        return {
            "res_model": record._name,
            "res_id": record.id,
            "field_name": name,
            "kind": KINDS[field.type],
            "comodel": field.comodel_name if field.type == "many2one" else False,
            "label": label,
            "now": in_words(shown, name),
            **self._prepare_typed(shown, name),
        }

    @api.model
    def _prepare_typed(self, record, name):
        field = record._fields[name]
        kind, value = KINDS[field.type], field.convert_to_write(record[name], record)
        if kind != "option":
            return {f"value_{kind}": value}
        options = self.env["crm.approval.option"].create(
            [
                {"name": label, "value": key}
                for key, label in field._description_selection(self.env)
            ]
        )
        now = options.filtered(lambda option: option.value == value)
        return {"option_ids": [Command.set(options.ids)], "value_option": now.id}

    def _get_record(self):
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)

    def _get_field(self):
        """The field this is about.

        :raises UserError: for a client that made one up
        """
        self.ensure_one()
        model = self.env.get(self.res_model)
        field = model._fields.get(self.field_name) if model is not None else None
        if (
            not field
            or KINDS.get(field.type) != self.kind
            or (self.res_model, self.res_id, field.name) not in self._get_offered()
        ):
            raise UserError(self.env._("This cannot be proposed here."))
        return field

    def _get_offered(self):
        """What the dialog is about: ``{(model, id, field name)}``. Nothing else is
        read for whoever sends a line."""
        return set()

    def _get_value(self):
        """The wished value, as in write and as JSON takes it."""
        self.ensure_one()
        field = self._get_field()
        value = self[f"value_{self.kind}"]
        if self.kind == "option":
            return value.value
        if self.kind in ("date", "datetime"):
            return field.to_string(value) if value else False
        return int(value) if field.type == "integer" else value

    def _get_value_now(self):
        """What the value is compared with, in the same form."""
        self.ensure_one()
        field = self._get_field()
        # Superuser mode: an approver need not be allowed to read the document.
        record = self._get_record().sudo()
        if not record.exists():
            return False
        value = field.convert_to_write(record[field.name], record)
        if self.kind in ("date", "datetime"):
            return field.to_string(value) if value else False
        return value

    def _get_words(self, value):
        self.ensure_one()
        # Superuser mode: an approver need not be allowed to read the document.
        record, name = self._get_record().sudo(), self._get_field().name
        return in_words(record.new({name: value}, origin=record), name)
