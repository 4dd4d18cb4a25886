from odoo import models

# Whose work is with released and unreleased customers alike: they release them, keep
# their books, deliver to them, answer them or look after all of them.
SEE_UNRELEASED = (
    "crm_extension.crm_extension_group_approver",
    "sales_team.group_sale_salesman_all_leads",
    "account.group_account_invoice",
    "account.group_account_readonly",
    "stock.group_stock_user",
    "helpdesk_mgmt.group_helpdesk_user_own",
    "base.group_erp_manager",
)


class ResUsers(models.Model):
    _name = "res.users"
    _inherit = ["res.users", "crm.user.standing", "crm.user.sight", "crm.user.led"]

    def write(self, vals):
        result = super().write(vals)
        if {"active", "group_ids", "company_ids"} & vals.keys():
            self._crm_move_approvals()
        return result

    def _crm_get_customer_domain(self):
        """Which customers a person sees, for the record rule: no unreleased ones of
        others (FEATURES XL-14)."""
        self.ensure_one()
        if (
            not self._is_internal()
            or any(map(self.has_group, SEE_UNRELEASED))
            or self.env["res.partner"]._crm_is_released_at_once()
        ):
            return [(1, "=", 1)]
        names = ("user_id", "create_uid")
        # Contacts that colleagues have entered with one's own customers.
        names += ("crm_unaudited_owner_id", "crm_unaudited_creator_id")
        own = [(name, "=", self.id) for name in names]
        return [*("|" for _name in names), ("crm_unaudited", "=", False), *own]

    def _crm_move_approvals(self):
        """What waits for people who may no longer answer goes to somebody else at
        once; everything else that changes about people is found by the hour."""
        items = (
            self.env["crm.approval.item"]
            .sudo()  # whoever manages users need not see what waits for them
            .search([("user_id", "in", self.ids), ("state", "in", ("later", "open"))])
        )
        if items:
            items._filter_unable()._reroute()
