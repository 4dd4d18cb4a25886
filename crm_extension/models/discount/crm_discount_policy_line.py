from odoo import fields, models


class CrmDiscountPolicyLine(models.Model):
    """The ceiling of one position: what its holders may give without asking."""

    _name = "crm.discount.policy.line"
    _inherit = ["crm.cached.definition"]
    _description = "Discount Ceiling of a Position"
    _order = "limit, id"
    _rec_name = "job_id"

    policy_id = fields.Many2one(
        comodel_name="crm.discount.policy",
        required=True,
        ondelete="cascade",
        index=True,
    )
    job_id = fields.Many2one(
        comodel_name="hr.job", string="Position", required=True, ondelete="restrict"
    )
    limit = fields.Float(string="May Give (%)", required=True)

    _job_unique = models.UniqueIndex(
        "(policy_id, job_id)", "A position has one ceiling in a policy."
    )
    _check_limit = models.Constraint(
        'CHECK ("limit" >= 0 AND "limit" <= 100)',
        "What a position may give lies between 0 and 100 percent.",
    )
