from contextlib import contextmanager
from datetime import datetime, time, timedelta, timezone
from typing import NamedTuple
from weakref import WeakKeyDictionary

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from .core.chain import (
    START,
    Head,
    Report,
    Row,
    footer_line,
    header_line,
    seal_all,
    to_line,
    verify,
)

# Where a transaction remembers the rows it has yet to seal.
UNSEALED = "crm_extension.approval.unsealed"
# Rows of cursors that are inside a savepoint of ours, to be sealed with the commit. Not
# kept by the cursor itself: what it keeps is forgotten when a savepoint is rolled back.
POSTPONED = WeakKeyDictionary()
BATCH = 5000

# What a seal covers: the name in the sealed content, and where it is stored. The
# names are part of every seal ever made: add to them only with a new FORMAT.
CONTENT = {
    "company": SQL("company_id"),
    "date": SQL("date::text"),
    "verb": SQL("verb"),
    "user": SQL("user_id"),
    "person": SQL("person"),
    "login": SQL("login"),
    "behalf_user": SQL("on_behalf_id"),
    "behalf_person": SQL("behalf_person"),
    "behalf_login": SQL("behalf_login"),
    "request": SQL("request_id"),
    "step": SQL("step_id"),
    "step_name": SQL("step_name"),
    "document": SQL("document"),
    "document_model": SQL("document_model"),
    "document_id": SQL("document_key"),
    "comment": SQL("comment"),
    "fingerprint": SQL("fingerprint"),
    "details": SQL("details"),
}

SEAL = (SQL("number"), SQL("previous_seal"), SQL("seal"))

# Rows that wait for their seal are the engine's; it sealed all others.
GUARD = SQL(
    """
CREATE OR REPLACE FUNCTION crm_approval_decision_guard() RETURNS trigger AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.number IS NULL
            OR (SELECT ROW(%(columns)s) FROM (SELECT OLD.*) AS old)
            IS NOT DISTINCT FROM (SELECT ROW(%(columns)s) FROM (SELECT NEW.*) AS new)
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'Approval decisions are kept as they were said: no %% on %%.',
        TG_OP, TG_TABLE_NAME;
END
$$ LANGUAGE plpgsql;

DROP TRIGGER IF EXISTS crm_approval_decision_guard ON crm_approval_decision;
CREATE TRIGGER crm_approval_decision_guard
    BEFORE UPDATE OR DELETE ON crm_approval_decision
    FOR EACH ROW EXECUTE FUNCTION crm_approval_decision_guard();

DROP TRIGGER IF EXISTS crm_approval_decision_guard_all ON crm_approval_decision;
CREATE TRIGGER crm_approval_decision_guard_all
    BEFORE TRUNCATE ON crm_approval_decision
    FOR EACH STATEMENT EXECUTE FUNCTION crm_approval_decision_guard();
""",
    columns=SQL(", ").join((SQL("id"), *CONTENT.values(), *SEAL)),
)


class Verification(NamedTuple):
    """What verifying one company's decisions has found.

    :param company: name of the company
    :param report: :class:`~.core.chain.Report` on the chain itself
    :param unsealed: how many rows are in no chain; the engine leaves none, so
        somebody has put them into the database directly
    :param silent: names of documents (20 at most) whose request or answer has no
        row; the one sign of a newest row that was removed
    """

    company: str
    report: Report
    unsealed: int
    silent: tuple

    @property
    def is_sound(self):
        return not (self.report.problems or self.unsealed or self.silent)


