from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Decisions from before there were chains are sealed, oldest first."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["crm.approval.decision"]._seal_history()
