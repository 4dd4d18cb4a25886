"""A company whose people have visited customers for three years, made by SQL; and the
same hours as meetings in stock Odoo's calendar.

Everything is committed: the databases are thrown away.
"""

from datetime import timedelta
from typing import NamedTuple

from approval.company import environment
from approval.volume import _clone, _skip_foreign_keys
from tier.volume import GAP, _fill_customers, _vacuum, _without_indexes

from odoo import Command, fields

VISITS, PEOPLE, CUSTOMERS = 1_000_000, 200, 50_000
TEAMS = 10
PEOPLE_GAP = 100  # ids of salespeople: far from each other, as those of customers
PAST, AHEAD = 1080, 20  # days
SALES = "sales_team.group_sale_salesman"
LOGIN = "bench_visitor"
RELATION = "calendar_event_res_partner_rel"

# Visit g is person g's, modulo the people, at one of that person's customers.
TURN = f"(g / {PEOPLE})"
PERSON = f"{PEOPLE_GAP} * mod(g, {PEOPLE})"
IS_CALL = f"mod({TURN}, 3) = 0"


class Templates(NamedTuple):
    """What the copies are made of, ids.

    :param user: a salesperson
    :param partner: the same as partner
    :param customer: a customer
    :param teams: sales teams
    """

    user: int
    partner: int
    customer: int
    teams: list


def fill(stock, ours, visits=VISITS, customers=CUSTOMERS):
    """Visits in the one database, as many meetings in the other.

    :return: ``{"visits": number, "meetings": number}``
    """
    with environment(stock) as env:
        templates = _fill_people(env)
        meetings = _fill_meetings(env, templates, visits, customers)
        env.cr.commit()
    _vacuum(stock, "calendar_event", "calendar_event_res_partner_rel")
    _vacuum(stock, "res_partner", "res_users", "calendar_attendee")
    with environment(ours) as env:
        templates = _fill_people(env)
        _fill_owned(env, templates, customers)
        made = _fill_visits(env, templates, visits, customers)
        env.cr.commit()
    _vacuum(ours, "crm_visit", "res_partner", "res_users", "crm_customer_ownership")
    return {"visits": made, "meetings": meetings}


def find_seller(env, number=7):
    """One of the salespeople."""
    first = env["res.users"].search([("login", "=", LOGIN)])
    return first.browse(first.id + PEOPLE_GAP * number)


# === PEOPLE ===


def _fill_people(env):
    user = (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "name": "Bench visitor",
                "login": LOGIN,
                "group_ids": [Command.link(env.ref(SALES).id)],
            }
        )
    )
    customer = env["res.partner"].create({"name": "Bench customer"})
    teams = env["crm.team"].create(
        [{"name": f"Bench team {number}"} for number in range(TEAMS)]
    )
    member = env["crm.team.member"].create(
        {"crm_team_id": teams[0].id, "user_id": user.id}
    )
    env.flush_all()
    found = Templates(user.id, user.partner_id.id, customer.id, teams.ids)
    _copy_people(env, found, member.id)
    # The last of each team leads it.
    for number, team in enumerate(teams.ids):
        leader = user.id + PEOPLE_GAP * (PEOPLE - TEAMS + number)
        env.cr.execute("UPDATE crm_team SET user_id = %s WHERE id = %s", [leader, team])
    env.invalidate_all(flush=False)
    return found


def _copy_people(env, templates, member):
    user, times = templates.user, PEOPLE - 1
    _skip_foreign_keys(env)

    def copy(table, condition, **values):
        _clone(env, table, condition, times, PEOPLE_GAP, 1, **values)

    moved, team = f"+ {PEOPLE_GAP} * g", _pick_team(templates, "g")
    copy(
        "res_partner",
        f"t.id = {templates.partner}",
        commercial_partner_id=f"t.commercial_partner_id {moved}",
        name="t.name || ' ' || g",
        complete_name="t.complete_name || ' ' || g",
    )
    copy(
        "res_users",
        f"t.id = {user}",
        partner_id=f"t.partner_id {moved}",
        login="t.login || g",
        sale_team_id=team,
        create_date="t.create_date - interval '1200 days'",
    )
    copy(
        "crm_team_member",
        f"t.id = {member}",
        user_id=f"t.user_id {moved}",
        crm_team_id=team,
    )
    for table, column, other in (
        ("res_groups_users_rel", "uid", "gid"),
        ("res_company_users_rel", "user_id", "cid"),
    ):
        env.cr.execute(
            f"INSERT INTO {table} ({column}, {other})"
            f" SELECT t.{column} + {PEOPLE_GAP} * g, t.{other}"
            f" FROM {table} t, generate_series(1, {times}) g"
            f" WHERE t.{column} = {user}"
        )
    env.cr.execute("SET LOCAL session_replication_role = DEFAULT")
    env.registry.clear_all_caches()


def _pick_team(templates, number):
    return f"(ARRAY{templates.teams})[mod({number}, {TEAMS}) + 1]"


# === CUSTOMERS ===


def _fill_owned(env, templates, count):
    """Customers, of whom one in ten is in the pool; each is visited every one, two or
    four weeks."""
    _fill_customers(env, templates.customer, 1, count)
    tiers = env["crm.customer.tier"].search([], limit=3)
    for tier, days in zip(tiers, (7, 14, 28), strict=True):
        tier.visit_days = days
    env.flush_all()
    own_customers(env, templates.user, templates.customer, count)
    env.cr.execute(
        f"""
        UPDATE res_partner
           SET crm_tier_id = jsonb_build_object(
                   %s, (%s::int[])[mod(id / {GAP}, 3) + 1]),
               create_date = create_date - interval '1200 days'
         WHERE name LIKE 'Bench customer%%'
        """,
        [str(env.company.id), tiers.ids],
    )
    env.invalidate_all(flush=False)


