"""The documents that the matrix attacks: one small class each.

To add one: answer the attributes and methods of :class:`Document`; the ways do the
rest. What a document has not (lines, a portal page) is left empty.
"""

import contextlib
from unittest.mock import patch

from odoo import Command

from .engines import Hole
from .ways import WAYS

KINDS = ("held", "asked", "rejected", "granted", "past", "free")


class Document:
    """One model before its gate, in every standing.

    :param engine: an :class:`.engines.Engine`
    """

    model = ""
    gate = ""
    #: ``{engine class: domain}``: a document that satisfies it needs approval
    conditions = {}
    line_model = ""
    line_field = ""  # of the document
    parent_field = ""  # of the line
    #: values that carry it past the gate
    past_values = {}
    #: its own public methods that pass the gate, that lead back, and further ones
    pass_methods = ()
    back_methods = ()
    more_methods = ()
    #: values that lead back, where no method does
    back_values = {}
    #: further gates with a rule, ``{gate: condition}``
    also_governed = {}
    #: beginnings of the names of the engine's models whose rows are attacked beside
    #: it; most are the same for every document, so once is enough
    attacked_rows = ()
    #: words of errors that Odoo itself raises for some of the attempts
    known_misfires = ()

    def __init__(self, env, engine):
        self.env, self.engine = env, engine
        self.people = engine.make_people()
        self.make_master_data()
        condition = self.conditions[type(engine).__name__]
        engine.govern(self.people, {self.gate: condition} | self.also_governed)
        engine.make_more_rows(self.people, self.attacked_rows)
        #: ``{kind: record}``, see :data:`KINDS`
        self.documents = {kind: self.make(kind) for kind in KINDS}
        env.flush_all()
        self.standing = self.read_standing()
        self.rows = engine.read_rows()
        self._chosen_rows = {}
        assert not self.find_document_holes(), "the matrix begins without a hole"

    # --- to answer per document ---

    def make_master_data(self):
        """What its documents need."""

    def create_document(self, bad):
        """A new one by the salesperson; ``bad``: it needs approval."""
        raise NotImplementedError

    def bad_values(self):
        """Values of a new document that needs approval."""
        raise NotImplementedError

    def worse_values(self):
        """Header values that make a document worse than what was granted."""
        return []

    def worse_line_values(self):
        """Values for an existing line that make the document worse."""
        return []

    def new_line_values(self):
        """Values of lines whose addition makes the document worse."""
        return []

    def import_table(self):
        """Column names and rows of a new, bad document past its gate."""
        return [], []

    def portal_deeds(self, attacker, document):
        """``{way: function}`` of what a customer can do on the web site."""
        return {}

    def merge_pairs(self):
        """``(partner, partner it is merged into)``: by default the customer."""
        if "partner_id" not in self.env[self.model]._fields:
            return []
        mine, spare = self.documents["granted"].partner_id, self.get_other_customer()
        return [(spare, mine), (mine, spare)]

    def more_foundations(self):
        """``(label, records)`` of what the document stands on, beside the rules and
        people that all of them stand on."""
        return []

    def company_values(self):
        """``(label, model, ids, values)`` of fields with a value per company that
        decide about the document."""
        return []

    def refresh_deeds(self, on):
        """Deeds that let the documents take over what they stand on.

        :param on: an :class:`.ways.attempt.Attack`
        """
        return []

    def sql_values(self):
        """Columns of a document past its gate."""
        return self.past_values

    def read_standing(self):
        """What each document past its gate, or granted, holds: read by SQL."""
        raise NotImplementedError

    def find_document_holes(self):
        """Documents past their gate whose content nobody has granted: texts."""
        raise NotImplementedError

    # --- for all of them ---

    def make(self, kind):
        """A document in one of :data:`KINDS`."""
        document = self.create_document(bad=kind != "free")
        if kind == "asked":
            self.engine.ask(document, self.people)
        elif kind == "rejected":
            self.engine.reject(document, self.people)
        elif kind in ("granted", "past"):
            self.engine.grant(document, self.people)
        document.invalidate_recordset()
        if kind in ("past", "free"):
            self.do_pass(document)
        return document.sudo()

    def do_pass(self, document):
        """Carry it past its gate, as the salesperson does."""
        for method in self.pass_methods[:1]:
            getattr(document.with_user(self.people["salesperson"]), method)()

    def ids(self, *kinds):
        return [self.documents[kind].id for kind in kinds]

    def line_ids(self, kind):
        return self.documents[kind][self.line_field].ids if self.line_field else []

    @classmethod
    def get_ways(cls):
        """Names of the ways that are tried; those at the engine's rows where these
        are attacked."""
        return [
            name for name in WAYS if cls.attacked_rows or not name.startswith("engine")
        ]

    def engine_rows(self):
        """Models of the engine whose rows are attacked."""
        return [
            model
            for model in self.engine.stored_models()
            if model._name.startswith(self.attacked_rows)
        ]

    def get_rows(self, attacker):
        """``[(model, ids)]``: one row per standing of each attacked model, none that
        the attacker is asked to answer."""
        role = attacker.role
        if role not in self._chosen_rows:
            own = self.engine.own_items(attacker.user)
            self._chosen_rows[role] = [
                (model, ids)
                for model in self.engine_rows()
                if (
                    ids := self.engine.choose_rows(
                        model, attacker.user, own.get(model._name, ())
                    )
                )
            ]
        return self._chosen_rows[role]

    def state_records(self):
        """``(record, values)``: a record that is a state in which documents wait, and
        what makes it one behind the gate."""
        return []

    def foundations(self):
        """``(label, records)`` of all that the document stands on."""
        people = self.people["approver"] | self.people["second"]
        rules = self.engine.get_rules()
        asking = [(f"the rule “{rule.display_name}”", rule) for rule in rules]
        return [*asking, ("who is asked", people), *self.more_foundations()]

    def get_other_customer(self):
        """A firm that none of the documents is about."""
        return self.env["res.partner"].search(
            [
                ("id", "not in", self.people["portal"].partner_id.ids),
                ("user_ids", "=", False),
                ("is_company", "=", True),
            ],
            limit=1,
        )

    def find_holes(self, attacker):
        """The effect of what was done: uncovered documents and forged rows."""
        self.env.cr.flush()
        self.env.invalidate_all()
        return [
            *(Hole(text, "a document") for text in self.find_document_holes()),
            *self.engine.find_holes(self.rows, self.engine.read_rows(), attacker),
        ]

    def forget_caches(self):
        """What was cached from rows that have been taken back."""
        registry = self.env.registry
        if registry.cache_invalidated:
            registry.clear_all_caches()
            registry.cache_invalidated.clear()
        self.env.invalidate_all(flush=False)


