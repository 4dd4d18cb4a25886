from odoo import api, models

from .crm_start_frame import ROWS

GROUP = "sales_team.group_sale_salesman"
BOARD = "crm_extension.crm_order_execution_action_board"
LEVELS = {"late": "bad", "today": "attention", "blocked": "attention"}
UNDONE = (*LEVELS, "to_release", "later")


class CrmStartSales(models.AbstractModel):
    """What a salesperson starts with: the next steps of one's own orders, and what
    one's customers owe."""

    _name = "crm.start.sales"
    _inherit = ["crm.start.frame"]
    _description = "Start Page of Sales"

    @api.model
    def _get_sections(self):
        sections = super()._get_sections()
        if not self.env.user.has_group(GROUP):
            return sections
        cards = [*self._get_order_cards(), self._get_arrears_card()]
        own = {
            "key": "sales",
            "title": self.env._("My Sales"),
            "cards": [*cards, self._get_asked_card()],
            "tables": [self._get_steps_table()],
        }
        return [*sections, own]

    @api.model
    def _get_own_domain(self):
        return [
            ("user_id", "=", self.env.uid),
            ("company_id", "in", self.env.companies.ids),
        ]

    @api.model
    def _get_order_cards(self):
        orders = self.env["crm.order.execution"]
        domain = [*self._get_own_domain(), ("need", "in", UNDONE[:-1])]
        counts = dict(orders._read_group(domain, ["need"], ["__count"]))
        words = {
            "late": self.env._("Late orders"),
            "today": self.env._("Due today"),
            "blocked": self.env._("Blocked"),
            "to_release": self.env._("To release"),
        }
        return [
            self._make_card(
                need,
                label,
                counts.get(need, 0),
                BOARD,
                {"search_default_mine": 1, f"search_default_{need}": 1},
                LEVELS.get(need, "") if counts.get(need) else "",
            )
            for need, label in words.items()
        ]

    @api.model
    def _get_arrears_card(self):
        dues = self.env["crm.collection.due"]
        domain = [*self._get_own_domain(), ("state", "=", "overdue")]
        domain.append(("is_owed", "=", True))
        owed = dues._read_group(domain, ["currency_id"], ["amount_open:sum"])
        return self._make_card(
            "arrears",
            self.env._("My arrears"),
            self._tell_amounts(owed),
            "crm_extension.crm_collection_due_action_arrears",
            {"search_default_mine": 1},
            "bad" if owed else "",
        )

    @api.model
    def _get_asked_card(self):
        waiting = self.env["crm.approval.request"].search_count(
            [
                ("requester_id", "=", self.env.uid),
                ("state", "in", ("pending", "rework")),
            ]
        )
        return self._make_card(
            "asked",
            self.env._("Approvals I asked for"),
            waiting,
            "crm_extension.crm_approval_request_action_mine",
        )

    @api.model
    def _get_steps_table(self):
        orders = self.env["crm.order.execution"].search_fetch(
            [*self._get_own_domain(), ("need", "in", UNDONE)],
            ["order_id", "partner_id", "next_step", "next_on", "need"],
            limit=ROWS,
        )
        steps = dict(orders._fields["next_step"]._description_selection(self.env))
        return self._make_table(
            "steps",
            self.env._("Next steps of my orders"),
            [
                self.env._("Order"),
                self.env._("Customer"),
                self.env._("Next step"),
                self.env._("On"),
            ],
            [
                (
                    one.order_id,
                    [
                        one.name,
                        one.partner_id.display_name,
                        steps.get(one.next_step, ""),
                        self._tell_day(one.next_on),
                    ],
                    LEVELS.get(one.need, ""),
                )
                for one in orders
            ],
            self.env._("None of your orders needs anything."),
        )
