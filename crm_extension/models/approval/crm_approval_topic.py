from odoo import fields, models


class CrmApprovalTopic(models.Model):
    """A side of a document that an approval point looks at, such as its prices.

    Glue ships the topics of its gates as data and says which facts belong to each.
    """

    _name = "crm.approval.topic"
    _description = "Approval Topic"
    _order = "gate, name, id"

    name = fields.Char(required=True, translate=True)
    key = fields.Char(required=True, readonly=True)
    gate = fields.Char(required=True, readonly=True)

    _key_unique = models.UniqueIndex("(gate, key)", "This topic exists already.")
