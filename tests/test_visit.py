"""Visits: what is planned, what is told of them, and what comes of it."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import SALES, TAGS, ApprovalCommon

NOW = "2026-03-04 08:00:00"  # a Wednesday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class VisitCommon(ApprovalCommon):
    """A team whose leader is a plain salesperson, and somebody outside of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leader = cls.make_person("t_leader", "Salesperson", SALES, cls.manager)
        cls.team = cls.env["crm.team"].create(
            {"name": "East", "user_id": cls.leader.id, "company_id": cls.company.id}
        )
        cls.env["crm.team.member"].create(
            {"crm_team_id": cls.team.id, "user_id": cls.sales.id}
        )
        (cls.sales + cls.sales2 + cls.leader + cls.manager).tz = "Asia/Shanghai"
        cls.buyer = cls.env["res.partner"].create(
            {
                "name": "Wang Fang",
                "function": "Buyer",
                "parent_id": cls.customer.id,
            }
        )

    def setUp(self):
        super().setUp()
        patcher = freeze_time(NOW)
        patcher.start()
        self.addCleanup(patcher.stop)

    def make_visit(self, user=None, told=False, **values):
        now = fields.Datetime.now()
        if told:
            values = self.story() | {"start": now - 2 * HOUR, "status": "done"} | values
        return (
            self.env["crm.visit"]
            .with_user(user or self.sales)
            .create(
                {
                    "partner_id": self.customer.id,
                    "subject": "outside_follow",
                    "start": now + DAY,
                }
                | values
            )
        )

    def story(self):
        return {
            "purpose": "Show the samples",
            "result": "She likes the lighter wood",
            "person_ids": [Command.create({"partner_id": self.buyer.id})],
        }


