from odoo import api, fields, models
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


class CrmApprovalValue(models.AbstractModel):
    """One field of one record in a dialog: what it is, and what it should be.

    What a client sends here is only a wish: the engine looks whether the field may
    be proposed at all, and the words people read are made on the server.
    """

    _name = "crm.approval.value"
    _description = "Value in a Dialog"

    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Integer(required=True, readonly=True)
    field_id = fields.Many2one(
        comodel_name="ir.model.fields", required=True, readonly=True, ondelete="cascade"
    )
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
    value_option = fields.Many2one(
        comodel_name="ir.model.fields.selection",
        string="New choice",
        domain="[('field_id', '=', field_id)]",
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
            "field_id": self.env["ir.model.fields"]._get(record._name, name).id,
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
        if kind == "option":
            option = self.env["ir.model.fields.selection"].sudo()
            value = option.search(
                [
                    ("field_id.model", "=", record._name),
                    ("field_id.name", "=", name),
                    ("value", "=", value),
                ],
                limit=1,
            ).id
        return {f"value_{kind}": value}

    def _get_record(self):
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)

    def _get_name(self):
        self.ensure_one()
        return self.field_id.sudo().name

    def _get_value(self):
        """The wished value, as in write and as JSON takes it."""
        self.ensure_one()
        if self.kind == "option":
            return self.value_option.sudo().value or False
        value = self[f"value_{self.kind}"] if self.kind else False
        if self.kind in ("date", "datetime"):
            return fields.Datetime.to_string(value) if value else False
        if self.kind == "number" and self.field_id.sudo().ttype == "integer":
            return int(value)
        return value

    def _get_value_now(self):
        """What the value is compared with, in the same form."""
        self.ensure_one()
        record, name = self._get_record().sudo(), self._get_name()
        if not record.exists():
            return False
        value = record._fields[name].convert_to_write(record[name], record)
        if self.kind in ("date", "datetime"):
            return fields.Datetime.to_string(value) if value else False
        return value

    def _get_words(self, value):
        self.ensure_one()
        record, name = self._get_record().sudo(), self._get_name()
        return in_words(record.new({name: value}, origin=record), name)
