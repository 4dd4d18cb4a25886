"""The list and the calendar of visits as a salesperson opens them, beside those of
stock Odoo's meetings."""

from datetime import date, timedelta
from functools import partial

from approval.company import environment
from lxml import etree
from tier.screens import _specify

from .pairs import compare
from .volume import find_seller

STOCK = "calendar.event"
VIEWS = {
    STOCK: (
        "calendar.view_calendar_event_tree",
        "calendar.view_calendar_event_calendar",
    ),
    "crm.visit": (
        "crm_extension.crm_visit_view_list",
        "crm_extension.crm_visit_view_calendar",
    ),
}


def compare_screens(stock, ours):
    """What opening the screens takes. The stock list opens with everybody's meetings,
    ours with one's own visits; the stock one with one's own is told, too.

    :return: ``{screen: figures}``, see :func:`.pairs.compare`
    """
    with environment(stock) as theirs, environment(ours) as mine:
        other, own = _Screens(theirs, STOCK), _Screens(mine, "crm.visit")
        meetings = [("partner_ids.user_ids", "in", [other.user.id])]
        visits = [("user_id", "=", own.user.id)]
        attended = [("partner_ids", "in", other.user.partner_id.ids)]
        screens = {
            "list as it opens": (other.list([]), own.list(visits)),
            "list of one's own": (other.list(meetings), own.list(visits)),
            "calendar of a week": (other.week(attended), own.week(visits)),
        }
        return {
            name: compare({"stock": (theirs, there), "ours": (mine, here)})
            for name, (there, here) in screens.items()
        }


class _Screens:
    """What the web client asks for to show the screens, as one salesperson."""

    def __init__(self, env, model):
        self.user = find_seller(env)
        self.records = env[model].with_user(self.user)
        listed, dated = (env.ref(name).id for name in VIEWS[model])
        views = self.records.get_views([(listed, "list"), (dated, "calendar")])["views"]
        self.columns = _specify(self.records, etree.fromstring(views["list"]["arch"]))
        self.names = _read_calendar(etree.fromstring(views["calendar"]["arch"]))

    def list(self, domain):
        return partial(
            self.records.web_search_read,
            domain,
            self.columns,
            limit=80,
            count_limit=10_001,
        )

    def week(self, domain):
        """The last whole week."""
        monday = date.today() - timedelta(days=date.today().weekday() + 7)
        days = [
            ("start", "<=", f"{monday + timedelta(days=7)} 00:00:00"),
            ("stop", ">=", f"{monday} 00:00:00"),
        ]
        return partial(self.records.search_read, days + domain, self.names)


def _read_calendar(arch):
    given = ("date_start", "date_stop", "date_delay", "all_day", "color")
    names = [arch.get(name) for name in given]
    names += [node.get("name") for node in arch.iter("field")]
    return list(dict.fromkeys(["display_name", *filter(None, names)]))
