from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date, format_datetime, formatLang


class CrmAllocationLine(models.Model):
    """What one delivery gets of a scarce product, and why.

    The reason is kept as what decided and between whom, so everybody reads it in their
    own language; names, days and quantities are those of the time.
    """

    _name = "crm.allocation.line"
    _description = "Share of Scarce Stock"
    _order = "allocation_id desc, product_id, position, id"
    _allow_sudo_commands = False

    allocation_id = fields.Many2one(
        comodel_name="crm.allocation",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    state = fields.Selection(related="allocation_id.state")
    applied_on = fields.Datetime(related="allocation_id.applied_on")
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    move_id = fields.Many2one(
        comodel_name="stock.move",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    picking_id = fields.Many2one(
        comodel_name="stock.picking",
        string="Transfer",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    order_id = fields.Many2one(
        comodel_name="sale.order",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Deliver to", readonly=True
    )
    name = fields.Char(
        string="For", readonly=True, help="The order, or else the transfer."
    )
    position = fields.Integer(
        string="Turn",
        readonly=True,
        aggregator=None,
        help="Among those who want the product.",
    )
    wanted = fields.Float(digits="Product Unit", readonly=True)
    had = fields.Float(
        string="Has", digits="Product Unit", readonly=True, help="Before it is applied."
    )
    gets = fields.Float(digits="Product Unit", readonly=True)
    change = fields.Float(digits="Product Unit", readonly=True)
    uom_id = fields.Many2one(comodel_name="uom.uom", string="Unit", readonly=True)
    is_urgent = fields.Boolean(string="Urgent", readonly=True)
    is_held = fields.Boolean(string="Held", readonly=True)
    promised_on = fields.Date(string="Promised for", readonly=True)
    confirmed_on = fields.Datetime(string="Ordered on", readonly=True)
    is_changed = fields.Boolean(
        string="Different from before",
        readonly=True,
        help="It was to get something else before stock or deliveries changed.",
    )
    before = fields.Float(string="Was to Get", digits="Product Unit", readonly=True)
    outcome = fields.Selection(
        selection=[
            ("full", "All of it"),
            ("part", "A part"),
            ("none", "Nothing"),
        ],
        string="Result",
        compute="_compute_outcome",
    )
    reason = fields.Selection(
        selection=[
            ("begun", "Picking has begun"),
            ("kept", "Keeps what is printed"),
            ("enough", "Enough"),
            ("whole", "Comes first"),
            ("part", "Gets what is left"),
            ("nothing", "Nothing left"),
            ("empty", "Nothing in stock"),
            ("at_once", "All at once"),
            ("short", "Less could be reserved"),
        ],
        required=True,
        readonly=True,
    )
    criterion = fields.Selection(
        selection=[
            ("held", "Held"),
            ("urgent", "Urgent"),
            ("rank", "Customer tier"),
            ("promised", "Promised day"),
            ("ordered", "Customer's order"),
            ("confirmed", "Order of confirmation"),
            ("entered", "Order of entry"),
        ],
        string="Decided by",
        readonly=True,
    )
    rank_key = fields.Integer(
        string="Customer's Rank", readonly=True, help="What the customer is called."
    )
    other = fields.Json(readonly=True, help="With whom it is compared.")
    explanation = fields.Text(string="Why", compute="_compute_explanation")

    # === COMPUTE METHODS === #

    @api.depends("gets", "wanted")
    def _compute_outcome(self):
        for line in self:
            if line.gets >= line.wanted:
                line.outcome = "full"
            else:
                line.outcome = "part" if line.gets else "none"

    @api.depends("reason", "criterion", "other", "gets")
    @api.depends_context("lang", "tz")
    def _compute_explanation(self):
        for line in self:
            line.explanation = line._tell_outcome() + line._tell_comparison()

    @api.depends("name", "product_id")
    def _compute_display_name(self):
        for line in self:
            product = line.sudo().product_id.display_name  # as on its form
            line.display_name = f"{line.name or ''}: {product}"

    # === ACTION METHODS === #

    def action_open_transfer(self):
        """Open the delivery."""
        self.ensure_one()
        return self.picking_id.get_formview_action() if self.picking_id else None

    # === BUSINESS METHODS === #

    @api.model
    def _open_last(self, domain):
        """What came of the last time that each product was shared out.

        :param domain: which lines are meant
        :return: an action
        """
        found = self._read_group(
            domain & Domain("state", "=", "applied"),
            ["product_id"],
            ["allocation_id:max"],
        )
        last = Domain.OR(
            Domain("product_id", "=", product.id) & Domain("allocation_id", "=", key)
            for product, key in found
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.crm_allocation_line_action"
        )
        return action | {"domain": list(domain & last)}

    def _tell_outcome(self):
        words = {
            "begun": self.env._("Picking has begun, so nothing changes."),
            "kept": self.env._(
                "Its picking list is printed: it keeps what it has; nothing is left to"
                " add."
            ),
            "enough": self.env._("There is enough for it."),
            "whole": self.env._("Gets all of it."),
            "nothing": self.env._("Nothing is left."),
            "empty": self.env._("There is nothing in stock."),
            "at_once": self.env._(
                "It is delivered all at once and not everything is there, so it holds"
                " nothing."
            ),
            "short": self.env._(
                "Packages or lots did not allow Odoo to reserve as proposed."
            ),
            "part": self.env._(
                "Gets the last %(quantity)s.",
                quantity=formatLang(self.env, self.gets, dp="Product Unit"),
            ),
        }
        return words.get(self.reason, "")

    def _tell_comparison(self):
        """Why it comes before or after another one."""
        if not self.other:
            return ""
        ours, theirs = self._get_own_side(), self.other
        if self.reason == "whole":
            why = self._tell_criterion(ours, theirs)
            return " " + self.env._(
                "Before %(other)s: %(why)s.", other=theirs["name"], why=why
            )
        why = self._tell_criterion(theirs, ours)
        return " " + self.env._(
            "%(other)s comes first: %(why)s.", other=theirs["name"], why=why
        )

    def _get_own_side(self):
        return {
            "name": self.name,
            "rank": self.rank_key,
            "promised": self.promised_on,
            "confirmed": self.confirmed_on,
        }

    def _tell_criterion(self, first, second):
        """What decides between two, the first of whom comes first."""
        return getattr(self, f"_tell_{self.criterion}")(first, second)

    def _tell_held(self, first, second):
        return self.env._("%s is held", second["name"])

    def _tell_urgent(self, first, second):
        return self.env._("%s is urgent", first["name"])

    def _tell_rank(self, first, second):
        return self.env._("the better customer")

    def _tell_promised(self, first, second):
        return self.env._(
            "promised for %(first)s, not %(second)s",
            first=format_date(self.env, first["promised"]),
            second=format_date(self.env, second["promised"]),
        )

    def _tell_ordered(self, first, second):
        return self.env._("%s is for a customer's order", first["name"])

    def _tell_confirmed(self, first, second):
        return self.env._(
            "ordered on %(first)s, not %(second)s",
            first=format_datetime(self.env, first["confirmed"], dt_format="short"),
            second=format_datetime(self.env, second["confirmed"], dt_format="short"),
        )

    def _tell_entered(self, first, second):
        return self.env._("it was entered first")
