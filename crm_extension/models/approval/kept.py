"""Records that only the engine writes."""

from odoo import models
from odoo.api import model_create_multi
from odoo.exceptions import AccessError

# A client can send any context, but JSON cannot carry this very object.
ENGINE = object()


class CrmApprovalKept(models.AbstractModel):
    """Protects engine records from every other writer, superuser mode included.

    A record of such a model is created, changed and deleted only through an
    environment that :meth:`_as_engine` returned. Rights are checked before, where
    the deed is done; this guards against everything that never went there: RPC,
    import, server actions, one2many commands of another model.
    """

    _name = "crm.approval.kept"
    _description = "Kept by the approval engine"
    _allow_sudo_commands = False

    @model_create_multi
    def create(self, vals_list):
        self._check_engine()
        return super().create(vals_list)

    def write(self, vals):
        if not self._is_open_to_clients(vals):
            self._check_engine()
        return super().write(vals)

    def unlink(self):
        self._check_engine()
        return super().unlink()

    def _as_engine(self):
        """The same records in superuser mode, for the engine's own writes.

        Superuser, because nobody holds write access to these models; every caller
        has checked the acting user before.
        """
        return self.sudo().with_context(crm_approval_engine=ENGINE)

    def _without_engine(self):
        """The same records in superuser mode without the engine's mark: for hooks of
        documents, which must not write the engine's records on their own."""
        context = dict(self.env.context)
        context.pop("crm_approval_engine", None)
        return self.sudo().with_context(context)  # pylint: disable=context-overridden

    def _is_open_to_clients(self, vals):
        """Whether a person may write these values directly. Nothing, by default."""
        return False

    def _check_engine(self):
        if self.env.context.get("crm_approval_engine") is not ENGINE:
            raise AccessError(
                self.env._(
                    "%(what)s are kept by the approval engine. They change only"
                    " through the buttons of the document or of the approval inbox.",
                    what=self.env["ir.model"]._get(self._name).name,
                )
            )
