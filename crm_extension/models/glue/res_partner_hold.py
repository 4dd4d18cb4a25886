from odoo import models
from odoo.fields import Domain

# What says how much a customer may owe.
LIMITS = frozenset({"credit_limit", "use_partner_credit_limit", "crm_tier_id"})
# What a held delivery may be waiting for with a customer.
OPEN = Domain("state", "not in", ("draft", "done", "cancel"))


class CrmCustomerHeld(models.AbstractModel):
    """A customer whose deliveries wait for its money (FEATURES N14).

    Part of ``res.partner``, and nothing else's.
    """

    _name = "crm.customer.held"
    _description = "Customer whose Deliveries Wait"

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if LIMITS & vals.keys():
            self._crm_release_deliveries(also_begin=True)
        return result

    # === BUSINESS METHODS === #

    def _crm_release_deliveries(self, also_begin=False):
        """What the customers owe, or may, has changed: see which of their deliveries
        are held now.

        :param also_begin: it may have changed for the worse
        """
        if not self or not self.env["crm.hold.policy"]._looks_at_money():
            return
        # Superuser mode: it follows from a payment, or from a limit; whoever it was.
        customers = self.sudo().commercial_partner_id
        whose = Domain(
            "sale_id.partner_invoice_id.commercial_partner_id", "in", customers.ids
        )
        domain = OPEN & whose
        if not also_begin:
            domain &= Domain("crm_held", "=", True)
        self.env["stock.picking"].sudo().search(domain)._crm_refresh_held()