class SaleOrder(Document):
    """Confirming a quotation. Everybody may give 10 %; the documents give 35 %."""

    model = "sale.order"
    gate = "sale.order:confirm"
    attacked_rows = ("",)
    # What a customer is entitled to follows from the customer's terms.
    also_governed = {"res.partner:terms": "[]"}
    conditions = {
        "Ours": "[('crm_discount_excess', '>', 0)]",
        # The nearest that a stored field can say; prices it cannot compare.
        "Oca": "[('order_line.discount', '>', 10)]",
    }
    line_model = "sale.order.line"
    line_field = "order_line"
    parent_field = "order_id"
    past_values = {"state": "sale"}
    pass_methods = ("action_confirm",)
    back_methods = ("action_cancel", "action_draft")
    more_methods = (
        *("action_lock", "action_unlock", "action_quotation_send"),
        *("action_quotation_sent", "action_update_prices", "action_preview_sale_order"),
        *("restart_validation", "validate_tier", "reject_tier", "request_validation"),
    )
    PRICE, QUANTITY, FREE, BAD = 100.0, 10, 5, 35

    def make_master_data(self):
        self.env.ref("base.group_user").implied_ids += self.env.ref(
            "sale.group_discount_per_so_line"
        )
        products = self.env["product.product"].create(
            [
                {
                    "name": name,
                    "list_price": price,
                    "type": "service",
                    "taxes_id": False,
                }
                for name, price in (("Chair", self.PRICE), ("Reduction", 0))
            ]
        )
        self.product, self.reduction = products
        self.half_price = self.env["product.pricelist"].create(
            {
                "name": "Half price",
                "item_ids": [
                    Command.create({"compute_price": "percentage", "percent_price": 50})
                ],
            }
        )
        self.longer = self.env["account.payment.term"].create({"name": "90 days"})
        self.customer = self.people["portal"].partner_id
        self.customer.email = "customer@example.com"

    def create_document(self, bad):
        return (
            self.env["sale.order"]
            .with_user(self.people["salesperson"])
            .create(self.bad_values() if bad else self.values(self.FREE))
        )

    def values(self, discount):
        return {
            "partner_id": self.customer.id,
            "user_id": self.people["salesperson"].id,
            "require_signature": True,
            "require_payment": False,
            "order_line": [
                Command.create(
                    {
                        "product_id": self.product.id,
                        "product_uom_qty": self.QUANTITY,
                        "discount": discount,
                    }
                )
            ],
        }

    def bad_values(self):
        return self.values(self.BAD)

    def worse_values(self):
        return [
            {"partner_id": self.get_other_customer().id},
            {"pricelist_id": self.half_price.id},
        ]

    def more_foundations(self):
        return [
            ("the customer", self.customer),
            ("the product", self.product),
            ("all that is sold", (self.product | self.reduction).product_tmpl_id),
            ("the currency's pricelists", self.documents["held"].pricelist_id),
        ]

    def company_values(self):
        customer = self.customer.commercial_partner_id
        return [
            (label, "res.partner", partner.ids, values)
            for label, partner in (("the customer", customer), *self._contacts())
            for values in (
                {"property_product_pricelist": self.half_price.id},
                {"specific_property_product_pricelist": self.half_price.id},
                {"property_payment_term_id": self.longer.id},
            )
        ]

    def _contacts(self):
        return [("a contact", self.customer)] if self.customer.parent_id else []

    def refresh_deeds(self, on):
        """The customer chosen anew, and the prices too."""
        other = self.get_other_customer()
        return [
            deed
            for key in self.ids("held", "asked", "rejected")
            for deed in (
                on.do("write", [key], {"partner_id": other.id}),
                on.do("write", [key], {"partner_id": self.customer.id}),
                on.do("action_update_prices", [key]),
            )
        ]

    def worse_line_values(self):
        values = [
            {"discount": 45},
            {"price_unit": 50},
            {"product_uom_qty": 99},
            # The entitled price and the giver, sent along.
            {"discount": 45, "crm_reference_price": 40},
            {"discount": 45, "crm_given_by_id": self.people["second"].id},
            {"discount": 45, "technical_price_unit": 40},
        ]
        known = self.env[self.line_model]._fields.keys()
        return [each for each in values if each.keys() <= known]

    def new_line_values(self):
        return [
            {"product_id": self.reduction.id, "price_unit": -500},
            {
                "product_id": self.product.id,
                "product_uom_qty": 50,
                "discount": self.BAD + 5,
            },
            {"name": "Goodwill", "product_id": self.product.id, "price_unit": 1},
        ]

    def import_table(self):
        names = ["partner_id/.id", "state", "order_line/product_id/.id"]
        names += ["order_line/product_uom_qty", "order_line/discount"]
        row = [str(self.customer.id), "sale", str(self.product.id), "10", str(self.BAD)]
        return names, [row]

    # --- the web site ---

    def portal_deeds(self, attacker, document):
        return {
            "portal sign": lambda: self._sign(attacker, document),
            "portal pay": lambda: self._pay(attacker, document),
        }

    def _sign(self, attacker, document):
        from odoo.addons.sale.controllers.portal import CustomerPortal

        document.sudo().write({"state": "sent"} if document.state == "draft" else {})
        token = document._portal_ensure_token()
        pixel = "R0lGODlhAQABAAD/ACwAAAAAAQABAAACADs="
        attacker.call("sale.order", "read", document.ids, ["name"])
        with no_paper(self.env), fake_request(document, attacker):
            answer = CustomerPortal().portal_quote_accept(
                document.id, access_token=token, name="Customer", signature=pixel
            )
        assert "error" not in answer, answer

    def _pay(self, attacker, document):
        """The customer pays the whole sum."""
        document.sudo().write(
            {"require_payment": True, "require_signature": False}
            | ({"state": "sent"} if document.state == "draft" else {})
        )
        pay(self.env, attacker, document, "sale_order_ids")

    # --- the effect ---

    def _read_orders(self):
        """Orders past the gate, or granted, as plain values."""
        self.env.cr.execute(
            """
            SELECT o.id, o.state, o.partner_id,
                   coalesce(array_agg(
                       CASE WHEN l.price_unit < 0 THEN 100
                            WHEN l.product_id = %(product)s AND l.product_uom_qty > 0
                            THEN 100 - l.price_unit * (100 - l.discount) / %(price)s
                            ELSE 0 END) FILTER (WHERE l.id IS NOT NULL), '{}'),
                   coalesce(sum(
                       CASE WHEN l.product_id = %(product)s THEN %(price)s ELSE 0 END
                       * l.product_uom_qty
                       - l.price_unit * l.product_uom_qty * (100 - l.discount) / 100),
                       0)
              FROM sale_order o
              LEFT JOIN sale_order_line l
                     ON l.order_id = o.id AND l.display_type IS NULL
             GROUP BY o.id
            """,
            {"product": self.product.id, "price": self.PRICE},
        )
        return {
            row[0]: (row[1], row[2], max(map(float, row[3]), default=0), float(row[4]))
            for row in self.env.cr.fetchall()
        }

    def read_standing(self):
        orders = self._read_orders()
        first = min(self.ids(*KINDS))
        granted = set(self.ids("granted", "past"))
        return {
            "old": {key for key in orders if key < first},
            "granted": {key: orders[key] for key in granted},
        }

    def find_document_holes(self):
        holes = []
        for key, (state, partner, percent, given) in self._read_orders().items():
            if state != "sale" or key in self.standing["old"]:
                continue
            if key in self.standing["granted"]:
                _state, customer, most, sum_given = self.standing["granted"][key]
                if partner != customer:
                    holes.append("granted for one customer, confirmed for another")
            else:
                most, sum_given = 10, self.PRICE * self.QUANTITY
            if percent > most + 0.01 or given > sum_given + 0.01:
                holes.append(
                    f"confirmed at {percent:.0f} % and {given:.0f} given away;"
                    f" covered are {most:.0f} % and {sum_given:.0f}"
                )
        return holes


