from odoo import api, fields, models


class CrmCustomerClass(models.Model):
    """What kind of customer somebody is to us (FEATURES C02.3, C02.5; XL-12, GZ-09).

    The values are the company's own. A class of key accounts is meant to be given by
    decision, not by hand (XL-13): a policy on the change of class says so.
    """

    _name = "crm.customer.class"
    _description = "Customer Class"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    is_key = fields.Boolean(
        string="Key Account",
        help="Long followed, large purchases, little of them from us: worth a joint"
        " effort, and decided on by whoever leads it.",
    )
    color = fields.Integer()
    team_ids = fields.Many2many(
        comodel_name="crm.team",
        relation="crm_customer_class_team_rel",
        string="Sales Teams",
        help="Whose customers may have this class; leave empty for all. So each"
        " department can have classes of its own (GZ-09).",
    )

    _name_unique = models.UniqueIndex(
        "(name)", "There is a customer class of this name already."
    )

    # === BUSINESS METHODS === #

    @api.model
    def _get_offered(self, teams):
        """The classes that customers of some sales teams may have.

        :param teams: ids of those whom the customer's salesperson belongs to
        """
        return self.search(["|", ("team_ids", "=", False), ("team_ids", "in", teams)])

    def _is_offered(self, teams):
        """Whether a customer of some sales teams may have this single class."""
        self.ensure_one()
        return not self.team_ids or bool(set(self.team_ids.ids) & set(teams))