@tagged(*TAGS)
class TestVisits(VisitCommon, TransactionCase):
    """What may be said of a visit."""

    def test_a_subject_outside_the_vocabulary_is_refused(self):
        for subject in ("call_visit", "outside_visit", "call_tracking", "电访—拜访"):
            with self.assertRaises(ValueError), self.cr.savepoint():
                self.make_visit(subject=subject)
        rows = [["Azure Interior", "外访—拜访", "2026-03-04 02:00:00"]]
        found = (
            self.env["crm.visit"]
            .with_user(self.sales)
            .load(["partner_name", "subject", "start"], rows)
        )
        self.assertFalse(found["ids"])
        self.assertIn("外访—拜访", found["messages"][0]["message"])

    def test_there_is_one_first_visit_and_one_first_call(self):
        self.make_visit(subject="call_first")
        self.make_visit(subject="outside_first")
        with self.assertRaisesRegex(ValidationError, "Azure Interior.*follow-up"):
            self.make_visit(subject="outside_first", start="2026-03-09 02:00:00")
        # Whoever of us it was, and whomever of them.
        with self.assertRaisesRegex(ValidationError, "follow-up"):
            self.make_visit(self.sales2, subject="call_first", partner_id=self.buyer.id)

    def test_a_later_visit_does_not_become_a_first_one(self):
        self.make_visit()
        later = self.make_visit(start="2026-03-09 02:00:00")
        with self.assertRaisesRegex(ValidationError, "follow-up"):
            later.subject = "outside_first"

    def test_an_archived_visit_does_not_count_as_the_first(self):
        cancelled = self.make_visit(subject="outside_first")
        cancelled.action_archive()
        self.make_visit(subject="outside_first")
        with self.assertRaisesRegex(ValidationError, "follow-up"):
            cancelled.action_unarchive()

    def test_the_form_proposes_the_subject_that_fits(self):
        visits = self.env["crm.visit"].with_user(self.sales)
        with Form(visits) as form:
            form.partner_id = self.customer
            self.assertEqual(form.subject, "outside_first")
        with Form(visits) as form:
            form.partner_id = self.customer
            self.assertEqual(form.subject, "outside_follow")
            form.subject = "call_first"
            self.assertEqual(form.kind, "phone")

    def test_the_kind_goes_with_the_subject(self):
        visit = self.make_visit(subject="incoming")
        self.assertEqual((visit.mode, visit.kind), ("incoming", "face"))
        visit.kind = "objection"
        visit.subject = "call_follow"
        self.assertEqual(visit.kind, "objection")
        with self.assertRaisesRegex(ValidationError, "Face to face.*Phone talk"):
            visit.kind = "face"

    def test_a_known_customer_is_linked(self):
        for name in ("azure interior", "AZURE INTERIOR, Ltd."):
            with self.assertRaisesRegex(ValidationError, "among our customers.*Azure"):
                self.make_visit(partner_id=False, partner_name=name)
        visit = self.make_visit(partner_id=False, partner_name="Azure Exterior")
        self.assertFalse(visit.partner_id)
        with self.assertRaisesRegex(ValidationError, "Whom is the visit to"):
            self.make_visit(partner_id=False)

    def test_the_form_links_whom_it_knows_and_asks_about_whom_it_may_know(self):
        self.customer.user_id = self.sales2
        visits = self.env["crm.visit"].with_user(self.sales)
        form = Form(visits)
        form.partner_name = "Azure"
        self.assertFalse(form.partner_id)
        self.assertIn("Azure Interior: Sales2 looks after it", form.known_note)
        form.partner_name = "Azure Interior Inc."
        self.assertEqual(form.partner_id, self.customer)

    def test_a_customer_whom_one_may_not_see_is_told_but_not_demanded(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env["res.partner"].create({"name": "Lumber", "company_id": other.id})
        self.assertTrue(self.make_visit(partner_id=False, partner_name="Lumber"))

    def test_an_archived_customer_is_not_planned_for_but_what_was_stays(self):
        planned = self.make_visit(start="2026-03-04 07:00:00", **self.story())
        self.customer.action_archive()
        with self.assertRaisesRegex(ValidationError, "Azure Interior is archived"):
            self.make_visit()
        planned.action_done()
        self.assertEqual(planned.status, "done")
        self.assertTrue(self.make_visit(told=True))

    def test_it_ends_after_it_begins(self):
        visit = self.make_visit()
        self.assertEqual(visit.stop, visit.start + HOUR)
        with self.assertRaisesRegex(ValidationError, "Azure Interior.*before it begin"):
            visit.stop = visit.start - HOUR
        visit.stop = visit.start  # somebody was only seen

    def test_what_is_to_come_is_not_done(self):
        for status in ("done", "not_done"):
            with self.assertRaisesRegex(ValidationError, "yet to come"):
                self.make_visit(status=status, **self.story())
        # A clock that is wrong by a day plans, at best.
        visit = self.make_visit(start="2026-03-05 12:00:00", **self.story())
        with self.assertRaisesRegex(ValidationError, "yet to come"):
            visit.action_done()

    def test_done_is_told_in_full(self):
        visit = self.make_visit(start="2026-03-04 06:00:00")
        with self.assertRaisesRegex(ValidationError, "purpose.*who was met.*result"):
            visit.action_done()
        visit.write(self.story())
        visit.person_ids.role = False
        with self.assertRaisesRegex(ValidationError, "role of everybody"):
            visit.action_done()
        visit.person_ids.role = "Buyer"
        visit.action_done()
        self.assertEqual(visit.date_logged, fields.Datetime.now())
        with self.assertRaisesRegex(ValidationError, "result"):
            visit.result = " "
        visit.action_reopen()
        self.assertFalse(visit.date_logged)

    def test_not_done_needs_no_more_than_to_be_said(self):
        visit = self.make_visit(start="2026-03-04 06:00:00")
        visit.action_not_done()
        self.assertEqual(visit.status, "not_done")
        self.assertTrue(visit.date_logged)

    def test_a_person_is_a_contact_of_the_customer_or_only_a_name(self):
        visit = self.make_visit(told=True)
        self.assertEqual(
            visit.person_ids.mapped(lambda person: (person.name, person.role)),
            [("Wang Fang", "Buyer")],
        )
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        people = [Command.create({"partner_id": stranger.id})]
        with self.assertRaisesRegex(ValidationError, "Stranger is no contact of Azure"):
            self.make_visit(person_ids=people)
        people = [Command.create({"name": "Stranger", "role": "Porter"})]
        self.assertTrue(self.make_visit(person_ids=people))

    def test_a_record_has_a_day_and_no_hours(self):
        visit = self.make_visit(told=True, schedule_type="record", date="2026-03-03")
        # Six in the evening in Shanghai.
        self.assertEqual(visit.start, fields.Datetime.to_datetime("2026-03-03 10:00"))
        self.assertEqual((visit.start, str(visit.date)), (visit.stop, "2026-03-03"))
        visit.date = "2026-03-04"
        self.assertEqual(visit.start, fields.Datetime.now())

    def test_a_visit_belongs_to_the_day_of_its_salesperson(self):
        start = "2026-03-08 17:00:00"  # Monday in Shanghai
        self.assertEqual(str(self.make_visit(start=start).date), "2026-03-09")
        self.sales.tz = "Europe/Paris"
        self.assertEqual(str(self.make_visit(start=start).date), "2026-03-08")

    def test_it_is_late_when_told_more_than_a_day_after(self):
        in_time = self.make_visit(
            told=True, start="2026-03-03 07:00:00", stop="2026-03-03 08:00:00"
        )
        late = self.make_visit(
            told=True,
            subject="call_follow",
            start="2026-03-03 06:00:00",
            stop="2026-03-03 07:59:59",
        )
        self.assertEqual((in_time.is_late, late.is_late), (False, True))

    def test_when_it_was_told_nobody_says_by_hand(self):
        visit = self.make_visit()
        values = {"date_logged": NOW, "review": "valid", "event_id": 1}
        values |= {"mode": "call", "is_late": True, "team_id": False}
        for name, value in values.items():
            with self.assertRaisesRegex(AccessError, "noted by itself"):
                visit[name] = value
            with self.assertRaisesRegex(AccessError, "noted by itself"):
                self.make_visit(**{name: value})
            context = {f"default_{name}": value}
            made = visit.with_context(**context).create(
                {"partner_id": self.customer.id, "subject": "incoming"}
                | {"start": "2026-03-04 09:00:00"}
            )
            self.assertNotEqual(made.review, "valid")
            self.assertNotEqual(made.sudo().event_id.id, 1)
            self.assertFalse(made.date_logged)
            self.assertEqual((made.mode, made.team_id), ("incoming", self.team))

    def test_a_next_step_becomes_an_activity_once_the_visit_is_told(self):
        visit = self.make_visit(
            start="2026-03-04 06:00:00",
            next_step="Send the offer",
            next_date="2026-03-06",
            **self.story(),
        )
        self.assertFalse(visit.next_activity_id)
        visit.action_done()
        activity = visit.next_activity_id
        self.assertEqual(activity.res_id, self.customer.id)
        self.assertEqual(activity.user_id, self.sales)
        self.assertEqual(
            (activity.summary, str(activity.date_deadline)),
            ("Send the offer", "2026-03-06"),
        )
        visit.next_step = "Send the offer soon"
        self.assertEqual(visit.next_activity_id, activity)

    def test_a_visit_can_bring_an_opportunity(self):
        visit = self.make_visit(told=True, next_step="Fit out the library")
        visit.action_make_opportunity()
        lead = visit.opportunity_id
        self.assertEqual(lead.type, "opportunity")
        self.assertEqual(lead.name, "Fit out the library")
        self.assertEqual((lead.partner_id, lead.user_id), (self.customer, self.sales))
        with self.assertRaisesRegex(UserError, "is about Fit out the library"):
            visit.action_make_opportunity()

    def test_a_customer_shows_its_visits_and_the_last_one(self):
        self.make_visit(told=True, start="2026-03-02 02:00:00")
        self.make_visit(told=True, start="2026-03-03 02:00:00", subject="call_follow")
        self.make_visit()
        for partner in (self.customer, self.buyer):
            partner = partner.with_user(self.sales)
            self.assertEqual(str(partner.crm_last_visit), "2026-03-02")
        partners = self.env["res.partner"].with_user(self.sales)
        for operator, day, found in (
            (">=", "2026-03-02", True),
            (">", "2026-03-02", False),
            ("<", "2026-03-02", False),
            ("<=", "2026-03-02", True),
            ("<", "2026-03-03", True),
        ):
            domain = [("crm_last_visit", operator, day), ("id", "=", self.customer.id)]
            self.assertEqual(bool(partners.search(domain)), found, (operator, day))

    def test_many_visits_cost_as_many_queries_as_one(self):
        def import_visits(number):
            customers = self.env["res.partner"].create(
                [{"name": f"Shop {number} {n}"} for n in range(number)]
            )
            self.env.invalidate_all()
            rows = [
                {
                    "partner_id": customer.id,
                    "subject": "outside_first",
                    "start": "2026-03-02 02:00:00",
                    "schedule_type": "record",
                    "status": "not_done",
                }
                for customer in customers
            ]
            with self.count_queries() as counted:
                self.env["crm.visit"].with_user(self.sales).create(rows)
            return counted.value

        import_visits(1)
        self.assertLessEqual(import_visits(20), import_visits(2) + 3)


@tagged(*TAGS)
class TestVisitCalendar(VisitCommon, TransactionCase):
    """A planned visit is in the calendar, and moving one moves the other."""

    def event(self, visit):
        return visit.sudo().event_id.with_user(self.sales)

    def test_planning_makes_the_appointment(self):
        visit = self.make_visit()
        event = self.event(visit)
        self.assertEqual((event.start, event.stop), (visit.start, visit.stop))
        self.assertEqual(event.user_id, self.sales)
        self.assertEqual(event.partner_ids, self.sales.partner_id)
        self.assertEqual((event.res_model, event.res_id), ("crm.visit", visit.id))
        self.assertFalse(event.activity_ids)
        self.assertIn("Azure Interior", event.name)

    def test_what_is_only_recorded_has_none(self):
        self.assertFalse(self.event(self.make_visit(told=True)))
        self.assertFalse(self.event(self.make_visit(schedule_type="record")))

    def test_moving_the_visit_moves_the_appointment(self):
        visit = self.make_visit()
        visit.write({"start": "2026-03-06 02:00:00", "stop": "2026-03-06 04:00:00"})
        event = self.event(visit)
        self.assertEqual(str(event.start), "2026-03-06 02:00:00")
        self.assertEqual(str(event.stop), "2026-03-06 04:00:00")
        self.assertEqual(event.duration, 2)

    def test_moving_the_appointment_moves_the_visit(self):
        visit = self.make_visit()
        self.event(visit).write({"start": "2026-03-06 02:00:00"})
        self.assertEqual(str(visit.start), "2026-03-06 02:00:00")
        self.assertEqual(str(visit.stop), "2026-03-06 03:00:00")
        self.assertEqual(str(visit.date), "2026-03-06")

    def test_what_has_taken_place_is_not_moved_by_the_calendar(self):
        visit = self.make_visit(start="2026-03-04 06:00:00", **self.story())
        visit.action_done()
        self.event(visit).write({"start": "2026-03-06 02:00:00"})
        self.assertEqual(str(visit.start), "2026-03-04 06:00:00")

    def test_another_salesperson_gets_the_appointment(self):
        visit = self.make_visit()
        visit.with_user(self.manager).user_id = self.sales2
        event = visit.sudo().event_id
        self.assertEqual(event.user_id, self.sales2)
        self.assertEqual(event.partner_ids, self.sales2.partner_id)

    def test_a_cancelled_visit_leaves_the_calendar(self):
        visit = self.make_visit()
        event = self.event(visit)
        visit.action_archive()
        self.assertFalse(event.active)
        visit.action_unarchive()
        self.assertTrue(event.active)
        visit.with_user(self.manager).unlink()
        self.assertFalse(event.exists())

    def test_a_personal_one_shows_others_no_more_than_busy(self):
        visit = self.make_visit(nature="personal")
        event = visit.sudo().event_id.with_user(self.sales2)
        self.assertEqual(event.display_name, "Busy")
        # Its team leader moves it all the same.
        visit.with_user(self.leader).start = "2026-03-06 02:00:00"
        self.assertEqual(str(event.sudo().start), "2026-03-06 02:00:00")

    def test_moving_many_at_once_is_one_write(self):
        visits = self.make_visit() | self.make_visit() | self.make_visit()
        visits[0].start = "2026-03-10 02:00:00"
        written = []
        original = type(self.env["calendar.event"]).write

        def write(events, vals):
            written.append(events)
            return original(events, vals)

        self.patch(type(self.env["calendar.event"]), "write", write)
        visits.write({"start": "2026-03-06 02:00:00", "stop": "2026-03-06 03:00:00"})
        self.assertEqual(len([events for events in written if len(events) == 3]), 1)


@tagged(*TAGS)
class TestVisitReview(VisitCommon, TransactionCase):
    """Whether a visit is valid, says the supervisor."""

    def test_the_leader_marks_it_valid_and_it_is_closed(self):
        visit = self.make_visit(told=True)
        self.assertFalse(visit.may_review)
        visit.with_user(self.leader).action_valid()
        self.assertEqual(visit.review, "valid")
        self.assertEqual(visit.review_user_id, self.leader)
        with self.assertRaisesRegex(UserError, "reviewed by Leader"):
            visit.result = "Even better"
        with self.assertRaisesRegex(UserError, "reviewed by Leader"):
            visit.person_ids.name = "Somebody else"
        with self.assertRaisesRegex(UserError, "reviewed by Leader"):
            visit.action_archive()
        visit.with_user(self.leader).action_review_again()
        visit.result = "Even better"

    def test_nobody_reviews_his_own_or_those_of_others(self):
        visit = self.make_visit(told=True)
        for user in (self.sales, self.sales2, self.warehouse):
            with self.assertRaises(AccessError):
                visit.with_user(user).action_valid()
        own = self.make_visit(self.leader, told=True)
        with self.assertRaisesRegex(AccessError, "Somebody else reviews"):
            own.with_user(self.leader).action_valid()
        own.with_user(self.manager).action_invalid()
        self.assertEqual(own.review, "invalid")

    def test_what_is_planned_is_not_reviewed(self):
        with self.assertRaisesRegex(UserError, "still planned"):
            self.make_visit().with_user(self.leader).action_valid()


@tagged(*TAGS)
class TestVisitAccess(VisitCommon, TransactionCase):
    """Own visits, those of one's team, and all of them for managers."""

    def seen_by(self, user):
        return self.env["crm.visit"].with_user(user).search([])

    def test_who_sees_which_visits(self):
        visit = self.make_visit()
        for user in (self.sales, self.leader, self.manager, self.administrators[0]):
            self.assertIn(visit, self.seen_by(user), user.name)
        for user in (self.sales2, self.warehouse):
            self.assertNotIn(visit, self.seen_by(user), user.name)

    def test_approvers_read_and_no_more(self):
        visit = self.make_visit()
        self.assertIn(visit, self.seen_by(self.finance))
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models"):
            visit.with_user(self.finance).purpose = "Mine"

    def test_nobody_writes_visits_for_a_colleague(self):
        for values in ({"user_id": self.sales2.id}, {"user_id": self.leader.id}):
            with self.assertRaises(AccessError):
                self.make_visit(**values)
            visit = self.make_visit()
            with self.assertRaises(AccessError):
                visit.write(values)
        self.assertTrue(self.make_visit(self.leader, user_id=self.sales.id))

    def test_nobody_but_managers_deletes(self):
        visit = self.make_visit()
        for user in (self.sales, self.leader):
            with self.assertRaises(AccessError):
                visit.with_user(user).unlink()
        visit.with_user(self.manager).unlink()

    def test_who_was_met_is_seen_with_the_visit(self):
        person = self.make_visit(told=True).person_ids
        people = self.env["crm.visit.person"]
        self.assertIn(person, people.with_user(self.leader).search([]))
        self.assertNotIn(person, people.with_user(self.sales2).search([]))
        with self.assertRaises(AccessError):
            person.with_user(self.finance).name = "Somebody"

    def test_companies_keep_their_visits_apart(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        user = new_test_user(
            self.env, "t_elsewhere", SALES, company_id=other.id, company_ids=other.ids
        )
        manager = new_test_user(
            self.env,
            "t_elsewhere_manager",
            "sales_team.group_sale_manager",
            company_id=other.id,
            company_ids=other.ids,
        )
        visit = self.make_visit(user, subject="outside_first")
        self.assertEqual(visit.company_id, other)
        self.assertIn(visit, self.seen_by(manager))
        self.assertNotIn(visit, self.seen_by(self.manager))
        # What the other company has done says nothing here.
        self.make_visit(subject="outside_first")
