from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache


class CrmCustomerTier(models.Model):
    """What a tier brings its customers, in each company (FEATURES C02.6, C02.10,
    C10.6). Whatever somebody has set for a customer by hand comes before.

    Nothing of it is written on customers, so that a tier brings what it brings now.
    How much may be given to a tier is said in the discount policy.
    """

    _name = "crm.customer.tier"
    _inherit = ["crm.customer.tier", "crm.cached.definition"]

    pricelist_id = fields.Many2one(
        comodel_name="product.pricelist",
        company_dependent=True,
        check_company=True,
        ondelete="restrict",
        help="Prices of customers who have no pricelist of their own.",
    )
    payment_term_id = fields.Many2one(
        comodel_name="account.payment.term",
        string="Payment Terms",
        company_dependent=True,
        check_company=True,
        ondelete="restrict",
        help="Of customers with whom no others are agreed.",
    )
    credit_limit = fields.Float(
        digits=(16, 2),
        company_dependent=True,
        help="How much customers of the tier may owe for whom nobody has set a limit,"
        " in the currency of the current company. Where the credit grade says something"
        " else, the lower of the two counts. Empty: the tier brings none.",
    )
    urgent_delivery = fields.Boolean(
        string="Deliver First",
        help="Deliveries of new orders are urgent: they are reserved and shown before"
        " others.",
    )
    visit_days = fields.Integer(
        string="Visit Every (days)",
        help="How often customers are visited; 0 for no such rhythm.",
    )
    ticket_priority = fields.Selection(
        selection=lambda self: (
            self.env["helpdesk.ticket"]
            ._fields["priority"]
            ._description_selection(self.env)
        ),
        help="How urgent new tickets are at least.",
    )

    _check_visit_days = models.Constraint(
        "CHECK (visit_days >= 0)",
        "Days between visits are a number, or 0 for no rhythm.",
    )

    @api.constrains("payment_term_id")
    def _check_payment_term_id(self):
        for tier in self:
            self.env["res.partner"]._crm_check_settlement(
                tier.payment_term_id, tier.display_name
            )

    @api.constrains("credit_limit")
    def _check_credit_limit(self):
        for tier in self:
            if tier.credit_limit < 0:
                raise ValidationError(
                    self.env._(
                        "The credit limit of “%s” cannot be less than 0. Leave it empty"
                        " for a tier that brings none.",
                        tier.display_name,
                    )
                )

    @api.model
    @ormcache("company_id", "name")
    def _get_benefits(self, company_id, name):
        """What tiers bring in a company: ``{tier id: value, or its id}``; those that
        bring nothing are left out.

        :param name: a field of the tier
        """
        # Superuser mode: what a tier brings does not depend on who asks.
        tiers = self.sudo().with_company(company_id).with_context(active_test=False)
        return {
            tier.id: tier[name].id if self._fields[name].relational else tier[name]
            for tier in tiers.search([])  # pylint: disable=no-search-all
            if tier[name]
        }
