from odoo import api, models

from .crm_approval_mixin import OUTER_WRITE


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
        documents = self.env[self._fields[self._approval_document_field].comodel_name]
        documents = documents.browse(
            {vals.get(self._approval_document_field) for vals in vals_list} - {None}
        )
        documents = self._approval_before_change(documents)
        lines = super().create(vals_list)
        lines._approval_after_change(documents)
        return lines

    def write(self, vals):
        if not self._approval_watched_line_fields() & vals.keys():
            return super().write(vals)
        documents = self._approval_before_change(self[self._approval_document_field])
        result = super().write(vals)
        self._approval_after_change(
            documents | self[self._approval_document_field] if documents else documents
        )
        return result

    def unlink(self):
        documents = self._approval_before_change(self[self._approval_document_field])
        result = super().unlink()
        self._approval_after_change(documents)
        return result

    def _approval_before_change(self, documents):
        """Note what is there; nothing to do while the document itself is written.

        :return: the documents to look at afterwards
        """
        if self.env.context.get("crm_approval_outer") is OUTER_WRITE:
            return documents.browse()
        documents = documents.exists()
        documents._approval_keep_passage()
        return documents

    @api.model
    def _approval_after_change(self, documents):
        documents = documents.exists()
        if documents:
            documents.sudo()._check_approval()
            documents._approval_withdraw_outdated()
