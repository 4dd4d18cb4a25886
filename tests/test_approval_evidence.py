"""What was decided stays as it was said, and whoever doubts it can verify it."""

from datetime import date

import psycopg2

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_extension.models.approval.core.chain import verify_lines

from .common import TAGS, ApprovalCommon


class EvidenceCommon(ApprovalCommon):
    """A company of its own, so that its chain begins with the test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Decision = cls.env["crm.approval.decision"]
        cls.books = cls.env["res.company"].create({"name": "Evidence Ltd"})
        cls.env.user.company_ids += cls.books
        cls.auditor = new_test_user(
            cls.env,
            login="t_auditor",
            groups="crm_extension.crm_extension_group_manager",
            company_id=cls.books.id,
            company_ids=[Command.set(cls.books.ids)],
        )

    def ask(self, name="S00042", company=None, **values):
        """A request as the engine makes it, without a document behind it."""
        return (
            self.env["crm.approval.request"]
            ._as_engine()
            .create(
                {
                    "name": name,
                    "res_model": "res.partner",
                    "res_id": self.customer.id,
                    "gate": "res.partner:test",
                    "company_id": (company or self.books).id,
                    "requester_id": self.sales.id,
                    "fingerprint": "f" * 64,
                }
                | values
            )
        )

    def say(self, *comments, company=None):
        """A request and a row per comment, sealed."""
        request = self.ask(company=company)
        decisions = self.Decision._record_rows(
            [
                {"request_id": request.id, "verb": "approve", "comment": comment}
                for comment in comments
            ]
        )
        self.Decision._seal_pending()
        return decisions

    def verify(self, company=None):
        return self.Decision._verify(company or self.books)

    def problems(self):
        return [(p.kind, p.number) for p in self.verify().report.problems]

    def tamper(self, query, *params):
        """What somebody with the database's password can do."""
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE crm_approval_decision DISABLE TRIGGER USER")
        self.env.cr.execute(query, params)
        self.env.cr.execute("ALTER TABLE crm_approval_decision ENABLE TRIGGER USER")
        self.env.invalidate_all()


