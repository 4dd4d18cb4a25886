"""The same small company in every database: people, product, rules, orders."""

import gc
import time
from contextlib import contextmanager

import odoo.sql_db
from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry

APPROVERS = ("bench_one", "bench_two", "bench_three")
REQUESTER = "bench_sales"


@contextmanager
def environment(database, user=SUPERUSER_ID):
    """An environment on a connection of its own; nothing of it is kept."""
    with Registry(database).cursor() as cr:
        try:
            yield api.Environment(cr, user, {})
        finally:
            cr.rollback()


@contextmanager
def taken_back(env):
    """What happens inside has not happened afterwards."""
    savepoint = env.cr.savepoint()
    try:
        yield
    finally:
        savepoint.close(rollback=True)
        env.invalidate_all(flush=False)


def measure(env, deed):
    """:return: (seconds, queries) of one transaction, on all connections"""
    env.cr.flush()
    env.invalidate_all()
    gc.collect()
    gc.disable()
    queries, start = odoo.sql_db.sql_counter, time.perf_counter()
    try:
        deed()
        env.cr.flush()
    finally:
        gc.enable()
    return time.perf_counter() - start, odoo.sql_db.sql_counter - queries


def best(found):
    """The best of several measurements: ``(seconds, queries)``."""
    return min(row[0] for row in found), min(row[1] for row in found)


class Company:
    """Master data in one database, and the approval rules of what is installed."""

    def __init__(self, env, more_groups=""):
        self.env = env
        env.ref("base.group_user").implied_ids += env.ref(
            "sale.group_discount_per_so_line"
        )
        groups = "sales_team.group_sale_salesman_all_leads" + more_groups
        self.people = {
            login: self._make_user(login, groups) for login in (*APPROVERS, REQUESTER)
        }
        self.product = env["product.product"].create(
            {"name": "Chair", "list_price": 100, "type": "service", "taxes_id": False}
        )
        self.customer = env["res.partner"].create({"name": "Azure"})

    def _make_user(self, login, groups):
        return (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": login,
                    "login": login,
                    "group_ids": [
                        Command.link(self.env.ref(name).id)
                        for name in groups.split(",")
                    ],
                }
            )
        )

    @property
    def approvers(self):
        return [self.people[login] for login in APPROVERS]

    def make_orders(self, number, discount, lines=3):
        """Quotations; each line gives the discount."""
        line = {
            "product_id": self.product.id,
            "product_uom_qty": 2,
            "discount": discount,
        }
        orders = (
            self.env["sale.order"]
            .with_user(self.people[REQUESTER])
            .create(
                [
                    {
                        "partner_id": self.customer.id,
                        "order_line": [Command.create(line) for _line in range(lines)],
                    }
                    for _order in range(number)
                ]
            )
        )
        self.env.flush_all()
        return orders


class Ours(Company):
    """crm_extension: three points, one after the other, one person each."""

    def __init__(self, env, points=None):
        super().__init__(env, ",crm_extension.crm_extension_group_approver")
        env["crm.discount.policy"].create(
            {"name": "Bench", "floor": 60, "default_limit": 10}
        )
        self.policy = env["crm.approval.policy"].create(
            {
                "name": "Bench",
                "gate": "sale.order:confirm",
                "require_reason": False,
                "condition_domain": "[('crm_discount_excess', '>', 0)]",
                "step_ids": [
                    Command.create(
                        {
                            "name": f"Point {number}",
                            "sequence": number,
                            "approver_kind": "users",
                            "user_ids": [Command.set([user.id for user in users])],
                        }
                    )
                    for number, users in enumerate(
                        points(self)
                        if points
                        else [[person] for person in self.approvers]
                    )
                ],
            }
        )
        if "state" in self.policy._fields and self.policy.state != "published":
            # Publishing is a deed of two people.
            manager = self._make_user(
                "bench_manager", "crm_extension.crm_extension_group_manager"
            )
            self.policy.with_user(manager).action_propose()
            self.policy.with_user(env.ref("base.user_admin")).action_publish()

    def ask(self, orders):
        orders.with_user(self.people[REQUESTER]).action_approval_request()

    def items(self, user):
        """What waits for a person, as that person."""
        return (
            self.env["crm.approval.item"]
            .with_user(user)
            .search([("user_id", "=", user.id), ("state", "=", "open")])
        )

    def approve(self, _orders, user):
        self.items(user).action_approve()


class Oca(Company):
    """sale_tier_validation: three definitions, approved by sequence.

    The same notices as ours: an activity for each person whose turn it is, which goes
    with the answer, and at the end a note in the document's conversation and a notice
    to the requester; the badge's message on the bus is its own. Its own mails to
    reviewers stay off, for we send none: activities are put in where it would send
    them.
    """

    def __init__(self, env, notices=True):
        super().__init__(env)
        self.notices = notices
        env["tier.definition"].create(
            [
                {
                    "name": f"Point {number}",
                    "model_id": env["ir.model"]._get_id("sale.order"),
                    "definition_domain": "[('order_line.discount', '>', 10)]",
                    "reviewer_id": person.id,
                    "sequence": 30 - number,
                    "approve_sequence": True,
                    "notify_on_pending": notices,
                }
                for number, person in enumerate(self.approvers)
            ]
        )
        type(env["sale.order"])._notify_review_available = plan_activities

    def ask(self, orders):
        orders.with_user(self.people[REQUESTER]).request_validation()

    def approve(self, orders, user):
        # It decides, and so tells, one document at a time.
        for order in orders.with_user(user):
            order.validate_tier()
            if self.notices:
                self.end_activities(order, user)
                if user == self.approvers[-1]:
                    self.tell_requester(order, user)

    def end_activities(self, order, user):
        activities = self.env["mail.activity"].with_user(user)
        activities.search(
            [
                ("res_model", "=", "sale.order"),
                ("res_id", "=", order.id),
                ("user_id", "=", user.id),
            ]
        ).unlink()

    def tell_requester(self, order, user):
        """A note in the conversation, and a notice to whoever asked."""
        order.sudo()._message_log(body="Approved.", author_id=user.partner_id.id)
        self.env["mail.thread"].message_notify(
            partner_ids=self.people[REQUESTER].partner_id.ids,
            author_id=user.partner_id.id,
            subject=order.name,
            body="Approved.",
            model="sale.order",
            res_id=order.id,
        )


def plan_activities(self, reviews):
    """Stands in for OCA's mail when a review's turn has come."""
    model = self.env["ir.model"]._get_id("sale.order")
    kind = self.env.ref("mail.mail_activity_data_todo").id
    self.env["mail.activity"].sudo().with_context(
        mail_activity_quick_update=True
    ).create(
        [
            {
                "activity_type_id": kind,
                "res_model_id": model,
                "res_id": order.id,
                "user_id": review.reviewer_ids[:1].id,
                "summary": order.name,
            }
            for order in self
            for review in reviews.filtered(lambda r, order=order: r.res_id == order.id)
        ]
    )
