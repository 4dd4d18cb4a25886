"""The weekly quota and whom to visit next, beside the bare SQL aggregate that gives the
same figures.

Of each screen two things are told. What it asks of the database for its figures, beside
the aggregate; and the whole of it, as the web client opens it, beside the aggregate and
the same screen with rows that are worked out already, in a table: what Odoo takes to
show as many rows of anything.
"""

from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from itertools import count
from statistics import median
from unittest.mock import patch

from approval.company import environment, measure
from lxml import etree
from tier.screens import _specify

from odoo import Command
from odoo.sql_db import Cursor
from odoo.tools import SQL

from .pairs import compare
from .volume import find_seller

WEEKS = 13
WEEK = "crm_extension.crm_visit_week_view_list"
DUE = "crm_extension.crm_visit_due_view_list"
SHOWN = 80
# What counts, of the visits that are done.
FIGURES = """
    COUNT(*) FILTER (WHERE kind = 'face' AND review = 'valid'
                       AND partner_id IS NOT NULL) AS counted,
    COUNT(*) FILTER (WHERE kind = 'face' AND review = 'open'
                       AND partner_id IS NOT NULL) AS waiting,
    COUNT(*) FILTER (WHERE kind = 'phone') AS calls
"""
# What was done in some weeks, by person; without teams and quotas. All at once, and
# person by person: which is the quicker depends on how many they are.
COUNTED = (
    f"""
    SELECT user_id, date_trunc('week', date)::date AS week, {FIGURES}
      FROM crm_visit
     WHERE status = 'done' AND active
       AND date >= %(first)s AND date < %(end)s
       AND (%(user)s::int IS NULL OR user_id = %(user)s)
     GROUP BY user_id, date_trunc('week', date)::date
     ORDER BY week DESC, counted LIMIT %(shown)s
    """,
    f"""
    SELECT person.id, week.day::date AS week, told.*
      FROM res_users person
     CROSS JOIN generate_series(
               %(first)s::date, %(end)s::date - 7, '7 days') week(day)
     CROSS JOIN LATERAL (
           SELECT {FIGURES} FROM crm_visit
            WHERE status = 'done' AND active AND user_id = person.id
              AND date >= week.day::date AND date < week.day::date + 7) told
     WHERE (%(user)s::int IS NULL OR person.id = %(user)s)
     ORDER BY week DESC, counted LIMIT %(shown)s
    """,
)
DONE = """
    FROM crm_visit WHERE active AND status = 'done' AND mode != 'call'
     AND company_id = %(company)s
"""
PLANNED = """
    FROM crm_visit WHERE active AND status = 'planned' AND mode != 'call'
     AND company_id = %(company)s AND date >= %(today)s
"""
# When customers who are due within a week and not planned for were last visited, and
# when that is due. The same two ways.
LAST = tuple(
    f"""
    SELECT partner.id, last_on,
           COALESCE(last_on, partner.create_date::date) + visit_days AS due_on
      FROM res_partner partner
      JOIN crm_customer_tier tier
        ON tier.id = (partner.crm_tier_id ->> %(key)s)::int AND visit_days > 0
      {joins}
     WHERE partner.active AND planned_on IS NULL
       AND (%(user)s::int IS NULL OR partner.user_id = %(user)s)
       AND COALESCE(last_on, partner.create_date::date) + visit_days
           <= %(today)s::date + 7
     ORDER BY due_on LIMIT %(shown)s
    """
    for joins in (
        f"""
        LEFT JOIN (SELECT commercial_partner_id AS last_id, MAX(date) AS last_on {DONE}
                    GROUP BY commercial_partner_id) last ON last_id = partner.id
        LEFT JOIN (SELECT commercial_partner_id AS next_id, MIN(date) AS planned_on
                          {PLANNED}
                    GROUP BY commercial_partner_id) planned ON next_id = partner.id
        """,
        f"""
        CROSS JOIN LATERAL (SELECT MAX(date) AS last_on {DONE}
                               AND commercial_partner_id = partner.id) last
        CROSS JOIN LATERAL (SELECT MIN(date) AS planned_on {PLANNED}
                               AND commercial_partner_id = partner.id) planned
        """,
    )
)


def compare_boards(ours):
    """What the screens take, and the aggregates.

    :return: ``{screen: {"asked"|"opened": figures}}``, see :func:`.pairs.compare`
    :raises AssertionError: a screen says something else than the aggregate
    """
    with environment(ours) as env:
        seller, manager = find_seller(env), _make_manager(env)
        return {
            name: _Board(env, *of).compare() for name, of in _boards(seller, manager)
        }


