from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.ownership.rule import work_together


class CrmCustomerHandover(models.TransientModel):
    """Gives the customers of somebody who leaves to colleagues (FEATURES C04.4, C04.5,
    C04.7): those who owe most first, then in the order in which they were got."""

    _name = "crm.customer.handover"
    _description = "Hand-over of Customers"
    _rec_name = "from_id"

    from_id = fields.Many2one(
        comodel_name="res.users", string="Customers of", required=True
    )
    giver_ids = fields.Many2many(
        comodel_name="res.users",
        compute="_compute_giver_ids",
        context={"active_test": False},
    )
    to_id = fields.Many2one(
        comodel_name="res.users",
        string="Go to",
        help="Somebody of the same department; only administrators give to another.",
    )
    taker_ids = fields.Many2many(comodel_name="res.users", compute="_compute_taker_ids")
    note = fields.Char(
        string="Why", required=True, help="Noted with each customer, for everybody."
    )
    line_ids = fields.One2many(
        comodel_name="crm.customer.handover.line",
        inverse_name="handover_id",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    # === COMPUTE METHODS === #

    @api.depends_context("uid")
    def _compute_giver_ids(self):
        log = self.env["crm.customer.ownership"].sudo()  # whose they are is no secret
        owners = self.env["res.users"].union(
            *(
                owner
                for (owner,) in log._read_group([("date_to", "=", False)], ["owner_id"])
            )
        )
        self.giver_ids = self._filter_led(owners).sudo(False)

    @api.depends("from_id")
    @api.depends_context("uid")
    def _compute_taker_ids(self):
        sales = self.env.ref("sales_team.group_sale_salesman")
        people = sales.sudo().all_user_ids.filtered("active")
        administers = self._administers()
        for dialog in self:
            giver = dialog.from_id
            standings = (people | giver)._crm_get_standings()
            dialog.taker_ids = (
                (people - giver)
                .filtered(
                    lambda one, giver=giver, standings=standings: (
                        administers
                        or (
                            giver
                            and standings[one.id].sells
                            and work_together(standings[giver.id], standings[one.id])
                            and self.env.uid in {one.id, *standings[one.id].leaders}
                        )
                    )
                )
                .sudo(False)
            )

    @api.depends("from_id")
    def _compute_line_ids(self):
        for dialog in self:
            values = dialog._prepare_lines()
            dialog.line_ids = [Command.clear(), *map(Command.create, values)]

    def _prepare_lines(self):
        if not self._filter_led(self.from_id):
            return []
        # Superuser mode: who leads the owner sees what goes along.
        log = self.env["crm.customer.ownership"].sudo()
        rows = log.search([("owner_id", "=", self.from_id.id), ("date_to", "=", False)])
        customers = rows.partner_id
        matters = customers._crm_get_open_matters(self.from_id)
        currency = self.env.company.currency_id
        lines = [
            {
                "partner_id": row.partner_id.id,
                "since": row.date_from,
                "overdue": row.partner_id.crm_overdue,
                "receivable": row.partner_id.crm_receivable,
                "currency_id": currency.id,
                "matters": "\n".join(
                    f"{label}: {names}" for label, names in matters[row.partner_id.id]
                ),
            }
            for row in rows
        ]
        lines.sort(
            key=lambda line: (-line["overdue"], -line["receivable"], line["since"])
        )
        return [line | {"sequence": place} for place, line in enumerate(lines)]

    # === ACTION METHODS === #

    def action_hand_over(self):
        """Give the customers to whom the lines say, and note it.

        :raises UserError: for a customer who is somebody else's by now, and for whoever
            may not give it
        """
        self.ensure_one()
        lines = self.line_ids.filtered("to_id")
        if not lines:
            raise UserError(self.env._("Say to whom the customers go."))
        for line in lines:
            owner = line.partner_id.sudo().user_id  # a colleague's, too
            if owner != self.from_id:
                raise UserError(
                    self.env._(
                        "%(owner)s looks after %(customer)s by now. Open the dialog"
                        " again.",
                        owner=owner.name or self.env._("Nobody"),
                        customer=line.partner_id.sudo().display_name,
                    )
                )
        for user, some in lines.grouped("to_id").items():
            some.partner_id._crm_hand_over(user, self.note)
        return {"type": "ir.actions.act_window_close"}

    # === BUSINESS METHODS === #

    @api.model
    def _administers(self):
        return self.env.user.has_group("crm_extension.crm_extension_group_manager")

    def _filter_led(self, users):
        """Those whose customers the acting user may give away."""
        if self._administers() or not users:
            return users
        standings = users._crm_get_standings()
        return users.filtered(
            lambda one: (
                one.id == self.env.uid or self.env.uid in standings[one.id].leaders
            )
        )


class CrmCustomerHandoverLine(models.TransientModel):
    """One of the customers, and to whom it goes."""

    _name = "crm.customer.handover.line"
    _description = "Customer to Be Handed Over"
    _order = "sequence, id"

    handover_id = fields.Many2one(
        comodel_name="crm.customer.handover", required=True, ondelete="cascade"
    )
    sequence = fields.Integer(readonly=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", required=True, ondelete="cascade"
    )
    since = fields.Datetime(readonly=True)
    overdue = fields.Monetary(readonly=True)
    receivable = fields.Monetary(readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    matters = fields.Text(string="Under Way", readonly=True)
    to_id = fields.Many2one(
        comodel_name="res.users",
        string="Goes to",
        compute="_compute_to_id",
        store=True,
        readonly=False,
    )

    @api.depends("handover_id.to_id")
    def _compute_to_id(self):
        for line in self:
            line.to_id = line.handover_id.to_id
