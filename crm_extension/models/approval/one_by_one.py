"""Work of scheduled jobs that one record which fails does not end."""

import logging

_logger = logging.getLogger(__name__)


def do_together(records, deed):
    """Do something to records of a batch; when one of them stands in the way, to one
    after the other. What fails is undone and logged, for somebody to look at; the
    others do not wait for it.

    :param deed: called with records
    """
    if not records:
        return
    try:
        with records.env["crm.approval.decision"]._savepoint():
            deed(records)
    except Exception:
        # Whatever it is: a document's own code may raise anything.
        if len(records) == 1:
            _logger.exception("Approvals: %s was left as it is", records)
            return
        for record in records:
            do_together(record, deed)