@tagged(*TAGS)
class TestSealing(EvidenceCommon, TransactionCase):
    """Every decision has a number and a seal."""

    def test_decisions_are_numbered_without_a_gap(self):
        rows = self.say("one", "two", "three")
        self.assertEqual(rows.mapped("number"), [1, 2, 3])
        self.assertEqual(rows[2].previous_seal, rows[1].seal)
        self.assertEqual(self.say("four").number, 4)
        self.assertTrue(self.verify().is_sound)

    def test_each_company_has_its_own_chain(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.say("one", "two")
        self.assertEqual(self.say("one", company=other).number, 1)
        self.assertEqual(self.say("three").number, 3)
        self.assertEqual(self.verify(other).report.checked, 1)
        self.assertEqual(self.verify().report.checked, 3)

    def test_rows_of_two_companies_in_one_go(self):
        other = self.env["res.company"].create({"name": "Other"})
        requests = self.ask() + self.ask(company=other) + self.ask()
        rows = self.Decision._record("request", requests)
        self.Decision._seal_pending()
        self.assertEqual(rows.mapped("number"), [1, 1, 2])

    def test_what_is_rolled_back_leaves_no_gap(self):
        self.say("one")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.say("never said")
            raise UserError(self.env._("No"))
        self.assertEqual(self.say("two").number, 2)
        self.assertTrue(self.verify().is_sound)

    def test_a_savepoint_of_the_engine_leaves_sealing_to_the_commit(self):
        request = self.ask()
        rows = self.Decision._record("request", request)
        with self.Decision._savepoint():
            rows += self.Decision._record("reask", request)
            with self.assertRaises(UserError), self.Decision._savepoint():
                self.Decision._record("withdraw", request)
                raise UserError(self.env._("No"))
            with self.env.cr.savepoint():
                rows += self.Decision._record("approve", request)
        self.assertEqual(rows.mapped("number"), [0, 0, 0])
        self.env.cr.flush()  # as a commit does
        self.assertEqual(rows.mapped("number"), [1, 2, 3])
        self.assertTrue(self.verify().is_sound)

    def test_what_was_said_before_a_savepoint_that_fails_is_sealed(self):
        row = self.Decision._record("request", self.ask())
        with self.assertRaises(UserError), self.Decision._savepoint():
            self.say("never said")
            raise UserError(self.env._("No"))
        self.env.cr.flush()
        self.assertEqual(row.number, 1)
        self.assertTrue(self.verify().is_sound)

    def test_what_a_plain_savepoint_rolls_back_leaves_no_gap(self):
        request = self.ask()
        with self.assertRaises(UserError), self.env.cr.savepoint(flush=False):
            self.Decision._record("request", request)
            self.env.flush_all()
            raise UserError(self.env._("No"))
        row = self.Decision._record("request", request)
        self.Decision._seal_pending()
        self.assertEqual(row.number, 1)
        self.assertTrue(self.verify().is_sound)

    def test_sealing_costs_the_same_for_one_and_for_many(self):
        self.say("warm")
        request = self.ask()
        counts = []
        for many in (1, 200):
            self.Decision._record_rows(
                [{"request_id": request.id, "verb": "approve"}] * many
            )
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.Decision._seal_pending()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 4)

    def test_a_row_says_by_itself_who_decided_what(self):
        request = self.ask("S00042")
        row = self.Decision.with_user(self.manager)._record(
            "approve",
            request,
            "Fine",
            on_behalf_id=self.director.id,
            details={"discount": 15.5},
        )
        self.manager.name = "Renamed"
        request._as_engine().write({"name": "Other", "res_id": 1})
        self.assertRecordValues(
            row,
            [
                {
                    "document": "S00042",
                    "document_model": "res.partner",
                    "document_key": self.customer.id,
                    "person": "Manager",
                    "login": "t_manager",
                    "behalf_person": "Director",
                    "behalf_login": "t_director",
                    "comment": "Fine",
                    "company_id": self.books.id,
                }
            ],
        )
        self.assertEqual(row.details, {"discount": 15.5})
        self.assertFalse(row.date.microsecond)
        self.assertTrue(self.verify().is_sound)

    def test_any_text_is_kept_and_verifies(self):
        texts = [
            "NaN",
            "🙂🇨🇳\u200d",
            "同意，价格合适",
            "موافق على السعر \u202e",
            "x" * 10_000,
            "line\r\nline\ttab \\ \" ' \u2028",
            "",
        ]
        rows = self.say(*texts)
        self.env.invalidate_all()
        self.assertEqual([row.comment or "" for row in rows], texts)
        self.assertTrue(self.verify().is_sound)

    def test_text_the_database_cannot_hold_is_kept_as_far_as_it_can(self):
        rows = self.say("a\0b", "half \ud83d character")
        self.assertEqual(rows.mapped("comment"), ["ab", "half ? character"])
        self.assertTrue(self.verify().is_sound)

    def test_history_from_before_is_sealed_once(self):
        rows = self.say("one", "two")
        self.tamper(
            "UPDATE crm_approval_decision SET number = NULL, seal = NULL,"
            " previous_seal = NULL, document = NULL, person = NULL, login = NULL"
            " WHERE id IN %s",
            tuple(rows.ids),
        )
        self.assertEqual(self.verify().unsealed, 2)
        self.Decision._seal_history()
        self.assertEqual(rows.mapped("number"), [1, 2])
        self.assertEqual(rows.mapped("document"), ["S00042"] * 2)
        self.assertEqual(rows[0].login, self.env.user.login)
        self.Decision._seal_history()
        self.assertTrue(self.verify().is_sound)


