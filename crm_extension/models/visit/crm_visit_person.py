from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmVisitPerson(models.Model):
    """Somebody who was met, and as what (FEATURES XL-11 B and C)."""

    _name = "crm.visit.person"
    _description = "Person Met"
    _order = "visit_id, id"
    _rec_name = "name"

    visit_id = fields.Many2one(
        comodel_name="crm.visit", required=True, ondelete="cascade", index=True
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Contact",
        ondelete="set null",
        index="btree_not_null",
        help="If we know the person already.",
    )
    name = fields.Char(
        string="Full Name",
        required=True,
        compute="_compute_from_partner",
        store=True,
        readonly=False,
        precompute=True,
    )
    role = fields.Char(
        compute="_compute_from_partner",
        store=True,
        readonly=False,
        precompute=True,
        help="Position at the customer's.",
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id")
    def _compute_from_partner(self):
        for person in self:
            person.name = person.partner_id.name or person.name
            person.role = person.partner_id.function or person.role

    # === CONSTRAINT METHODS === #

    @api.constrains("partner_id", "visit_id")
    def _check_partner_id(self):
        for person in self.filtered("partner_id"):
            customer = person.visit_id.commercial_partner_id
            if customer and person.partner_id.commercial_partner_id != customer:
                raise ValidationError(
                    self.env._(
                        "%(person)s is no contact of %(customer)s. Leave “Contact”"
                        " empty and write the name, or move the contact first.",
                        person=person.partner_id.display_name,
                        customer=customer.display_name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        people = super().create(vals_list)
        people.visit_id._check_is_open()
        return people

    def write(self, vals):
        self.visit_id._check_is_open()
        result = super().write(vals)
        self.visit_id._check_is_open()  # it may have gone to another visit
        return result

    def unlink(self):
        self.visit_id._check_is_open()
        return super().unlink()
