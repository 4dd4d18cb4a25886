from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_amount, format_date

GROUP = "crm_extension.crm_extension_group_user"
ROWS = 8  # of a table: what fits beside the figures


class CrmStartFrame(models.AbstractModel):
    """What somebody meets first: who and which day it is (FEATURES BX-01, C23.2), and
    for each role what waits, with one click to it. Nothing of it is kept: every figure
    is read with the rights of whoever looks.

    A role adds its section in :meth:`_get_sections`.
    """

    _name = "crm.start.frame"
    _description = "Frame of the Start Page"

    @api.model
    @api.readonly
    def get_page(self):
        """What the page shows of the acting user, formatted and translated.

        :return: ``{"person", "department", "day", "sections": [{"key", "title",
            "cards": [card], "tables": [table]}]}``, see :meth:`_make_card` and
            :meth:`_make_table`
        :raises AccessError: for people who do not work with the add-on
        """
        user = self.env.user
        if not user.has_group(GROUP):
            raise AccessError(
                self.env._("The start page is for sales, finance, stock and service.")
            )
        # Superuser mode: of one's own department everybody may know the name.
        employee = user.sudo().employee_id
        return {
            "person": user.name,
            "department": employee.department_id.display_name or "",
            "day": format_date(
                self.env, fields.Date.context_today(self), date_format="full"
            ),
            "sections": self._get_sections(),
        }

    @api.model
    def _get_sections(self):
        """The sections of the acting user's roles."""
        return []

    @api.model
    def _make_card(self, key, label, value, action, context=None, level="", note=""):
        """A figure to click on.

        :param value: formatted, or a number of things
        :param action: XML id of what opens
        :param context: of the action, such as its filters
        :param level: ``""``, ``"attention"`` or ``"bad"``
        """
        return {
            "key": key,
            "label": label,
            "value": str(value),
            "action": action,
            "context": context or {},
            "level": level,
            "note": note,
        }

    @api.model
    def _make_table(self, key, title, columns, rows, empty):
        """A short list; a click on a row opens its document.

        :param columns: titles
        :param rows: ``[(document, [cell], level)]``
        :param empty: what is said when there is none
        """
        return {
            "key": key,
            "title": title,
            "columns": columns,
            "rows": [
                {
                    "id": document.id,
                    "model": document._name,
                    "cells": cells,
                    "level": level,
                }
                for document, cells, level in rows
            ],
            "empty": empty,
        }

    @api.model
    def _tell_amounts(self, amounts):
        """:param amounts: ``[(currency, amount)]``; nothing is converted"""
        told = [
            format_amount(self.env, amount, currency)
            for currency, amount in amounts
            if not currency.is_zero(amount)
        ]
        return " + ".join(told) or format_amount(
            self.env, 0, self.env.company.currency_id
        )

    @api.model
    def _tell_day(self, day):
        return format_date(self.env, day) if day else ""
