from odoo import api, models

from .crm_approval_transition import UnderWay


class CrmApprovalLineMixin(models.AbstractModel):
    """A line of a governed document: its changes are changes of the document.

    The glue names the document's field in ``_approval_document_field`` and the
    line's governed fields in :meth:`_approval_watched_line_fields`.
    """

    _name = "crm.approval.line.mixin"
    _description = "Line of a Document with Approval"

    _approval_document_field = None

    @api.model
    def _approval_watched_line_fields(self):
        """Names of the line's fields that can make the document worse."""
        return frozenset()

    @api.model_create_multi
    def create(self, vals_list):
        field = self._approval_document_field
        default = self.env.context.get(f"default_{field}")
        named = {vals.get(field, default) for vals in vals_list}
        documents = self.env[self._fields[field].comodel_name].browse(
            key for key in named if isinstance(key, int) and key
        )
        before = self._approval_before_line_change(documents.exists())
        lines = super().create(vals_list)
        # Whichever way the document was named, it is the lines' own that is checked.
        lines._approval_after_line_change(before, lines[field])
        return lines

    def write(self, vals):
        if not self._approval_watched_line_fields() & vals.keys():
            return super().write(vals)
        documents = self[self._approval_document_field]
        before = self._approval_before_line_change(documents)
        result = super().write(vals)
        self._approval_after_line_change(
            before, documents | self[self._approval_document_field]
        )
        return result

    def unlink(self):
        documents = self[self._approval_document_field]
        before = self._approval_before_line_change(documents)
        result = super().unlink()
        self._approval_after_line_change(before, documents.exists())
        return result

    @api.model
    def _approval_before_line_change(self, documents):
        """Note what is there; documents that are written themselves do so."""
        documents = self._approval_get_own_documents(documents)
        return documents._approval_before_change()

    @api.model
    def _approval_after_line_change(self, before, documents):
        if documents := self._approval_get_own_documents(documents):
            documents._check_approval()  # the backstop, whoever writes
            documents._approval_after_change(before)

    @api.model
    def _approval_get_own_documents(self, documents):
        """The documents that the lines have to look after themselves."""
        documents -= UnderWay.among(documents)
        # Superuser mode: what is governed does not depend on who writes.
        return documents.sudo()