# === what happens on the web site === #


@contextlib.contextmanager
def fake_request(document, attacker):
    """A web page asked for by the attacker."""
    from odoo.tests import HttpCase

    from odoo.addons.http_routing.tests.common import MockRequest

    env = document.with_user(attacker.user).with_context({}).env(su=False)
    # Odoo's stand-in for a request asks for the port of a server under test.
    with patch.object(HttpCase, "http_port", lambda: None), MockRequest(env):
        yield


def pay(env, attacker, document, field):
    """The provider's message says that the whole sum is paid.

    :param field: of the transaction, for the document
    """
    env = env(su=True)
    everything = {"active_test": False}
    method = env["payment.method"].with_context(**everything).search([], limit=1)
    provider = env["payment.provider"].search([], limit=1)
    provider.write({"state": "test"} if provider.state == "disabled" else {})
    transaction = env["payment.transaction"].create(
        {
            "provider_id": provider.id,
            "payment_method_id": method.id,
            "reference": f"bypass {document.id} {attacker.role}",
            "amount": document.amount_total,
            "currency_id": document.currency_id.id,
            "partner_id": document.partner_id.id,
            "operation": "online_redirect",
            field: [Command.set(document.ids)],
        }
    )
    with no_paper(env):
        transaction._set_done()
        transaction._post_process()


@contextlib.contextmanager
def no_paper(env):
    """No PDF is printed, no mail leaves, nothing is booked: only the gate counts."""
    report, order = type(env["ir.actions.report"]), type(env["sale.order"])
    transaction = type(env["payment.transaction"])
    with (
        patch.object(transaction, "_create_payment", lambda *a, **k: None, create=True),
        patch.object(report, "_render_qweb_pdf", lambda *a, **k: (b"", "pdf")),
        patch.object(order, "_send_order_confirmation_mail", lambda self: None),
        patch.object(
            order, "_send_payment_succeeded_for_order_mail", lambda self: None
        ),
    ):
        yield
