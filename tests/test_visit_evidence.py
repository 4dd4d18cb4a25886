"""What proves a visit, and that one visit is kept once."""

from base64 import b64decode, b64encode
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from uuid import uuid4

from freezegun import freeze_time
from PIL import Image

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, tagged

from .common import TAGS
from .test_visit import NOW, VisitCommon

OFFICE = {"latitude": 37.8706, "longitude": 112.5489}
HERE = OFFICE | {"accuracy": 12, "age": 1.5}


def photo(colour="red"):
    content = BytesIO()
    Image.new("RGB", (60, 40), colour).save(content, "PNG")
    return b64encode(content.getvalue())


@tagged(*TAGS)
class TestVisitEvidence(VisitCommon, TransactionCase):
    """Check-in and check-out, position, photo and score."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.crm_visit_positions = True
        cls.customer.write(
            {
                "partner_latitude": OFFICE["latitude"],
                "partner_longitude": OFFICE["longitude"],
            }
        )

    def after(self, minutes):
        return freeze_time(
            fields.Datetime.to_datetime(NOW) + timedelta(minutes=minutes)
        )

    def test_check_in_and_check_out_prove_a_visit(self):
        visit = self.make_visit(start=NOW, purpose="Samples")
        visit.action_check_in(HERE)
        self.assertEqual(str(visit.check_in_at), NOW)
        self.assertEqual((visit.check_in_state, visit.check_in_age), ("taken", 1.5))
        self.assertAlmostEqual(visit.check_in_distance, 0, delta=0.1)
        self.assertIn("0 m from the address, accuracy 12 m", visit.check_in_note)
        self.assertEqual(visit.evidence_score, 40)
        self.assertIn("no check-out", visit.evidence_note)
        visit.photo = photo()
        with self.after(40):
            visit.action_check_out(HERE)
        self.assertEqual((visit.dwell_minutes, visit.evidence_score), (40, 100))
        self.assertFalse(visit.evidence_note)
        # The hours are those of the visit.
        self.assertEqual(
            (visit.start, visit.stop), (visit.check_in_at, visit.check_out_at)
        )
        self.assertEqual(visit.sudo().event_id.stop, visit.stop)

    def test_a_second_tap_changes_nothing(self):
        visit = self.make_visit(start=NOW)
        visit.action_check_in(HERE)
        with self.after(5):
            visit.action_check_in({"state": "refused"})
        self.assertEqual(str(visit.check_in_at), NOW)
        self.assertEqual(visit.check_in_state, "taken")

    def test_a_refused_or_missing_position_is_said_and_not_made_up(self):
        for said, state, told in (
            ({"state": "refused"}, "refused", "was refused"),
            ({"state": "unavailable"}, "unavailable", "had no position"),
            (None, "unavailable", "had no position"),
        ):
            visit = self.make_visit(start=NOW)
            visit.action_check_in(said)
            self.assertEqual(visit.check_in_state, state)
            self.assertFalse(visit.check_in_latitude)
            self.assertIn(told, visit.evidence_note)
            self.assertEqual(visit.evidence_score, 0)

    def test_an_old_position_is_said_to_be_old(self):
        visit = self.make_visit(start=NOW)
        visit.action_check_in(HERE | {"age": 3600})
        self.assertEqual(visit.evidence_score, 20)
        self.assertIn("was old", visit.evidence_note)

    def test_a_position_outside_the_globe_is_refused(self):
        visit = self.make_visit(start=NOW)
        for wrong in ({"latitude": 91}, {"longitude": 200}, {"accuracy": -1}):
            with self.assertRaisesRegex(ValidationError, "no place on earth"):
                visit.action_check_in(HERE | wrong)
        for wrong in (
            OFFICE,
            HERE | {"latitude": "north"},
            HERE | {"age": float("nan")},
        ):
            with self.assertRaisesRegex(ValidationError, "no place on earth"):
                visit.action_check_in(wrong)
        self.assertFalse(visit.check_in_at)

    def test_without_the_setting_nobody_keeps_a_position(self):
        self.company.crm_visit_positions = False
        visit = self.make_visit(start=NOW)
        visit.action_check_in(HERE)
        self.assertEqual(visit.check_in_state, "off")
        self.assertFalse(visit.check_in_latitude)
        self.assertEqual(str(visit.check_in_at), NOW)

    def test_a_customer_without_a_place_is_said(self):
        self.customer.write({"partner_latitude": 0, "partner_longitude": 0})
        visit = self.make_visit(start=NOW)
        visit.action_check_in(HERE)
        self.assertEqual(visit.check_in_distance, -1)
        self.assertIn("set its position on the map", visit.evidence_note)

    def test_a_score_blocks_nothing(self):
        visit = self.make_visit(start=NOW, **self.story())
        visit.action_check_in({"state": "refused"})
        visit.action_done()
        self.assertEqual(visit.status, "done")

    def test_there_is_no_check_out_before_a_check_in(self):
        visit = self.make_visit(start=NOW)
        with self.assertRaisesRegex(UserError, "has no check-in"):
            visit.action_check_out(HERE)
        visit.action_not_done()
        with self.assertRaisesRegex(UserError, "is said already"):
            visit.action_check_in(HERE)

    def test_evidence_is_written_by_nobody(self):
        visit = self.make_visit(start=NOW)
        for values in (
            {"check_in_at": NOW},
            {"check_out_latitude": 1.0},
            {"photo_sha256": "0" * 64},
        ):
            with self.assertRaises(AccessError):
                visit.write(values)
        with self.assertRaises(AccessError):
            visit.with_user(self.sales2).action_check_in(HERE)

    def test_where_exactly_somebody_was_is_for_sales(self):
        visit = self.make_visit(start=NOW)
        visit.action_check_in(HERE)
        seen = visit.with_user(self.finance)
        self.assertEqual(seen.evidence_score, 40)
        self.assertTrue(seen.evidence_note)
        with self.assertRaises(AccessError):
            seen.read(["check_in_latitude"])

    def test_a_photo_has_a_fingerprint_and_proves_one_visit(self):
        first = self.make_visit(start=NOW, photo=photo())
        stored = first.with_context(bin_size=False).photo
        self.assertEqual(first.photo_sha256, sha256(b64decode(stored)).hexdigest())
        self.assertEqual(first.evidence_score, 20)
        second = self.make_visit(start=NOW, photo=photo())
        self.assertEqual(second.photo_sha256, first.photo_sha256)
        self.assertEqual(second.evidence_score, 0)
        self.assertIn("in another visit", second.evidence_note)
        second.photo = photo("blue")
        self.assertNotEqual(second.photo_sha256, first.photo_sha256)
        self.assertEqual(second.evidence_score, 20)
        second.photo = False
        self.assertFalse(second.photo_sha256)


@tagged(*TAGS)
class TestVisitOnce(VisitCommon, TransactionCase):
    """A save that is sent twice makes one visit."""

    def test_what_is_sent_twice_is_one_visit(self):
        token = str(uuid4())
        first = self.make_visit(client_token=token)
        again = self.make_visit(client_token=token, purpose="Sent again")
        self.assertEqual(first, again)
        self.assertFalse(again.purpose)
        events = self.env["calendar.event"].search([("res_id", "=", first.id)])
        self.assertEqual(len(events.filtered(lambda e: e.res_model == "crm.visit")), 1)

    def test_a_batch_with_what_is_known_keeps_its_order(self):
        known, new = str(uuid4()), str(uuid4())
        first = self.make_visit(client_token=known)
        visits = self.env["crm.visit"].with_user(self.sales)
        rows = [
            {
                "partner_id": self.customer.id,
                "subject": "incoming",
                "client_token": mark,
            }
            for mark in (new, known, new, False)
        ]
        made = visits.create(rows)
        self.assertEqual(made.ids[1], first.id)
        self.assertEqual(made.ids[0], made.ids[2])
        self.assertEqual(len(set(made.ids)), 3)

    def test_colleagues_do_not_get_each_others_visits(self):
        token = str(uuid4())
        visit = self.make_visit(client_token=token)
        other = self.make_visit(self.sales2, client_token=token)
        self.assertNotEqual(visit, other)

    def test_each_form_has_its_own_mark(self):
        visits = self.env["crm.visit"].with_user(self.sales)
        tokens = {Form(visits).client_token for _turn in range(2)}
        self.assertEqual(len(tokens), 2)
        self.assertTrue(all(tokens))

    def test_what_is_typed_after_the_answer_was_lost_is_kept(self):
        visits = self.env["crm.visit"].with_user(self.sales)
        wang = {"name": "Wang", "role": "Buyer"}
        form = {
            "client_token": str(uuid4()),
            "partner_id": self.customer.id,
            "subject": "outside_follow",
            "start": "2026-03-05 08:00:00",
            "purpose": "Show the samples",
            "person_ids": [[0, "virtual_1", wang]],
        }
        ((first,), (same,)) = (visits.web_save(form, {}) for _turn in range(2))
        visit = visits.browse(first["id"])
        self.assertEqual(same, first)
        (person,) = visit.person_ids
        li = [0, "virtual_2", {"name": "Li", "role": "Director"}]
        more = {"purpose": "Show the new samples", "next_date": "2026-03-09"}
        more |= {"person_ids": [*form["person_ids"], li]}
        visits.web_save(form | more, {})
        self.assertEqual(visit.purpose, "Show the new samples")
        self.assertEqual(visit.person_ids.mapped("name"), ["Wang", "Li"])
        self.assertFalse(person.exists())
        self.assertEqual(str(visit.next_date), "2026-03-09")
        self.assertEqual(visits.search_count([("purpose", "like", "samples")]), 1)
        with self.assertRaisesRegex(ValueError, "Invalid field"):
            visits.web_save(form | {"gossip": "There is none"}, {})

    def test_a_colleague_learns_and_changes_nothing_by_a_mark(self):
        visit = self.make_visit(client_token=str(uuid4()))
        form = {"client_token": visit.client_token, "partner_id": self.customer.id}
        form |= {"subject": "outside_follow", "purpose": "Theirs"}
        other = self.env["crm.visit"].with_user(self.sales2).web_save(form, {})
        self.assertNotEqual(other[0]["id"], visit.id)
        self.assertFalse(visit.purpose)

    def test_nobody_is_twice_with_a_customer_at_one_time(self):
        self.make_visit(told=True)
        with self.assertRaisesRegex(ValidationError, "told already"):
            self.make_visit(told=True)
        before = {"start": "2026-03-04 05:00:00", "stop": "2026-03-04 06:00:00"}
        self.assertTrue(self.make_visit(told=True, **before))
        # Calls in between, and colleagues, are something else.
        self.assertTrue(self.make_visit(told=True, subject="call_follow"))
        self.assertTrue(self.make_visit(self.sales2, told=True))
