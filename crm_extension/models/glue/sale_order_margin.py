from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import format_amount

from ..discount.margin import LEAST_MARGIN
from ..discount.scope import Ceiling
from ..discount.verdict import judge

COST_GROUP = "crm_extension.crm_extension_group_cost"
UNLIMITED = Ceiling(None, "", 100.0)
# Where nothing is known to cost anything, as Odoo's own margin has it.
UNKNOWN_MARGIN = 100.0


class CrmSaleMargin(models.AbstractModel):
    """What an order leaves after cost, and how far it is below what it has to.

    Figures are for those who may see costs; everybody else is told that a line is
    below the least margin. Costs are those that were kept when the lines were made,
    which nobody can edit.

    Part of ``sale.order``, and nothing else's.
    """

    _name = "crm.sale.margin"
    _description = "Margin of an Order"

    crm_margin_percent = fields.Float(
        string="Margin on Kept Cost (%)",
        compute="_compute_crm_margin_percent",
        compute_sudo=True,  # costs are the same whoever looks
        digits=(16, 2),
        exportable=False,
        groups=COST_GROUP,
        help="What is left of the net price after the cost that was kept when the lines"
        " were made. Lines without a cost are left out; 100 where none has one.",
    )
    crm_margin_shortfall = fields.Float(
        string="Margin Shortfall (points)",
        compute="_compute_crm_margin_shortfall",
        compute_sudo=True,  # as the verdict itself
        digits=(16, 2),
        exportable=False,
        groups=COST_GROUP,
        help="How many percent points the worst line lacks of the least margin that"
        " the discount policy names. 0 when every line meets it.",
    )

    # === COMPUTE METHODS === #

    @api.depends("crm_verdict")
    @api.depends_context("uid")
    def _compute_crm_margin_percent(self):
        verdicts = self._crm_get_cost_verdicts()
        for percent, orders in self.grouped(
            lambda order: verdicts[order.id].margin_percent
        ).items():
            orders.crm_margin_percent = UNKNOWN_MARGIN if percent is None else percent

    @api.depends("crm_verdict")
    @api.depends_context("uid")
    def _compute_crm_margin_shortfall(self):
        verdicts = self._crm_get_verdicts()
        for shortfall, orders in self.grouped(
            lambda order: verdicts[order.id].shortfall
        ).items():
            orders.crm_margin_shortfall = shortfall

    # === BUSINESS METHODS === #

    def _crm_get_cost_verdicts(self):
        """Verdicts that know of costs, also where nothing has to be earned:
        ``{id: Verdict}``."""
        policies = self.env["crm.discount.policy"]
        verdicts = {}
        for company, orders in self.grouped("company_id").items():
            limits = policies._get_limits((company or self.env.company).id)
            if limits and limits.margins:
                verdicts |= orders._crm_get_verdicts()
            else:
                verdicts |= orders._crm_judge_costs()
        return verdicts

    def _crm_judge_costs(self):
        """What orders leave after cost, whatever may be given: ``{id: Verdict}``."""
        lines = self.order_line.filtered(lambda line: not line.display_type)
        costs = lines._crm_get_priced_costs()
        return {
            order.id: judge(
                [
                    line._crm_to_verdict_line(
                        UNLIMITED, {"cost": costs[line.id]}
                    ).paid_early(early)
                    for line in order.order_line
                    if line.id in costs
                ],
                None,
                order._crm_get_digits(),
            )
            for order in self
            for early in (order._crm_get_early_payment(),)
        }

    @api.model
    def _crm_may_read_figures(self):
        """Whether a text that is being made may name margins. What is said in the
        system's name is kept where everybody reads it."""
        return self.env.uid != SUPERUSER_ID and self.env.user.has_group(COST_GROUP)

    def _crm_tell_shortfalls(self, verdict):
        """In sentences, which lines are below their least margin."""
        below = [line for line in verdict.lines.values() if line.shortfall]
        told = bool(below) and self._crm_may_read_figures()
        for line in below:
            values = {"line": self._crm_name_line(line.key), "rule": line.margin_rule}
            if not told:
                yield self.env._(
                    "“%(line)s” is below the least margin (%(rule)s).", **values
                )
            elif line.margin > LEAST_MARGIN:
                yield self.env._(
                    "“%(line)s” leaves a margin of %(margin)g %%; at least %(least)g %%"
                    " is wanted (%(rule)s).",
                    margin=line.margin,
                    least=line.margin + line.shortfall,
                    **values,
                )
            else:
                yield self.env._(
                    "“%(line)s” brings nothing to cover its cost; a margin of at least"
                    " %(least)g %% is wanted (%(rule)s).",
                    least=line.margin + line.shortfall,
                    **values,
                )

    def _crm_get_margin_cards(self, verdict):
        """What the acting user may see of a single order's margin, for the inbox:
        list of ``(label, value, note, level)``.

        :param verdict: one that knows of costs
        """
        if not self._crm_may_read_figures():
            return []
        label = self.env._("Margin")
        if verdict.margin is None:
            return [(label, "–", self.env._("no cost is known"), "")]
        note = ""
        if verdict.margin_percent is not None:
            note = f"{max(verdict.margin_percent, -999):.1f} %"
        if verdict.shortfall:
            note = self.env._("%(margin)s; below the least margin", margin=note)
        bad = verdict.margin < 0 or verdict.shortfall
        amount = format_amount(self.env, float(verdict.margin), self.currency_id)
        return [(label, amount, note, "bad" if bad else "")]