class CrmApprovalSeal(models.AbstractModel):
    """How decisions are sealed into the chain of their company, verified and handed
    out (N10)."""

    _name = "crm.approval.seal"
    _description = "Seals of Approval Decisions"

    def _seal_before_commit(self):
        """Remember new rows; one hook per transaction seals them all.

        Odoo runs the hook also before it opens a savepoint, and forgets it when it
        rolls one back: what was added before is sealed, what was added since is gone.
        """
        precommit = self.env.cr.precommit
        if UNSEALED not in precommit.data:
            precommit.data[UNSEALED] = []
            precommit.add(self.browse()._as_engine()._seal_pending)
        precommit.data[UNSEALED] += self.ids

    @api.model
    @contextmanager
    def _savepoint(self):
        """A savepoint before which, and after which, nothing is sealed.

        Odoo runs what waits for the commit at each savepoint. Whoever seals holds the
        company's lock from then on, and others who decide would wait until all of a
        long work is through. What is rolled back is gone, and is left alone later.
        """
        cr = self.env.cr
        if cr in POSTPONED:  # inside another one
            with cr.savepoint():
                yield
            return
        POSTPONED[cr] = []
        try:
            with cr.savepoint():
                yield
        finally:
            self.browse(POSTPONED.pop(cr))._seal_before_commit()

    @api.model
    def _seal_pending(self):
        """Seal what this transaction has added. Queries do not depend on how much."""
        ids = self.env.cr.precommit.data.pop(UNSEALED, [])
        if self.env.cr in POSTPONED:
            POSTPONED[self.env.cr] += ids
            return
        if ids:
            self.flush_model()
            self._seal(ids)

    @api.model
    def _seal(self, ids):
        """Seal rows by their ids; those that are sealed or gone are left alone."""
        by_company = {}
        for key, row in self._fetch_rows(
            SQL("id = ANY(%s) AND number IS NULL ORDER BY id", ids)
        ):
            by_company.setdefault(row.content["company"], {})[key] = row.content
        if not by_company:
            return
        heads = self._lock_heads(sorted(by_company))
        sealed = [
            (key, row.number, row.previous, row.seal)
            for company, contents in by_company.items()
            for key, row in zip(
                contents,
                seal_all(contents.values(), heads.get(company, START)),
                strict=True,
            )
        ]
        self.env.cr.execute(
            SQL(
                """UPDATE crm_approval_decision AS decision
                      SET number = new.number, previous_seal = new.previous,
                          seal = new.seal
                     FROM unnest(%s, %s, %s, %s) AS new(id, number, previous, seal)
                    WHERE decision.id = new.id""",
                *map(list, zip(*sealed, strict=True)),
            )
        )
        self.invalidate_model(["number", "previous_seal", "seal"], flush=False)

    @api.model
    def _lock_heads(self, company_ids):
        """Where the chains end, now and until this transaction is over.

        Locked in the order of the ids, so that two transactions cannot wait for each
        other. Our snapshot may be older than what others have committed meanwhile;
        a fresh transaction sees it. It is opened under the lock only: there is never
        more than one per company, however many people decide at once.

        :return: ``{company id: Head}`` of the chains that have begun
        """
        self.env.cr.execute(
            SQL(
                "SELECT pg_advisory_xact_lock(hashtext(%s), company)"
                " FROM unnest(%s) AS company",
                self._table,
                company_ids,
            )
        )
        heads = self._fetch_heads(self.env.cr, company_ids)
        # While Odoo installs or updates, this transaction may own the very table, and
        # the second one would wait for it for ever. Nobody decides meanwhile, and if
        # somebody did, the unique index would refuse a fork.
        if self.env.registry.ready:
            with self.env.registry.cursor() as fresh:
                committed = self._fetch_heads(fresh, company_ids)
            for company, head in committed.items():
                heads[company] = max(head, heads.get(company, START))
        return heads

    @api.model
    def _fetch_heads(self, cr, company_ids):
        cr.execute(
            SQL(
                """SELECT company.id, head.number, head.seal
                     FROM unnest(%s) AS company(id)
                    CROSS JOIN LATERAL (
                        SELECT number, seal
                          FROM crm_approval_decision
                         WHERE company_id = company.id AND number IS NOT NULL
                         ORDER BY number DESC
                         LIMIT 1
                    ) AS head""",
                company_ids,
            )
        )
        return {company: Head(number, seal) for company, number, seal in cr.fetchall()}

    @api.model
    def _fetch_rows(self, condition):
        """Rows as the chain sees them, read as they are stored.

        :param condition: what follows ``WHERE``, as :class:`~odoo.tools.SQL`
        :return: list of ``(id, Row)``
        """
        self.env.cr.execute(
            SQL(
                "SELECT id, number, previous_seal, seal, %s"
                " FROM crm_approval_decision WHERE %s",
                SQL(", ").join(CONTENT.values()),
                condition,
            )
        )
        return [
            (key, Row(number, previous, seal, dict(zip(CONTENT, content, strict=True))))
            for key, number, previous, seal, *content in self.env.cr.fetchall()
        ]

    @api.model
    def _seal_history(self):
        """Seal rows from before there were chains, in batches, oldest first.

        They get the names of today: nobody noted those of then.
        """
        self.env.cr.execute(
            """UPDATE crm_approval_decision AS decision
                  SET document = request.name, document_model = request.res_model,
                      document_key = request.res_id, person = partner.name,
                      login = users.login, step_name = step.name
                 FROM crm_approval_decision AS said
                 JOIN crm_approval_request AS request ON request.id = said.request_id
                 JOIN res_users AS users ON users.id = said.user_id
                 JOIN res_partner AS partner ON partner.id = users.partner_id
                 LEFT JOIN crm_approval_request_step AS step ON step.id = said.step_id
                WHERE said.id = decision.id
                  AND decision.number IS NULL AND decision.document IS NULL"""
        )
        self.env.cr.execute(
            "SELECT id FROM crm_approval_decision WHERE number IS NULL ORDER BY id"
        )
        ids = [key for (key,) in self.env.cr.fetchall()]
        for start in range(0, len(ids), BATCH):
            self._seal(ids[start : start + BATCH])
        self.invalidate_model(flush=False)

    @api.model
    def _check_auditor(self, companies):
        """Only administrators of approvals see all, and of their companies alone.

        :raises AccessError: for everybody else
        """
        if not self.env.user.has_group("crm_extension.crm_extension_group_manager"):
            raise AccessError(
                self.env._("Only administrators of approvals see the whole evidence.")
            )
        if companies - self.env.user.company_ids:
            raise AccessError(
                self.env._(
                    "You do not work for this company. Your administrator can add it"
                    " to the companies of your user."
                )
            )

    @api.model
    def _verify(self, company):
        """Check everything that was decided in a company. It changes nothing.

        Reads in batches, so memory does not grow with the number of rows. From
        ``./dev shell``::

            print(env["crm.approval.decision"]._verify(env.company))

        :param company: one ``res.company``; the caller has checked who asks
        :return: :class:`Verification`
        """
        self._seal_pending()
        self.env.cr.execute(
            SQL(
                "SELECT count(*) FROM crm_approval_decision"
                " WHERE company_id = %s AND number IS NULL",
                company.id,
            )
        )
        (unsealed,) = self.env.cr.fetchone()
        return Verification(
            company.name,
            verify(self._read_chain(company)),
            unsealed,
            self._find_silent(company),
        )

    @api.model
    def _read_chain(self, company, first=0, last=None):
        """The sealed rows of a company in order, a batch at a time.

        :param first, last: numbers of the first and the last row wanted
        :return: iterator of :class:`~.core.chain.Row`
        """
        number, key = first, 0
        until = SQL("AND number <= %s", last) if last is not None else SQL()
        while True:
            rows = self._fetch_rows(
                SQL(
                    "company_id = %s AND number >= %s AND (number, id) > (%s, %s) %s"
                    " ORDER BY number, id LIMIT %s",
                    company.id,
                    number,
                    number,
                    key,
                    until,
                    BATCH,
                )
            )
            yield from (row for _key, row in rows)
            if len(rows) < BATCH:
                return
            key, number = rows[-1][0], rows[-1][1].number

    @api.model
    def _find_silent(self, company):
        """Documents that were asked for or answered, without a row saying so.

        A chain cannot miss its own last row. The requests can: each was asked for,
        and each answer in somebody's inbox was said.
        """
        self.env.cr.execute(
            SQL(
                """SELECT DISTINCT request.name
                     FROM crm_approval_request AS request
                    WHERE request.company_id = %(company)s
                      AND (
                        NOT EXISTS (
                            SELECT FROM crm_approval_decision AS said
                             WHERE said.request_id = request.id
                        )
                        OR EXISTS (
                            SELECT FROM crm_approval_item AS item
                             WHERE item.request_id = request.id
                               AND item.state IN ('approved', 'rejected')
                               AND NOT EXISTS (
                                SELECT FROM crm_approval_decision AS said
                                 WHERE said.step_id = item.step_id
                                   AND item.user_id IN (
                                       said.user_id, said.on_behalf_id
                                   )
                            )
                        )
                      )
                    ORDER BY request.name
                    LIMIT 20""",
                company=company.id,
            )
        )
        return tuple(name for (name,) in self.env.cr.fetchall())

    @api.model
    def _get_span(self, company, date_from=None, date_to=None):
        """Which rows of a company belong to some days.

        :param date_from, date_to: first and last day, in the user's time zone; empty
            means from the first and up to the last row
        :return: numbers of the first and the last row, or ``None`` without any
        """
        conditions = [SQL("company_id = %s AND number IS NOT NULL", company.id)]
        if date_from:
            conditions.append(SQL("date >= %s", self._get_midnight(date_from)))
        if date_to:
            after = date_to + timedelta(days=1)
            conditions.append(SQL("date < %s", self._get_midnight(after)))
        self.flush_model()
        self.env.cr.execute(
            SQL(
                "SELECT min(number), max(number) FROM crm_approval_decision WHERE %s",
                SQL(" AND ").join(conditions),
            )
        )
        first, last = self.env.cr.fetchone()
        return (first, last) if first else None

    @api.model
    def _get_midnight(self, day):
        """When a day begins for the user, as UTC without a zone."""
        midnight = datetime.combine(day, time.min, self.env.tz)
        return midnight.astimezone(timezone.utc).replace(tzinfo=None)

    @api.model
    def _export(self, company, span):
        """A part of a chain as text that :mod:`~.core.chain` verifies on its own.

        The file says after which row it starts, so a part verifies as the whole does.

        :param span: what :meth:`_get_span` returned
        :return: iterator of lines; rows are read in batches
        """
        about = {
            "company": company.id,
            "company_name": company.name,
            "exported_by": self.env.user.login,
            "exported_on": fields.Datetime.to_string(fields.Datetime.now()),
        }
        head, count = START, 0
        for row in self._read_chain(company, *span) if span else ():
            if not count:
                yield header_line(Head(row.number - 1, row.previous), **about)
            yield to_line(row)
            head, count = Head(row.number, row.seal), count + 1
        if not count:
            yield header_line(head, **about)
        yield footer_line(head, count)