def _boards(seller, manager):
    monday = date.today() - timedelta(days=date.today().weekday())
    quarter = monday - timedelta(weeks=WEEKS - 1)
    end = monday + timedelta(days=7)
    mine = [("user_id", "=", seller.id)]
    # This one is empty on a Monday.
    last_week = [("week", ">", "today -14d"), ("week", "<=", "today -7d")]
    due = [("days_late", ">=", -7), ("planned_on", "=", False)]
    company = manager.company_id.id
    every = {"first": quarter, "end": end, "user": None}
    last = {"company": company, "key": str(company), "today": date.today()}
    own = {"user": seller.id}
    weeks, dues = ("crm.visit.week", WEEK, COUNTED), ("crm.visit.due", DUE, LAST)
    return [
        ("team board, a quarter", (*weeks, manager, [], every)),
        (
            "team board, last week",
            (
                *weeks,
                manager,
                last_week,
                {"first": monday - timedelta(days=7), "end": monday, "user": None},
            ),
        ),
        ("one's own quota, a quarter", (*weeks, seller, mine, every | own)),
        ("due now, all customers", (*dues, manager, due, last | {"user": None})),
        ("due now, one's own customers", (*dues, seller, mine + due, last | own)),
    ]


class _Board:
    """A list that somebody opens, and the aggregate.

    :param queries: the aggregate, in several ways
    :param told: what these ask for
    """

    def __init__(self, env, model, view, queries, user, domain, told):
        self.env, self.domain, self.queries, self.told = env, domain, queries, told
        self.records = env[model].with_user(user)
        view = self.records.get_views([(env.ref(view).id, "list")])["views"]["list"]
        self.columns = _specify(self.records, etree.fromstring(view["arch"]))

    def compare(self):
        self.check_figures()
        aggregate, asked = self.pick_aggregate(), self.listen()
        with self.made_ready() as ready:

            def show():
                aggregate()
                ready()

            return {
                "asked": compare(
                    {"aggregate": (self.env, aggregate), "ours": (self.env, asked)}
                ),
                "opened": compare(
                    {"ready": (self.env, show), "ours": (self.env, self.open)}
                ),
            }

    def open(self):
        return self.records.web_search_read(
            self.domain, self.columns, limit=SHOWN, count_limit=10_001
        )

    def ask(self, query, shown=SHOWN):
        self.env.cr.execute(query, self.told | {"shown": shown})
        return self.env.cr.fetchall()

    def pick_aggregate(self):
        """The quickest way."""
        deeds = [partial(self.ask, query) for query in self.queries]
        return min(
            deeds, key=lambda deed: median(measure(self.env, deed)[0] for _ in range(5))
        )

    def check_figures(self):
        """The list, of whatever length, says what all of the aggregates say."""
        names = ("counted", "waiting", "calls")
        if self.records._name == "crm.visit.due":
            names = ("last_on", "due_on")
        found = {}
        for row in self.records.search_read(self.domain):
            key = (row["user_id"][0], row["week"]) if "week" in row else row["id"]
            found[key] = tuple(row[name] or None for name in names)
            if "week" in row:
                assert row["missing"] == max(row["quota"] - row["counted"], 0)
        for query in self.queries:
            bare = {}
            for row in self.ask(query, None):
                key, figures = (
                    (row[0], row[1:]) if "due_on" in names else (row[:2], row[2:])
                )
                bare[key] = tuple(figure or None for figure in figures)
            # Who has done nothing in a week is on the board only.
            assert _drop_empty(found) == _drop_empty(bare), self.domain
        assert _drop_empty(found), f"nothing to compare: {self.domain}"

    def listen(self):
        """What opening the list asks of the visits, to be asked again."""
        heard = []

        def execute(cursor, query, *args, **kwargs):
            result = original(cursor, query, *args, **kwargs)
            heard.append(cursor._obj.query)
            return result

        self.open()  # what is asked once is known
        self.env.invalidate_all()
        original = Cursor.execute
        with patch.object(Cursor, "execute", execute):
            self.open()
        heard = [
            text.replace(b"%", b"%%") for text in heard if b"FROM crm_visit" in text
        ]
        assert heard

        def ask():
            for text in heard:
                self.env.cr.execute(text.decode(), ())
                self.env.cr.fetchall()

        return ask

    @contextmanager
    def made_ready(self):
        """Opening the same list, of rows in a table."""
        table = f"bench_ready_{next(NUMBERS)}"
        query, model = self.records._table_query, self.env.registry[self.records._name]
        name = SQL.identifier(table)
        self.env.cr.execute(
            SQL("CREATE TEMP TABLE %s AS SELECT * FROM (%s) row", name, query)
        )
        self.env.cr.execute(SQL("CREATE UNIQUE INDEX ON %s (id)", name))
        self.env.cr.execute(SQL("ANALYZE %s", name))

        def ready():
            with patch.object(model, "_table_query", SQL("SELECT * FROM %s", name)):
                shown = self.open()
            assert shown["records"]

        yield ready


NUMBERS = count()


def _drop_empty(figures):
    return {key: told for key, told in figures.items() if any(told)}


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
