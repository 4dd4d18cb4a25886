from collections import defaultdict

from odoo import api, fields, models
from odoo.tools.constants import PREFETCH_MAX

from ..discount.verdict import NOTHING, judge
from .shared_value import SharedValue

# Of a line, what a verdict depends on.
JUDGED_FIELDS = (
    "crm_given_by_id",
    "crm_reference_price",
    "discount",
    "display_type",
    "price_unit",
    "product_id",
    "product_uom_qty",
)
# And what it depends on where something has to be left after cost.
EARNING_FIELDS = ("crm_cost", "is_expense", "product_uom_id", "tax_ids")
DISCOUNT_STATES = [
    ("none", "Nothing given"),
    ("within", "Within your limit"),
    ("above", "Above your limit"),
    ("refused", "Not possible"),
]


class CrmSaleVerdict(models.AbstractModel):
    """What an order gives away, and whether it may: worked out once, and read by the
    order, its lines, its banner and its gate.

    Part of ``sale.order``, and nothing else's.
    """

    _name = "crm.sale.verdict"
    _description = "Verdict on an Order"

    # As the order defines it; amounts of an abstract model need one.
    currency_id = fields.Many2one("res.currency")
    crm_verdict = SharedValue(
        string="Verdict",
        compute="_compute_crm_verdict",
        compute_sudo=True,  # the verdict is the same whoever looks
        exportable=False,
        groups=fields.NO_ACCESS,
        help="A value of the discount's verdict, for other computed fields.",
    )
    crm_discount_given = fields.Float(
        string="Highest Discount (%)",
        compute="_compute_crm_discount",
        digits=(5, 2),
        groups="base.group_user",
        help="The most that any line gives away, in percent of the entitled price.",
    )
    crm_discount_excess = fields.Float(
        string="Above the Limit (%)",
        compute="_compute_crm_discount",
        digits=(5, 2),
        groups="base.group_user",
        help="How far a line goes above what its giver may give alone.",
    )
    crm_discount_amount = fields.Monetary(
        string="Given Away",
        compute="_compute_crm_discount",
        groups="base.group_user",
        help="Entitled price minus asked price, over all lines.",
    )
    crm_discount_share = fields.Float(
        string="Given in All (%)",
        compute="_compute_crm_discount",
        digits=(5, 2),
        groups="base.group_user",
        help="What is given away, in percent of what the customer would pay by right.",
    )
    crm_discount_allowed = fields.Monetary(
        string="Without Asking",
        compute="_compute_crm_discount",
        groups="base.group_user",
        help="How much those who price the lines may give in all without asking.",
    )
    crm_discount_state = fields.Selection(
        selection=DISCOUNT_STATES,
        string="Discount State",
        compute="_compute_crm_discount",
        groups="base.group_user",
        help="That of the line which asks for the highest decision.",
    )
    # === COMPUTE METHODS === #

    @api.depends(lambda self: self._crm_discount_depends())
    @api.depends_context("uid")
    def _compute_crm_verdict(self):
        verdicts = self._crm_work_out_verdicts()
        for order in self:
            order.crm_verdict = verdicts[order.id]

    @api.depends("crm_verdict")
    @api.depends_context("uid")
    def _compute_crm_discount(self):
        names = ("state", "given", "excess", "amount", "share", "allowed")
        # Set together: many orders of a list give the same, most of them nothing.
        alike = defaultdict(list)
        for key, verdict in self._crm_get_verdicts().items():
            alike[verdict.summary].append(key)
        for values, keys in alike.items():
            orders = self.browse(keys)
            for name, value in zip(names, values, strict=True):
                orders[f"crm_discount_{name}"] = value

    # === BUSINESS METHODS === #

    @api.model
    def _crm_discount_depends(self):
        customer = "partner_id.commercial_partner_id"
        return [
            "company_id",
            "currency_id",
            "payment_term_id",
            f"{customer}.crm_discount_floor",
            f"{customer}.crm_class_id",
            f"{customer}.crm_tier_id",
            "order_line.product_id.categ_id",
            *(f"order_line.{name}" for name in (*JUDGED_FIELDS, *EARNING_FIELDS)),
        ]

    def _crm_get_verdicts(self):
        """What each order gives away, judged by its company's policy.

        :return: ``{id: Verdict}``
        """
        # Superuser mode: nobody reads a verdict but what is made of it.
        orders = self.sudo()
        verdicts = dict(zip(self._ids, orders.mapped("crm_verdict"), strict=True))
        # What a verdict reads may be written down while it is worked out, and is
        # checked then.
        unknown = [key for key, verdict in verdicts.items() if not verdict]
        return verdicts | orders.browse(unknown)._crm_work_out_verdicts()

    def _crm_work_out_verdicts(self):
        """As :meth:`_crm_get_verdicts`, without looking at what is known."""
        self._crm_settle_claims()
        policies = self.env["crm.discount.policy"]
        verdicts = {}
        for company, orders in self._approval_group_by_company().items():
            limits = policies._get_limits(company.id)
            if limits:
                verdicts |= orders._crm_judge_all(limits, company)
            else:
                verdicts |= dict.fromkeys(orders._ids, NOTHING)
        return verdicts

    def _crm_judge_all(self, limits, company):
        """Judge orders of one company: ``{id: Verdict}``.

        :param limits: of the company, see ``crm.discount.policy``
        """
        if len(self.order_line) > PREFETCH_MAX:
            # In one query, where they would be read in parts.
            earning = EARNING_FIELDS if limits.margins else ()
            self.order_line.fetch((*JUDGED_FIELDS, *earning))
        lines = self.order_line
        judged = (
            lines._crm_get_judged(limits, company)
            # Where all of a product counts, one line changes what others have to leave.
            if all(lines._ids) or limits.margins.by_quantity
            # Of a long order that is being typed, only the changed lines are new.
            else dict(zip(lines._ids, lines.mapped("crm_judged"), strict=True))
        )
        floors = self.partner_id._crm_get_strictest_floors(company, limits.floor)
        # Asked of each order only where it makes a difference.
        mixed, digits = len(self.currency_id) > 1, self[:1]._crm_get_digits()
        rewarded = any(self.payment_term_id.mapped("early_discount"))
        verdicts = {}
        for order in self:
            early = order._crm_get_early_payment() if rewarded else 0.0
            verdicts[order.id] = judge(
                [
                    line.paid_early(early)
                    for key in order.order_line._ids
                    if (line := judged.get(key))
                ],
                floors.get(order.partner_id.id, limits.floor),
                order._crm_get_digits() if mixed else digits,
            )
        return verdicts

    def _crm_get_digits(self):
        currency = self.currency_id or self.company_id.currency_id
        return (currency or self.env.company.currency_id).decimal_places

    def _crm_name_line(self, key):
        """How people call what a part of the verdict on a single order is about."""
        line = self.order_line.filtered(lambda line: line.id == key)
        return line.product_id.name or line.name or self.env._("The discount")

    def _crm_explain(self, verdict):
        if verdict.state not in ("above", "refused"):
            return ""
        above = [line for line in verdict.lines.values() if line.excess]
        excesses = (
            self.env._(
                "“%(line)s” gives %(percent)g %%; %(limit)g %% may be given without"
                " asking (%(rule)s).",
                line=self._crm_name_line(line.key),
                percent=line.percent,
                limit=line.ceiling,
                rule=line.rule,
            )
            for line in above
        )
        return " ".join((*excesses, *self._crm_tell_shortfalls(verdict)))

    def _crm_explain_refusal(self, verdict):
        worst = max(verdict.lines.values(), key=lambda line: line.percent)
        limits = self.env["crm.discount.policy"]._get_limits(self.company_id.id)
        own = self.partner_id._crm_get_discount_floor(self.company_id)
        if own is not None and own < limits.floor:
            return self.env._(
                "%(document)s cannot be confirmed: “%(line)s” gives %(percent)g %%, and"
                " %(customer)s may be given %(floor)g %% at most. Lower the discount to"
                " %(floor)g %% or less, or request a change on the customer's form.",
                document=self.display_name,
                line=self._crm_name_line(worst.key),
                percent=worst.percent,
                customer=self.partner_id.commercial_partner_id.display_name,
                floor=own,
            )
        return self.env._(
            "%(document)s cannot be confirmed: “%(line)s” gives %(percent)g %%, and the"
            " company's floor in “%(policy)s” is %(floor)g %%. Nobody can approve more;"
            " lower the discount to %(floor)g %% or less.",
            document=self.display_name,
            line=self._crm_name_line(worst.key),
            percent=worst.percent,
            policy=limits.policy,
            floor=limits.floor,
        )
