from odoo import models


class CrmStartPage(models.AbstractModel):
    """The start page with the sections of all roles: sales, finance, warehouse."""

    _name = "crm.start.page"
    # The one that comes last adds its section last, so it stands first here.
    _inherit = ["crm.start.warehouse", "crm.start.finance", "crm.start.sales"]
    _description = "Start Page"
