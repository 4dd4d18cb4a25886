import logging
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime

from ..turns import take_turns
from .allocation import Shares
from .contest import MOVES, Contest

_logger = logging.getLogger(__name__)

CHUNK = 1_000  # moves that Odoo reserves for in one call, as its own scheduler
NIGHT_STEP = 50  # products that the night's run goes through in one step
KEEP_OPEN, KEEP_APPLIED = timedelta(days=7), timedelta(days=365)


class CrmAllocation(models.Model):
    """Who gets scarce stock: proposed first, with a reason for each, and applied by
    somebody or at night (FEATURES TM-06, C02.10, C15).

    The rule is that of :func:`allocation.allocate`. A proposal changes nothing.
    Applying it works everything out anew: where stock or deliveries have changed so
    that others would get something, what is different is shown and nothing is done.
    Odoo reserves itself, in the order and the amounts that were worked out.

    Nobody writes these records but the add-on: clients have the actions.
    """

    _name = "crm.allocation"
    _description = "Allocation of Scarce Stock"
    _order = "id desc"
    _allow_sudo_commands = False
    _check_company_auto = True

    warehouse_id = fields.Many2one(
        comodel_name="stock.warehouse",
        string="From Warehouse",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    product_ids = fields.Many2many(
        comodel_name="product.product",
        string="Products",
        readonly=True,
        # What is given up is shared out as long as somebody waits for it.
        context={"active_test": False},
        help="Which products it is about; all that are scarce when empty.",
    )
    state = fields.Selection(
        selection=[
            ("proposed", "Proposed"),
            ("applied", "Applied"),
            ("cancelled", "Cancelled"),
        ],
        default="proposed",
        required=True,
        readonly=True,
        index=True,
        help="Proposed: nothing has changed yet. Applied: stock is reserved like this.",
    )
    is_nightly = fields.Boolean(
        string="By Night",
        readonly=True,
        help="Proposed and applied by the night's run.",
    )
    is_renewed = fields.Boolean(
        string="Proposed Anew",
        readonly=True,
        help="Stock or deliveries had changed when it was to be applied.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users", string="Proposed by", readonly=True
    )
    proposed_on = fields.Datetime(string="Proposed on", readonly=True)
    applied_by_id = fields.Many2one(
        comodel_name="res.users", string="Applied by", readonly=True
    )
    applied_on = fields.Datetime(string="Applied on", readonly=True)
    line_ids = fields.One2many(
        comodel_name="crm.allocation.line",
        inverse_name="allocation_id",
        string="Who Gets What",
        readonly=True,
    )
    product_count = fields.Integer(string="Scarce Products", readonly=True)
    change_count = fields.Integer(
        string="Changes", readonly=True, help="Deliveries that get more or less."
    )

    # === COMPUTE METHODS === #

    @api.depends("warehouse_id", "proposed_on")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        for one in self:
            one.display_name = self.env._(
                "%(warehouse)s, %(time)s",
                warehouse=one.sudo().warehouse_id.name or "",
                time=format_datetime(self.env, one.proposed_on, dt_format="short"),
            )

    # === ACTION METHODS === #

    def action_apply(self):
        """Reserve stock as proposed; or show what is different by now.

        :raises AccessError: for whoever does not work in the warehouse
        :raises UserError: when it is applied or cancelled already, or empty
        """
        self.ensure_one()
        self._check_may_allocate()
        # Superuser mode: checked above; who stands where follows from orders and
        # customers, which the warehouse need not read.
        if self.sudo()._apply():
            return True
        return self._notify(
            self.env._(
                "Stock or deliveries have changed since this was proposed. Look at what"
                " is different, and apply it again."
            )
        )

    def action_renew(self):
        """Work the proposal out anew."""
        self.ensure_one()
        self._check_may_allocate()
        allocation = self.sudo()  # as above
        allocation._take_turns()
        allocation._write_proposal(
            allocation._think(allocation.warehouse_id, allocation.product_ids)
        )

    def action_cancel(self):
        self._check_may_allocate()
        allocations = self.sudo()  # as above
        allocations._take_turns()
        allocations.state = "cancelled"

    def action_open_lines(self):
        """All of its lines, to search and group them."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.crm_allocation_line_action"
        )
        return action | {
            "domain": [("allocation_id", "=", self.id)],
            "context": {"search_default_by_product": 1},
        }

    # === BUSINESS METHODS: rights and turns === #

    def _check_may_allocate(self):
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(
                self.env._("Who gets scarce stock is decided by the warehouse.")
            )
        self.check_access("read")

    def _take_turns(self):
        """One after the other, by warehouse; and only what is open still."""
        take_turns(self.warehouse_id)
        self.invalidate_recordset()
        for one in self.filtered(lambda one: one.state != "proposed"):
            if one.state == "cancelled":
                raise UserError(
                    self.env._("%s was cancelled. Propose anew.", one.display_name)
                )
            raise UserError(
                self.env._(
                    "%(allocation)s was applied by %(user)s on %(time)s already."
                    " Propose anew, if something is to change.",
                    allocation=one.display_name,
                    user=one.applied_by_id.name,
                    time=format_datetime(self.env, one.applied_on),
                )
            )

    def _notify(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === BUSINESS METHODS: proposing === #

    @api.model
    def _propose(self, warehouse, products):
        """A proposal for a warehouse. An open one of the same user about the same is
        worked out anew.

        :param products: which ones; none for all that are scarce
        :return: the allocation; an empty recordset when there is nothing to decide
        """
        contest = self._think(warehouse, products)
        allocation = self.search(
            Domain("warehouse_id", "=", warehouse.id)
            & Domain("state", "=", "proposed")
            & Domain("user_id", "=", self.env.uid)
        ).filtered(lambda one: one.product_ids == products)[:1]
        if contest.scope and not allocation:
            allocation = self._create_for(warehouse, products)
        allocation._write_proposal(contest)
        return allocation if contest.scope else self.browse()

    @api.model
    def _create_for(self, warehouse, products, **values):
        return self.create(
            {
                "warehouse_id": warehouse.id,
                "company_id": warehouse.company_id.id,
                "product_ids": [Command.set(products.ids)],
            }
            | values
        )

    @api.model
    def _think(self, warehouse, products):
        """Who gets what at this moment; changes nothing.

        What is delivered all at once depends on all that is scarce, so that is looked
        at whichever products are asked for.
        """
        contest = Contest(self.env, warehouse)
        if products:
            contest.scope = [key for key in contest.scope if key in set(products.ids)]
        else:
            contest.leave_out_empty()
        return contest

    def _write_proposal(self, contest, before=None):
        """Put down who gets what, in place of what was there.

        :param before: what moves were to get, ``{move id: quantity}``; where it is
            different now, that is told
        """
        if not self:
            return
        self.line_ids.unlink()
        lines = self.line_ids.create(
            [
                contest.prepare_line(key)
                | {"allocation_id": self.id, "company_id": self.company_id.id}
                | _tell_before(contest, key, before)
                for key in contest.get_row()
            ]
        )
        self.write(
            {
                "user_id": self.env.uid,
                "proposed_on": fields.Datetime.now(),
                "is_renewed": before is not None,
                "product_count": len(contest.scope),
                "change_count": sum(bool(line.change) for line in lines),
            }
        )

    # === BUSINESS METHODS: applying === #

    def _apply(self):
        """:return: whether it was applied; else it is proposed anew"""
        self._take_turns()
        contest = self._think(self.warehouse_id, self.product_ids)
        before = {line.move_id.id: line.gets for line in self.line_ids}
        if contest.differs_from(before):
            self._write_proposal(contest, before)
            return False
        if contest.has_moved({line.move_id.id: line.had for line in self.line_ids}):
            self._write_proposal(contest)  # the same, from somewhere else
        if not self.line_ids:
            raise UserError(
                self.env._("Nothing is scarce, so there is nothing to apply.")
            )
        self._carry_out(contest)
        return True

    def _carry_out(self, contest):
        """Take from those who lose, and let Odoo reserve for those who gain, as much as
        was worked out, in the order that was worked out."""
        moves = self.env["stock.move"].browse(contest.get_changed())
        self._lock(moves)
        moves.browse(contest.get_losing())._do_unreserve()
        amounts = contest.get_amounts()
        granting = Shares(amounts)
        row = contest.sort_for_reserving(amounts)
        for start in range(0, len(row), CHUNK):
            chunk = moves.browse(row[start : start + CHUNK])
            chunk.with_context(crm_shares=granting)._action_assign()
        self._finish()

    def _lock(self, moves):
        try:
            moves.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise UserError(
                self.env._(
                    "Somebody is working on these deliveries at this moment. Try again"
                    " when they are done."
                )
            ) from error

    def _finish(self):
        self._note_reserved(self.line_ids)
        self.write(
            {
                "state": "applied",
                "applied_by_id": self.env.uid,
                "applied_on": fields.Datetime.now(),
            }
        )

    def _note_reserved(self, lines):
        """What Odoo could not reserve after all: for the sake of packages or lots it
        may find less than there is."""
        found = self.env["stock.move.line"]._read_group(
            [("move_id", "in", lines.filtered("change").move_id.ids)],
            ["move_id"],
            ["quantity_product_uom:sum"],
        )
        reserved = {move.id: quantity for move, quantity in found}
        for line in lines.filtered("change"):
            quantity = reserved.get(line.move_id.id, 0.0)
            if line.uom_id.compare(quantity, line.gets):
                line.write({"gets": quantity, "reason": "short"})
                line.change = line.gets - line.had

    # === CRON === #

    @api.model
    def _cron_allocate(self):
        """Every night, in warehouses where that is switched on: propose and apply, some
        products at a time. What a run that broke off has left is worked out anew."""
        for warehouse in self.env["stock.warehouse"].search(self._get_nightly_domain()):
            allocations = self.with_company(warehouse.company_id)
            if not allocations._allocate_at_night(warehouse):
                return

    @api.model
    def _get_nightly_domain(self):
        """Whose stock is allocated at night: nobody's, unless somebody says so."""
        return Domain.FALSE

    @api.model
    def _allocate_at_night(self, warehouse):
        """:return: whether there is time left"""
        done, left = set(), True
        while left:
            step, left = self._take_night_step(warehouse, done)
            done |= step
            if not self.env["ir.cron"]._commit_progress(len(step), remaining=left):
                return False
        return True

    @api.model
    def _take_night_step(self, warehouse, done):
        """Allocate the next products of which somebody would get something else.

        :param done: products that had their turn tonight
        :return: which they are, and how many are left
        """
        take_turns(warehouse)
        contest = Contest(self.env, warehouse)
        waiting = [key for key in contest.get_changing_products() if key not in done]
        contest.scope = waiting[:NIGHT_STEP]
        if contest.scope:
            self._take_each_night(warehouse, contest)
        return set(contest.scope), len(waiting) - len(contest.scope)

    @api.model
    def _take_each_night(self, warehouse, contest):
        products = self.env["product.product"].browse(contest.scope)
        try:
            with self.env.cr.savepoint():
                one = self._create_for(warehouse, products, is_nightly=True)
                one._write_proposal(contest)
                one._carry_out(contest)
        except UserError as error:
            # Those stay as they are until tomorrow; the others have their turn.
            _logger.warning("Not allocated: %s (%s)", products.ids, error)

    @api.autovacuum
    def _gc_allocations(self):
        """Proposals that nobody has applied go after a week, others after a year."""
        now = fields.Datetime.now()
        self.search(
            Domain.OR(
                (
                    Domain("state", "!=", "applied")
                    & Domain("proposed_on", "<", now - KEEP_OPEN),
                    Domain("applied_on", "<", now - KEEP_APPLIED),
                )
            ),
            limit=1_000,
        ).unlink()

    # === HOOKS === #

    @api.model
    def _find_ranks(self, orders):
        """How good the customers of orders are; nothing is known of it here.

        :return: ``{order id: (position, id of what it is called)}``
        """
        return {}

    @api.model
    def _find_held(self, transfers):
        """Those of the transfers that are held."""
        return transfers.browse()

    @api.model
    def _get_moves(self, joins=None):
        """SQL: which moves want stock, as ``move`` with its ``place``.

        :param joins: SQL of what else is to be read with them
        """
        return SQL(MOVES, today=fields.Date.today(), joins=joins or SQL())


def _tell_before(contest, key, before):
    """What is different from an earlier proposal, in the values of a line."""
    if before is None:
        return {}
    gets = float(contest.shares[key].gets)
    was = before.get(key, float(contest.demands[key].had))
    return {"is_changed": was != gets, "before": was}