@tagged(*TAGS)
class TestVerifying(EvidenceCommon, TransactionCase):
    """Whatever is done in the database directly is named."""

    def setUp(self):
        super().setUp()
        self.rows = self.say("one", "two", "three", "four", "five")

    def test_nothing_was_touched(self):
        found = self.verify()
        self.assertTrue(found.is_sound)
        self.assertEqual(found.report.checked, 5)
        self.assertEqual(found.report.head, (5, self.rows[4].seal))

    def test_each_sealed_value_that_changes_is_named(self):
        for column, value in (
            ("comment", "'twp'"),
            ("comment", "NULL"),
            ("verb", "'reject'"),
            ("date", "date + interval '1 microsecond'"),
            ("date", "'infinity'"),
            ("user_id", str(self.finance.id)),
            ("on_behalf_id", str(self.finance.id)),
            ("person", "person || ' '"),
            ("login", "'x'"),
            ("document", "'S00043'"),
            ("document_key", "document_key + 1"),
            ("fingerprint", "repeat('e', 64)"),
            ("details", "'{\"a\": 1}'"),
            ("seal", "repeat('0', 64)"),
            ("seal", "NULL"),
        ):
            with self.subTest(column=column, value=value):
                savepoint = self.env.cr.savepoint()
                self.tamper(
                    f"UPDATE crm_approval_decision SET {column} = {value}"
                    " WHERE id = %s",
                    self.rows[1].id,
                )
                self.assertEqual(self.problems()[0], ("altered", 2))
                savepoint.close(rollback=True)
        self.assertFalse(self.problems())

    def test_a_removed_row_is_named(self):
        self.tamper("DELETE FROM crm_approval_decision WHERE id = %s", self.rows[2].id)
        self.assertEqual(self.problems(), [("missing", 3)])

    def test_the_newest_row_removed_is_named_by_its_document(self):
        row = self.say("the only one on its request")
        self.assertTrue(self.verify().is_sound)
        self.tamper("DELETE FROM crm_approval_decision WHERE id = %s", row.id)
        found = self.verify()
        self.assertFalse(found.report.problems)
        self.assertEqual(found.silent, ("S00042",))

    def test_two_swapped_rows_are_named(self):
        two, three = self.rows[1:3].ids
        self.tamper(
            "UPDATE crm_approval_decision SET number = 99 WHERE id = %s;"
            "UPDATE crm_approval_decision SET number = 2 WHERE id = %s;"
            "UPDATE crm_approval_decision SET number = 3 WHERE id = %s",
            two,
            three,
            two,
        )
        self.assertEqual(
            {n for kind, n in self.problems() if kind == "altered"}, {2, 3}
        )

    def test_a_forged_row_is_named(self):
        forge = (
            "INSERT INTO crm_approval_decision"
            " (request_id, user_id, verb, date, fingerprint, company_id, number, seal)"
            " SELECT request_id, user_id, 'approve', date, fingerprint, company_id,"
            " %s, %s FROM crm_approval_decision WHERE id = %s"
        )
        self.tamper(forge, 6, "f" * 64, self.rows[0].id)
        self.assertEqual(self.problems(), [("link", 6), ("altered", 6)])
        self.tamper(forge, None, None, self.rows[0].id)
        self.assertEqual(self.verify().unsealed, 1)

    def test_a_forged_row_cannot_take_a_number_twice(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.env.cr.savepoint(),
        ):
            self.tamper(
                "UPDATE crm_approval_decision SET number = 1 WHERE id = %s",
                self.rows[1].id,
            )

    def test_a_forged_row_without_a_seal_is_never_sealed_later(self):
        self.tamper(
            "INSERT INTO crm_approval_decision"
            " (request_id, user_id, verb, date, fingerprint, company_id)"
            " SELECT request_id, user_id, verb, date, fingerprint, company_id"
            " FROM crm_approval_decision WHERE id = %s",
            self.rows[0].id,
        )
        self.say("six")
        self.assertEqual(self.verify().unsealed, 1)

    def test_batches_change_nothing(self):
        module = "odoo.addons.crm_extension.models.approval.crm_approval_seal"
        self.patch(__import__(module, fromlist=["BATCH"]), "BATCH", 2)
        self.assertEqual(self.verify().report.checked, 5)
        self.assertFalse(self.problems())

    def test_the_button_says_it_in_plain_words(self):
        desk = self.env["crm.approval.evidence"].with_user(self.auditor)
        action = self.Decision.with_user(self.auditor).action_verify()
        result = desk.browse(action["res_id"]).result
        self.assertIn("Evidence Ltd", result)
        self.assertIn("5 decisions verified", result)
        self.assertIn(self.rows[4].seal, result)
        self.tamper(
            "UPDATE crm_approval_decision SET comment = '<b>' WHERE id = %s",
            self.rows[1].id,
        )
        action = self.Decision.with_user(self.auditor).action_verify()
        result = desk.browse(action["res_id"]).result
        self.assertIn("Decision 2 is not what was sealed", result)


