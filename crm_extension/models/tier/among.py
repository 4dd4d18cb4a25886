"""Which customers are meant: a list of ids, a range of them, or everybody.

A range lets the database read many customers in one go, table by table; a list lets it
look up a few.
"""

from odoo.tools import SQL


def among(column, customers):
    """Condition that a column is the id of one of some customers.

    :param column: SQL of a column
    :param customers: ids of commercial partners, a ``range`` of them, or ``None`` for
        everybody
    """
    if customers is None:
        return SQL("TRUE")
    if isinstance(customers, range):
        return SQL("%s BETWEEN %s AND %s", column, customers.start, customers.stop - 1)
    return SQL("%s = ANY(%s::int[])", column, list(customers))
