"""The weekly quota and whom to visit next, beside the bare SQL aggregate that gives the
same figures."""

from datetime import date, timedelta
from functools import partial

from approval.company import environment
from lxml import etree
from tier.screens import _specify

from odoo import Command

from .pairs import compare
from .volume import find_seller

WEEKS = 13
WEEK = "crm_extension.crm_visit_week_view_list"
DUE = "crm_extension.crm_visit_due_view_list"
# What was done in some weeks, by person; without the people, their teams and quotas.
COUNTED = """
    SELECT user_id, date_trunc('week', date)::date AS week,
           COUNT(*) FILTER (WHERE kind = 'face' AND review = 'valid'
                              AND partner_id IS NOT NULL) AS counted,
           COUNT(*) FILTER (WHERE kind = 'face' AND review = 'open'
                              AND partner_id IS NOT NULL) AS waiting,
           COUNT(*) FILTER (WHERE kind = 'phone') AS calls
      FROM crm_visit
     WHERE status = 'done' AND active
       AND date >= %(first)s AND date < %(end)s
       AND (%(user)s IS NULL OR user_id = %(user)s)
     GROUP BY user_id, date_trunc('week', date)::date
     ORDER BY week DESC, counted LIMIT 80
"""
# When customers were last there and will be next, and when that is due.
LAST = """
    SELECT partner.id, MAX(visit.date) FILTER (WHERE visit.status = 'done') AS last_on,
           MIN(visit.date) FILTER (
               WHERE visit.status = 'planned' AND visit.date >= %(today)s),
           MAX(visit.date) FILTER (WHERE visit.status = 'done') + tier.visit_days
               AS due_on
      FROM res_partner partner
      JOIN crm_customer_tier tier
        ON tier.id = (partner.crm_tier_id ->> %(key)s)::int AND tier.visit_days > 0
      JOIN crm_visit visit
        ON visit.commercial_partner_id = partner.id
       AND visit.active AND visit.mode != 'call' AND visit.company_id = %(company)s
     WHERE partner.active AND (%(user)s IS NULL OR partner.user_id = %(user)s)
     GROUP BY partner.id, tier.visit_days
     ORDER BY due_on LIMIT 80
"""


def compare_boards(ours):
    """What the screens take, and the aggregates.

    :return: ``{screen: figures}``, see :func:`.pairs.compare`
    """
    with environment(ours) as env:
        seller, manager = find_seller(env), _make_manager(env)
        monday = date.today() - timedelta(days=date.today().weekday())
        quarter = monday - timedelta(weeks=WEEKS - 1)
        mine = [("user_id", "=", seller.id)]
        due = [("days_late", ">=", -7), ("planned_on", "=", False)]
        screens = {
            "team board, a quarter": (
                _open(env, "crm.visit.week", WEEK, manager, []),
                _count(env, quarter, monday),
            ),
            "team board, this week": (
                _open(
                    env, "crm.visit.week", WEEK, manager, [("week", ">", "today -7d")]
                ),
                _count(env, monday, monday),
            ),
            "one's own quota, a quarter": (
                _open(env, "crm.visit.week", WEEK, seller, mine),
                _count(env, quarter, monday, seller),
            ),
            "due now, all customers": (
                _open(env, "crm.visit.due", DUE, manager, due),
                _look(env),
            ),
            "due now, one's own customers": (
                _open(env, "crm.visit.due", DUE, seller, mine + due),
                _look(env, seller),
            ),
        }
        return {
            name: compare({"aggregate": (env, bare), "ours": (env, screen)})
            for name, (screen, bare) in screens.items()
        }


def _make_manager(env):
    group = env.ref("sales_team.group_sale_manager")
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "name": "Bench manager",
                "login": "bench_manager",
                "group_ids": [Command.link(group.id)],
            }
        )
    )


def _open(env, model, view, user, domain):
    """Opening a list as a person, as a function."""
    records = env[model].with_user(user)
    found = records.get_views([(env.ref(view).id, "list")])["views"]["list"]
    columns = _specify(records, etree.fromstring(found["arch"]))
    return partial(
        records.web_search_read, domain, columns, limit=80, count_limit=10_001
    )


def _count(env, first, last, user=None):
    end = last + timedelta(days=7)
    return partial(
        _ask, env, COUNTED, {"first": first, "end": end, "user": user and user.id}
    )


def _look(env, user=None):
    company = env.company.id
    told = {"company": company, "key": str(company), "today": date.today()}
    return partial(_ask, env, LAST, told | {"user": user and user.id})


def _ask(env, query, told):
    env.cr.execute(query, told)
    return env.cr.fetchall()