def own_customers(env, user, customer, count, pool=True):
    """The first so many customers are shared out among the people, and noted so.

    :param user: id of the first of the salespeople
    :param customer: id of the first of the customers
    :param pool: whether one in ten stays in the pool
    """
    env.cr.execute("DELETE FROM crm_customer_ownership")
    env.cr.execute(
        f"""
        UPDATE res_partner partner
           SET user_id = made.owner, crm_owner_id = made.owner
          FROM (SELECT id, CASE
                    WHEN number >= %(count)s THEN NULL
                    WHEN %(pool)s AND mod(number / {PEOPLE}, 10) = 0 THEN NULL
                    ELSE %(user)s + {PEOPLE_GAP} * mod(number, {PEOPLE}) END AS owner
                  FROM (SELECT id, (id - %(customer)s) / {GAP} AS number
                          FROM res_partner
                         WHERE name LIKE 'Bench customer%%') known) made
         WHERE made.id = partner.id
           AND partner.user_id IS DISTINCT FROM made.owner
        """,
        {"user": user, "customer": customer, "count": count, "pool": pool},
    )
    env.invalidate_all(flush=False)
    env["res.partner"]._crm_note_found_owners()
    env.cr.execute(
        "UPDATE crm_customer_ownership SET date_from = date_from - interval '200 days'"
    )
    env.invalidate_all(flush=False)


# === VISITS AND MEETINGS ===


def _when(visits):
    """When number g begins: one after the other over the years, in the daytime."""
    return (
        "(date_trunc('day', timezone('utc', now()))"
        f" + (g::bigint * {PAST + AHEAD} / {visits} - {PAST}) * interval '1 day'"
        f" + (1 + mod({TURN}, 9)) * interval '1 hour')"
    )


def _whom(customers):
    """Which customer it is about; customer k is person k's, modulo the people."""
    each = customers // PEOPLE
    return f"(mod(g, {PEOPLE}) + {PEOPLE} * mod({TURN} * 37, {each}))"


def _fill_visits(env, templates, visits, customers):
    visit = env["crm.visit"].create(
        {
            "partner_id": templates.customer,
            "user_id": templates.user,
            "subject": "outside_follow",
            "schedule_type": "record",
            "status": "done",
            "start": fields.Datetime.now() - timedelta(days=PAST),
            "purpose": "How the new machine runs",
            "result": "Needs a second one in spring",
            "person_ids": [Command.create({"name": "Mrs Li", "role": "Buyer"})],
        }
    )
    env.flush_all()
    start, customer = _when(visits), _whom(customers)
    _skip_foreign_keys(env)
    with _without_indexes(env, ["crm_visit"]):
        made = _clone(
            env,
            "crm_visit",
            f"t.id = {visit.id}",
            visits - 1,
            1,
            1,
            partner_id=f"t.partner_id + {GAP} * {customer}",
            commercial_partner_id=f"t.commercial_partner_id + {GAP} * {customer}",
            partner_name=f"t.partner_name || ' ' || {customer}",
            user_id=f"t.user_id + {PERSON}",
            team_id=_pick_team(templates, f"mod(g, {PEOPLE})"),
            start=start,
            stop=f"{start} + interval '1 hour'",
            date=f"{start}::date",
            subject=f"CASE WHEN {IS_CALL} THEN 'call_follow' ELSE t.subject END",
            mode=f"CASE WHEN {IS_CALL} THEN 'call' ELSE t.mode END",
            kind=f"CASE WHEN {IS_CALL} THEN 'phone' ELSE t.kind END",
            status=f"CASE WHEN {start} > timezone('utc', now()) THEN 'planned'"
            f" WHEN mod({TURN} * 31, 991) < 50 THEN 'not_done' ELSE 'done' END",
            client_token="md5(g::text)",
            review=f"CASE WHEN mod({TURN} * 61, 997) < 800"
            " THEN 'valid' ELSE 'open' END",
        )
    env.invalidate_all(flush=False)
    return made + 1


def _fill_meetings(env, templates, visits, customers):
    """Of the organizer alone: that makes stock Odoo the quicker one."""
    event = (
        env["calendar.event"]
        .with_context(dont_notify=True)
        .create(
            {
                "name": "Bench customer",
                "user_id": templates.user,
                "partner_ids": [Command.set([templates.partner])],
                "start": fields.Datetime.now() - timedelta(days=PAST),
                "stop": fields.Datetime.now() - timedelta(days=PAST, hours=-1),
            }
        )
    )
    env.flush_all()
    start, customer = _when(visits), _whom(customers)
    _skip_foreign_keys(env)
    tables = ("calendar_event", "calendar_attendee", RELATION)
    with _without_indexes(env, tables):
        made = _clone(
            env,
            "calendar_event",
            f"t.id = {event.id}",
            visits - 1,
            1,
            1,
            name=f"t.name || ' ' || {customer}",
            user_id=f"t.user_id + {PERSON}",
            partner_id=f"{templates.partner} + {PERSON}",
            start=start,
            stop=f"{start} + interval '1 hour'",
            access_token="NULL",
        )
        _clone(
            env,
            "calendar_attendee",
            f"t.event_id = {event.id}",
            visits - 1,
            1,
            1,
            event_id="t.event_id + g",
            partner_id=f"t.partner_id + {PERSON}",
            access_token="NULL",
        )
        env.cr.execute(
            f"INSERT INTO {RELATION} (calendar_event_id, res_partner_id)"
            f" SELECT %s + g, %s + {PERSON} FROM generate_series(1, %s) g",
            [event.id, templates.partner, visits - 1],
        )
    env.invalidate_all(flush=False)
    return made + 1
