from odoo import fields, models


class T(models.Model):
    _name = "crm.approval.topic"
    _description = "t"
    key = fields.Char()
    name = fields.Char()
