"""Deeds at the same moment, on connections of their own, as a web server does them."""

import threading
from contextlib import contextmanager
from functools import partial

import odoo.tests.common
from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tools import SQL, mute_logger


@contextmanager
def environment(user=SUPERUSER_ID):
    """An environment on a connection of its own; commits at the end."""
    with Registry(odoo.tests.common.get_db_name()).cursor() as cr:
        yield api.Environment(cr, user, {})


def at_once(*deeds):
    """Do things so that each begins before another one has ended; what fails for
    another one's sake is done again.

    :param deeds: ``(user id, function of an environment)``
    :return: ``"done"`` for each, or what was answered instead
    """
    together, told = threading.Barrier(len(deeds)), []

    def attempt(deed, env, first):
        env.cr.execute("SELECT 1")  # the transaction sees what there is now
        if first:
            first.pop()
            together.wait(timeout=30)
        deed(env)

    def run(user, deed):
        try:
            with environment(user) as env, mute_logger("odoo.sql_db"):
                retrying(partial(attempt, deed, env, [True]), env)
            told.append("done")
        except UserError as error:
            told.append(str(error))

    threads = [threading.Thread(target=run, args=deed) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return told


def count_no_more(env, orders):
    """What has left and is in the books is not deleted by anybody: from now on it
    counts for nobody, so that other tests do not meet it."""
    invoices = orders.invoice_ids
    moves = invoices | invoices.matched_payment_ids.move_id
    env.flush_all()
    for table, name, ids in (
        ("sale_order", "state", orders.ids),
        ("sale_order_line", "state", orders.order_line.ids),
        ("account_move", "state", moves.ids),
        ("account_move_line", "parent_state", moves.line_ids.ids),
    ):
        env.cr.execute(
            SQL(
                "UPDATE %s SET %s = 'cancel' WHERE id = ANY(%s)",
                SQL.identifier(table),
                SQL.identifier(name),
                ids,
            )
        )
    env.invalidate_all(flush=False)
