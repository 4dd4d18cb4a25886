from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import UserError

from . import returning


class CrmReturnGoods(models.AbstractModel):
    """How what is returned comes in: on Odoo's own return transfers, one for each
    delivery that it went out with.

    Part of ``crm.return.order``, and nothing else's.
    """

    _name = "crm.return.goods"
    _description = "Goods of a Return"

    # The other ends are defined where transfers are.
    picking_ids = fields.One2many(
        comodel_name="stock.picking",
        inverse_name="crm_return_id",
        string="Receipts",
        readonly=True,
        copy=False,
    )
    picking_count = fields.Integer(compute="_compute_picking_count", compute_sudo=True)

    def _compute_picking_count(self):
        for one in self:
            one.picking_count = len(one.picking_ids)

    # === ACTION METHODS === #

    def action_view_receipts(self):
        self.ensure_one()
        return self.picking_ids._get_records_action(name=self.env._("Receipts"))

    # === BUSINESS METHODS === #

    def _await_goods(self):
        """Let the warehouse wait for what comes back."""
        for one in self:
            lines = one.line_ids.filtered(lambda line: line._brings_goods())
            for delivery, quantities in lines._share_among_deliveries().items():
                transfer = one._create_transfer(delivery, quantities)
                one._link_transfer(transfer)

    def _create_transfer(self, delivery, quantities):
        """By Odoo's own return of a delivery.

        :param quantities: ``{move: quantity in its unit}``
        """
        wizard = self.env["stock.return.picking"].create({"picking_id": delivery.id})
        for part in wizard.product_return_moves:
            part.quantity = quantities.get(part.move_id, 0)
            part.to_refund = True
        return wizard._create_return()

    def _link_transfer(self, transfer):
        """Note which return a transfer is for; nobody else may say so."""
        raise NotImplementedError

    def _call_off_goods(self):
        """Nobody waits for the goods any more."""
        waiting = self.picking_ids.filtered(
            lambda transfer: transfer.state not in ("done", "cancel")
        )
        waiting.action_cancel()


class CrmReturnGoodsLine(models.AbstractModel):
    """With which deliveries a line of a return went out.

    Part of ``crm.return.line``, and nothing else's.
    """

    _name = "crm.return.goods.line"
    _description = "Deliveries of a Return"

    def _share_among_deliveries(self):
        """The last deliveries first: ``{delivery: {move: quantity in its unit}}``.

        :raises UserError: when the deliveries do not carry that much
        """
        shared = defaultdict(dict)
        for line in self:
            moves, rooms = line._get_delivering_moves()
            asked = line._to_decimal(line.quantity)
            parts = returning.spread(asked, rooms)
            if sum(parts, returning.ZERO) < asked:
                raise UserError(
                    self.env._(
                        "The deliveries of %(order)s have only %(free)g of %(product)s"
                        " that can come back. What was delivered without a transfer is"
                        " credited by a reason without goods.",
                        order=line.return_id.order_id.display_name,
                        free=float(sum(rooms, returning.ZERO)),
                        product=line.product_id.display_name,
                    )
                )
            unit = line.sale_line_id.product_uom_id
            for move, part in zip(moves, parts, strict=True):
                if part:
                    shared[move.picking_id][move] = unit._compute_quantity(
                        float(part), move.product_uom, rounding_method="HALF-UP"
                    )
        return shared

    def _get_delivering_moves(self):
        """Moves that a single line went out with, the last first, and what each can
        still take back in the unit of the line."""
        ordered = self.sale_line_id
        outgoing, _incoming = ordered._get_outgoing_incoming_moves()
        moves = outgoing.filtered(lambda move: move.state == "done" and move.picking_id)
        moves = moves.sorted(lambda move: (move.date, move.id), reverse=True)
        rooms = []
        for move in moves:
            back = move.returned_move_ids.filtered(lambda back: back.state != "cancel")
            left = move.quantity - sum(
                one.product_uom._compute_quantity(
                    one.quantity if one.state == "done" else one.product_uom_qty,
                    move.product_uom,
                )
                for one in back
            )
            left = move.product_uom._compute_quantity(
                left, ordered.product_uom_id, rounding_method="HALF-UP"
            )
            rooms.append(self._to_decimal(left))
        return moves, rooms
