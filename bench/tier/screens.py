"""The customer list and form of a company with very many customers, as a salesperson
opens them, beside stock Odoo's in another database."""

from functools import partial
from statistics import median

from approval.company import environment, measure
from lxml import etree

from odoo import Command

from .volume import MANY, _fill_customers, _vacuum

ROUNDS = 15
SALES = "sales_team.group_sale_salesman_all_leads"
LIST, FORM = "base.view_partner_tree", "base.view_partner_form"


def compare_screens(stock, ours, many=MANY):
    """What opening the list and the form of a customer takes, in turn.

    Stock Odoo's customers have no business: that makes it the quicker one.

    :param stock: database without the add-on
    :param ours: database with it, where many customers are rated
    :return: ``{screen: {"stock"|"ours": (seconds, queries), "ratio": of seconds}}``;
        and what our form reads once it is there, ``"later": (seconds, queries)``
    """
    with environment(stock) as env:
        partner = env["res.partner"].create({"name": "Bench customer"})
        env.flush_all()
        _fill_customers(env, partner.id, 1, many)
        env.cr.commit()
    _vacuum(stock, "res_partner")
    found = {}
    with environment(stock) as theirs, environment(ours) as mine:
        screens = {"stock": _Screens(theirs), "ours": _Screens(mine)}
        for name in ("customer list", "customer form"):
            rounds = {each: [] for each in screens}
            for number in range(ROUNDS + 2):
                for each, opened in screens.items():
                    figures = opened.look(name, number)
                    if number >= 2:  # the first ones warm up
                        rounds[each].append(figures)
            pairs = zip(rounds["ours"], rounds["stock"], strict=True)
            found[name] = {
                each: (median(f[0] for f in figures), median(f[1] for f in figures))
                for each, figures in rounds.items()
            } | {"ratio": median(one[0] / other[0] for one, other in pairs)}
        later = [screens["ours"].look("figures", number) for number in range(ROUNDS)]
        found["later"] = tuple(median(f[part] for f in later) for part in (0, 1))
    return found


class _Screens:
    """What the web client asks for to show the screens, as one salesperson."""

    def __init__(self, env):
        self.env = env
        user = (
            env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": "Bench seller",
                    "login": "bench_seller",
                    "group_ids": [Command.link(env.ref(SALES).id)],
                }
            )
        )
        self.partners = env["res.partner"].with_user(user)
        self.customers = env["res.partner"].search(
            [("name", "=like", "Bench customer%")], limit=ROUNDS + 2, order="id desc"
        )
        self.list = _specify(self.partners, self._read(LIST, "list"))
        form = self._read(FORM, "form")
        self.form = _specify(self.partners, form)
        self.figures = form.xpath("//widget[@name='crm_figure']/@figure")

    def _read(self, view, kind):
        found = self.partners.get_views([(self.env.ref(view).id, kind)])
        return etree.fromstring(found["views"][kind]["arch"])

    def look(self, name, number):
        """:return: (seconds, queries)"""
        if name == "customer list":
            deed = partial(
                self.partners.web_search_read,
                [("is_company", "in", (True, False))],
                self.list,
                limit=80,
                count_limit=10_001,
            )
        else:
            customer = self.customers[number].with_user(self.partners.env.user)
            deed = partial(customer.web_read, self.form)
            if name == "figures":
                deed = partial(customer.read, self.figures)
        return measure(self.env, deed)


def _specify(records, arch):
    """What a view reads, as the web client asks for it."""
    found = {}
    for node in arch.xpath(".//field[not(ancestor::field)]"):
        name = node.get("name")
        field = records._fields.get(name)
        if field is None:
            continue
        found.setdefault(name, {})
        if not field.relational:
            continue
        others = records.env[field.comodel_name]
        inside = [part for part in node if part.tag in ("list", "kanban")]
        fields = _specify(others, inside[0]) if inside else {"display_name": {}}
        found[name] = {"fields": fields}
        if field.type in ("one2many", "many2many") and inside:
            found[name]["limit"] = 40
    return found
