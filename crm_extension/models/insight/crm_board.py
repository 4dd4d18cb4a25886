from odoo import api, models
from odoo.tools import SQL

# What record rules look at.
RULED = ("company_id", "user_id")


class CrmBoard(models.AbstractModel):
    """Rows that are worked out whenever they are read, such as a board: a list of them
    works them out once, for what it shows and for how many there are."""

    _name = "crm.board"
    _description = "Board"

    @api.model
    @api.readonly
    def web_search_read(
        self, domain, specification, offset=0, limit=None, order=None, count_limit=None
    ):
        """As Odoo's own, which would work out all rows three times: to find those that
        are shown, to read them and to count them."""
        if not limit or not count_limit or offset + limit > count_limit:
            return super().web_search_read(
                domain, specification, offset, limit, order, count_limit
            )
        query = self._search(domain, offset, limit, order or self._order)
        found, length = self._fetch_and_count(query, [*specification, *RULED])
        return {
            "length": min(length, count_limit),
            "records": found.web_read(specification),
        }

    @api.model
    def _fetch_and_count(self, query, names):
        """What a query finds, with fields of these names in the cache; and how many
        there are without its limit.

        :raises AccessError: for fields that the acting user may not read
        """
        columns = [
            field
            for field in self._determine_fields_to_fetch(names)
            if field.column_type and field.name != "id"
        ]
        rows = self.env.execute_query(
            query.select(
                SQL.identifier(query.table, "id"),
                SQL("COUNT(*) OVER ()"),
                *(
                    self._field_to_sql(query.table, each.name, query)
                    for each in columns
                ),
            )
        )
        if not rows:
            return self.browse(), 0
        ids, numbers, *values = zip(*rows, strict=True)
        found = self.browse(ids)
        for field, told in zip(columns, values, strict=True):
            field._insert_cache(found, told)
        return found, numbers[0]
