from odoo import api, fields, models

from .crm_start_frame import ROWS

GROUP = "stock.group_stock_user"
OPEN = ("waiting", "confirmed", "assigned")
HELD = "crm_extension.stock_picking_action_held"
RELEASED = "crm_extension.stock_picking_action_released"


class CrmStartWarehouse(models.AbstractModel):
    """What the warehouse starts with: what may leave, in which order; what is held, and
    who can lift it; what is late or scarce."""

    _name = "crm.start.warehouse"
    _inherit = ["crm.start.frame"]
    _description = "Start Page of the Warehouse"

    @api.model
    def _get_sections(self):
        sections = super()._get_sections()
        if not self.env.user.has_group(GROUP):
            return sections
        own = {
            "key": "warehouse",
            "title": self.env._("Warehouse"),
            "cards": [
                *self._get_delivery_cards(),
                self._get_scarce_card(),
                self._get_receive_card(),
            ],
            "tables": [self._get_released_table(), self._get_held_table()],
        }
        return [*sections, own]

    @api.model
    def _get_delivery_domain(self, held):
        return [
            ("picking_type_code", "=", "outgoing"),
            ("state", "in", OPEN),
            ("company_id", "in", self.env.companies.ids),
            ("crm_held", "=", held),
        ]

    @api.model
    def _get_delivery_cards(self):
        pickings = self.env["stock.picking"]
        released, held = (
            self._get_delivery_domain(False),
            self._get_delivery_domain(True),
        )
        late = [*released, ("scheduled_date", "<", fields.Datetime.now())]
        counts = {
            "released": pickings.search_count(released),
            "held": pickings.search_count(held),
            "late": pickings.search_count(late),
        }
        return [
            self._make_card(
                "released", self.env._("Released"), counts["released"], RELEASED
            ),
            self._make_card(
                "held",
                self.env._("Held"),
                counts["held"],
                HELD,
                level="attention" if counts["held"] else "",
            ),
            self._make_card(
                "late",
                self.env._("Late"),
                counts["late"],
                RELEASED,
                {"search_default_late": 1},
                "bad" if counts["late"] else "",
            ),
        ]

    @api.model
    def _get_scarce_card(self):
        scarce = self.env["crm.scarce.stock"].search_count([("lacking", ">", 0)])
        return self._make_card(
            "scarce",
            self.env._("Scarce products"),
            scarce,
            "crm_extension.crm_scarce_stock_action",
            {"search_default_there": False},
            level="attention" if scarce else "",
        )

    @api.model
    def _get_receive_card(self):
        waiting = self.env["crm.return.order"].search_count(
            [
                ("company_id", "in", self.env.companies.ids),
                ("state", "=", "to_receive"),
            ]
        )
        return self._make_card(
            "receive",
            self.env._("Returns to receive"),
            waiting,
            "crm_extension.crm_return_order_action_receive",
        )

    @api.model
    def _get_released_table(self):
        pickings = self.env["stock.picking"].search(
            self._get_delivery_domain(False), limit=ROWS
        )
        states = dict(pickings._fields["state"]._description_selection(self.env))
        now = fields.Datetime.now()
        return self._make_table(
            "released",
            self.env._("Deliver next"),
            [
                self.env._("Delivery"),
                self.env._("Customer"),
                self.env._("State"),
                self.env._("Planned for"),
            ],
            [
                (
                    one,
                    [
                        one.name,
                        one.partner_id.display_name or "",
                        states[one.state],
                        self._tell_day(one.scheduled_date),
                    ],
                    "bad" if one.scheduled_date < now else "",
                )
                for one in pickings
            ],
            self.env._("Nothing is released for delivery."),
        )

    @api.model
    def _get_held_table(self):
        pickings = self.env["stock.picking"].search(
            self._get_delivery_domain(True), limit=ROWS
        )
        return self._make_table(
            "held",
            self.env._("Held, and who can release"),
            [self.env._("Delivery"), self.env._("Customer"), self.env._("Why")],
            [
                (
                    one,
                    [
                        one.name,
                        one.partner_id.display_name or "",
                        one.crm_hold_note or "",
                    ],
                    "attention",
                )
                for one in pickings
            ],
            self.env._("Nothing is held."),
        )
