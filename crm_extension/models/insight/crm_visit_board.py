from odoo import api, models
from odoo.tools import SQL


class CrmVisitBoard(models.AbstractModel):
    """Rows that are worked out whenever they are read, such as a board: a list of them
    works them out once, for what it shows and for how many there are."""

    _name = "crm.visit.board"
    _description = "Board of Visits"

    @api.model
    @api.readonly
    def web_search_read(
        self, domain, specification, offset=0, limit=None, order=None, count_limit=None
    ):
        """As Odoo's own, which would work out all rows again to count them."""
        if not limit or not count_limit or offset + limit > count_limit:
            return super().web_search_read(
                domain, specification, offset, limit, order, count_limit
            )
        query = self._search(domain, offset, limit, order or self._order)
        shown = self.env.execute_query(
            query.select(SQL.identifier(query.table, "id"), SQL("COUNT(*) OVER ()"))
        )
        found = self.browse(record_id for record_id, _number in shown)
        return {
            "length": min(shown[0][1], count_limit) if shown else 0,
            "records": found.web_read(specification),
        }