@tagged(*TAGS)
class TestKept(EvidenceCommon, TransactionCase):
    """Nobody changes or removes what was said: not in Odoo, not by accident in SQL."""

    def setUp(self):
        super().setUp()
        self.row = self.say("Fine")

    def test_nobody_writes_or_deletes_a_decision(self):
        admin = self.env.ref("base.user_admin")
        for rows in (
            self.row.with_user(admin),
            self.row.sudo(),
            self.row.with_context(crm_approval_engine=True).sudo(),
            self.row._as_engine(),
        ):
            with self.assertRaises(AccessError):
                rows.write({"comment": "Never"})
            with self.assertRaises(AccessError):
                rows.unlink()
            with self.assertRaises(AccessError):
                rows.comment = "Never"
        with self.assertRaises(AccessError):
            self.Decision.sudo().create({"request_id": self.row.request_id.id})
        self.assertEqual(self.row.comment, "Fine")

    def test_the_engine_cannot_choose_number_or_seal(self):
        row = self.Decision._record("approve", self.ask(), number=99, seal="x")
        self.Decision._seal_pending()
        self.assertEqual(row.number, 2)
        self.assertTrue(self.verify().is_sound)

    def test_the_database_refuses_too(self):
        for query in (
            "UPDATE crm_approval_decision SET comment = 'x' WHERE id = %s",
            "UPDATE crm_approval_decision SET number = NULL WHERE id = %s",
            "DELETE FROM crm_approval_decision WHERE id = %s",
            "TRUNCATE crm_approval_decision",
        ):
            with (
                self.subTest(query=query),
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.RaiseException),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query, [self.row.id])

    def test_who_wrote_it_last_may_be_forgotten(self):
        """What no seal covers follows its foreign keys."""
        self.env.cr.execute(
            "UPDATE crm_approval_decision SET write_uid = NULL WHERE id = %s",
            [self.row.id],
        )
        self.assertTrue(self.verify().is_sound)

    def test_cancel_reset_and_delete_of_the_document(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        self.decide(self.manager)
        request = order.sudo().crm_approval_request_ids
        before = len(request.decision_ids)
        order.sudo()._action_cancel()
        order.sudo().action_draft()
        order.action_approval_request()
        name = order.name
        order.sudo()._action_cancel()
        order.sudo().unlink()
        self.assertGreaterEqual(len(request.decision_ids), before)
        rows = self.Decision.sudo().search([("document", "=", name)])
        self.assertGreater(len(rows), before)
        self.Decision._seal_pending()
        self.assertTrue(all(rows.mapped("seal")))
        # Other tests may have left documents in the company of the tests.
        self.assertFalse(self.verify(self.company).report.problems)


@tagged(*TAGS)
class TestMerge(EvidenceCommon, TransactionCase):
    """Two contacts turn out to be one: what was asked goes along, what was said
    stays."""

    def merge(self, *partners):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge([partner.id for partner in partners], partners[0])

    def test_requests_follow_the_surviving_contact(self):
        double = self.customer.create({"name": "Azure Interior (2)"})
        request = self.ask(
            double.name, res_id=double.id, state="granted", policy_id=self.policy.id
        )
        self.Decision._record("approve", request, "Fine")
        self.merge(self.customer, double)
        self.assertEqual(request.res_id, self.customer.id)
        row = request.decision_ids
        self.assertEqual(row.document, "Azure Interior (2)")
        self.assertNotEqual(row.document_key, self.customer.id)
        self.assertTrue(self.verify().is_sound)

    def test_of_two_waiting_requests_the_survivors_goes_on(self):
        doubles = self.customer.create([{"name": "Double"}, {"name": "Twin"}])
        policy = {"policy_id": self.policy.id}
        kept = self.ask(**policy)
        moved = [self.ask(res_id=double.id, **policy) for double in doubles]
        for request in (kept, *moved):
            self.Decision._record("request", request)
        self.merge(self.customer, *doubles)
        self.assertEqual(kept.state, "pending")
        for request in moved:
            self.assertEqual(request.state, "cancelled")
            self.assertEqual(request.res_id, self.customer.id)
            self.assertEqual(
                request.decision_ids.mapped("verb"), ["request", "withdraw"]
            )
        self.assertTrue(self.verify().is_sound)

    def test_the_only_waiting_request_goes_on(self):
        double = self.customer.create({"name": "Double"})
        request = self.ask(res_id=double.id, policy_id=self.policy.id)
        self.Decision._record("request", request)
        self.merge(self.customer, double)
        self.assertEqual(request.state, "pending")
        self.assertEqual(request.res_id, self.customer.id)


@tagged(*TAGS)
class TestTakingAway(EvidenceCommon, HttpCase):
    """The file and the paper: for administrators of approvals, of their companies."""

    def setUp(self):
        super().setUp()
        self.rows = self.say("one", "同意 <b>", "three")

    def download(self, company=None, login="t_auditor", **days):
        self.authenticate(login, login)
        return self.url_open(
            f"/crm_extension/evidence/{(company or self.books).id}",
            params=days,
            allow_redirects=False,
        )

    def redate(self, *dates):
        for row, day in zip(self.rows, dates, strict=True):
            self.tamper(
                "UPDATE crm_approval_decision SET date = %s WHERE id = %s", day, row.id
            )

    def test_the_file_verifies_on_its_own(self):
        answer = self.download()
        self.assertEqual(answer.status_code, 200)
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        lines = answer.content.decode().splitlines(keepends=True)
        self.assertEqual(len(lines), 5)
        report = verify_lines(lines)
        self.assertFalse(report.problems)
        self.assertEqual(report.head, (3, self.rows[2].seal))

    def test_a_part_verifies_as_the_whole_does(self):
        self.redate("2025-01-01 12:00", "2025-01-02 12:00", "2025-01-03 12:00")
        for days, numbers in (
            ({"date_from": "2025-01-02"}, (2, 3)),
            ({"date_to": "2025-01-02"}, (1, 2)),
            ({"date_from": "2025-01-02", "date_to": "2025-01-02"}, (2, 2)),
            ({"date_from": "2026-01-01"}, None),
        ):
            with self.subTest(days=days):
                span = self.Decision._get_span(
                    self.books,
                    *(
                        date.fromisoformat(days[name]) if name in days else None
                        for name in ("date_from", "date_to")
                    ),
                )
                self.assertEqual(span, numbers)
                lines = self.download(**days).content.decode().splitlines()
                count = numbers[1] - numbers[0] + 1 if numbers else 0
                self.assertEqual(len(lines), count + 2)
                # The dates were changed behind the seal, and the links were not.
                kinds = {p.kind for p in verify_lines(lines).problems}
                self.assertLessEqual(kinds, {"altered"})

    def test_a_day_is_a_day_of_the_user(self):
        self.redate("2025-01-01 17:00", "2025-01-01 23:30", "2025-01-02 23:00")
        self.auditor.tz = "Asia/Shanghai"
        day = date(2025, 1, 2)
        own = self.Decision.with_user(self.auditor)
        self.assertEqual(own._get_span(self.books, day, day), (1, 2))

    def test_the_button_of_the_list_needs_no_choice_of_rows(self):
        self.authenticate("t_auditor", "t_auditor")
        action = self.make_jsonrpc_request(
            "/web/dataset/call_button/crm.approval.decision/action_verify",
            {
                "model": "crm.approval.decision",
                "method": "action_verify",
                "args": [[]],
                "kwargs": {},
            },
        )
        desk = self.env["crm.approval.evidence"].browse(action["res_id"])
        self.assertIn("3 decisions verified", desk.result)

    def test_nobody_else_gets_the_file(self):
        for login in ("t_sales", "t_manager", "t_finance"):
            answer = self.download(login=login)
            self.assertEqual(answer.status_code, 403, login)
            self.assertNotIn("S00042", answer.text)

    def test_an_auditor_of_one_company_gets_no_other(self):
        for company in (self.company, self.env["res.company"].browse(10**8)):
            self.assertEqual(self.download(company).status_code, 403)

    def test_without_a_login_there_is_no_file(self):
        self.authenticate(None, None)
        answer = self.url_open(
            f"/crm_extension/evidence/{self.books.id}", allow_redirects=False
        )
        self.assertIn(answer.status_code, (303, 403))

    def test_days_that_are_none_are_refused(self):
        self.assertEqual(self.download(date_from="yesterday").status_code, 400)


@tagged(*TAGS)
class TestPaper(EvidenceCommon, TransactionCase):
    """The paper, and who may have it."""

    def setUp(self):
        super().setUp()
        self.rows = self.say("one", "同意 <b>", "three")

    def test_the_paper_lists_what_was_said(self):
        desk = self.env["crm.approval.evidence"].with_user(self.auditor).create({})
        self.assertEqual(desk.decision_count, 3)
        report = self.env["ir.actions.report"].with_user(self.auditor)
        html, _kind = report._render_qweb_html(
            "crm_extension.crm_approval_evidence_report", desk.ids
        )
        html = html.decode()
        self.assertIn("S00042", html)
        self.assertIn("同意 &lt;b&gt;", html)
        self.assertIn(self.rows[2].seal, html)

    def test_too_much_for_paper_is_said(self):
        desk = self.env["crm.approval.evidence"].with_user(self.auditor).create({})
        module = "odoo.addons.crm_extension.wizard.crm_approval_evidence"
        self.patch(__import__(module, fromlist=["PRINT_LIMIT"]), "PRINT_LIMIT", 2)
        with self.assertRaisesRegex(UserError, "too many to print"):
            desk.action_print()

    def test_the_desk_is_for_administrators_alone(self):
        with self.assertRaises(AccessError):
            self.env["crm.approval.evidence"].with_user(self.manager).create({})
        with self.assertRaises(AccessError):
            self.Decision.with_user(self.manager).action_verify()
        desk = self.env["crm.approval.evidence"].with_user(self.auditor)
        with self.assertRaises(AccessError):
            desk.create({"company_id": self.company.id})._get_decisions()
