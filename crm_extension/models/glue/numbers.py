from math import isfinite

from odoo import api, models
from odoo.exceptions import ValidationError


class CrmNumbers(models.AbstractModel):
    """Records that prices are made of: what is no number is refused by name.

    An import turns "nan" and "inf" into what Python calls a number. Odoo stumbles over
    it somewhere, or keeps it and stumbles over every order that is priced by it.

    Part of foreign models, where it stands before Odoo's own class: a number is looked
    at before anything is made of it.
    """

    _name = "crm.numbers"
    _description = "Record with Finite Numbers"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._crm_refuse_no_numbers(vals)
        return super().create(vals_list)

    def write(self, vals):
        if self:
            self._crm_refuse_no_numbers(vals)
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _crm_refuse_no_numbers(self, vals):
        """Look at values, and at those of the lines among them.

        :raises ValidationError: for what is no number
        """
        for name, value in vals.items():
            field = self._fields.get(name)
            if not field:
                continue  # Odoo says so
            if field.type == "one2many":
                self._crm_refuse_no_numbers_of_lines(field.comodel_name, value)
            elif field.type in ("float", "monetary") and not _is_finite(value):
                raise ValidationError(
                    self.env._(
                        "“%(field)s” of %(record)s would be “%(value)s”, which is no"
                        " number. Correct it and save again.",
                        field=field._description_string(self.env),
                        record=self._crm_name_numbered(vals),
                        value=value,
                    )
                )

    @api.model
    def _crm_refuse_no_numbers_of_lines(self, comodel, commands):
        lines = self.env[comodel]
        if not isinstance(lines, self.pool["crm.numbers"]):
            return
        for command in commands or ():
            if isinstance(command, list | tuple) and len(command) == 3 and command[2]:
                if isinstance(command[2], dict):
                    line = lines.browse(command[1] or ())
                    line._crm_refuse_no_numbers(command[2])

    def _crm_name_numbered(self, vals):
        """How people call a record that is about to be created or written."""
        return self[:1].display_name or self.env._("a new record")


def _is_finite(value):
    try:
        return isfinite(float(value or 0))
    except (TypeError, ValueError):
        return True  # text that means nothing is Odoo's to refuse
