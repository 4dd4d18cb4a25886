{
    "name": "CRM Extension",
    "summary": "Approvals, discount rules and order follow-up for sales, finance"
    " and warehouse",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "license": "AGPL-3",
    "author": "CRM Extension Community",
    "website": "https://github.com/crm-extension/crm_extension",
    "depends": [
        "account",
        "calendar",
        "helpdesk_mgmt",
        "hr",
        "sale_crm",
        "sale_management",
        "sale_margin",
        "sale_stock",
    ],
    "data": [
        "security/crm_extension_groups.xml",
        "security/ir.model.access.csv",
        "security/crm_approval_security.xml",
        "security/crm_discount_security.xml",
        "data/mail_activity_type_data.xml",
        "views/crm_approval_item_views.xml",
        "views/crm_approval_request_views.xml",
        "views/crm_approval_policy_views.xml",
        "views/crm_discount_policy_views.xml",
        "views/sale_order_views.xml",
        "views/stock_picking_views.xml",
        # Menus open actions, so they come after all of them.
        "views/crm_extension_menus.xml",
    ],
    "demo": [],
    "assets": {
        "web.assets_backend": [
            "crm_extension/static/src/**/*",
        ],
    },
    "application": True,
    "uninstall_hook": "uninstall_hook",
}
