from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

# Who has ordered, and who has accepted a quotation that is no order yet.
DEALT = """
    SELECT partner.commercial_partner_id
      FROM sale_order sale JOIN res_partner partner ON partner.id = sale.partner_id
     WHERE sale.company_id = %(company)s AND sale.state = 'sale'
       AND partner.commercial_partner_id IS NOT NULL
"""
ACCEPTED = """
    SELECT partner.commercial_partner_id
      FROM sale_order sale JOIN res_partner partner ON partner.id = sale.partner_id
     WHERE sale.company_id = %(company)s AND sale.state IN ('draft', 'sent')
       AND partner.commercial_partner_id IS NOT NULL
       AND (sale.signed_on IS NOT NULL OR sale.crm_accepted_content IS NOT NULL)
"""
TYPES = [
    ("prospect", "Prospect"),
    ("lead", "Lead Customer"),
    ("customer", "Customer"),
]


class CrmCustomerKinds(models.AbstractModel):
    """What somebody is to a company, as the orders say (FEATURES C02.1, C02.2, C02.9;
    XL-03, XT-08, LC-09). Part of ``res.partner``, and nothing else's."""

    _name = "crm.customer.kinds"
    _description = "Kinds of Customers"

    crm_customer_type = fields.Selection(
        selection=TYPES,
        string="Customer Type",
        compute="_compute_crm_customer_type",
        search="_search_crm_customer_type",
        groups="base.group_user",
        help="Customer: has a confirmed order. Lead customer: new, and has accepted a"
        " quotation. Prospect: neither.",
    )
    crm_own_relation_id = fields.Many2one(
        prefetch="crm_customer",
        comodel_name="crm.customer.relation",
        string="Chosen Relation",
        domain=[("meaning", "=", False)],
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        groups="base.group_user",
        help="VIP, agent or partner: what orders do not say.",
    )
    crm_relation_id = fields.Many2one(
        comodel_name="crm.customer.relation",
        string="Relation",
        compute="_compute_crm_relation_id",
        search="_search_crm_relation_id",
        groups="base.group_user",
        help="Lost, once the loss is confirmed; else what was chosen; else what the"
        " orders say.",
    )

    crm_kind_panel = fields.Html(
        compute="_compute_crm_kind_panel",
        sanitize=False,
        groups="base.group_user",
        help="All of it together, for the form.",
    )

    # === COMPUTE METHODS === #

    @api.depends("crm_relation_id", "crm_customer_type", "crm_life_stage")
    @api.depends_context("company", "lang")
    def _compute_crm_kind_panel(self):
        labels = {
            name: dict(self._fields[name]._description_selection(self.env))
            for name in ("crm_customer_type", "crm_life_stage")
        }
        for partner in self:
            partner.crm_kind_panel = self.env["ir.qweb"]._render(
                "crm_extension.crm_customer_kind_panel",
                {
                    "relation": partner.crm_relation_id.name,
                    "kind": labels["crm_customer_type"][partner.crm_customer_type],
                    "stage": labels["crm_life_stage"].get(partner.crm_life_stage),
                    # What is a warning stands at the top of the form.
                    "rhythm": not partner.crm_churn_state and partner.crm_rhythm_note,
                },
            )

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_crm_customer_type(self):
        dealt, accepted = self._crm_find_kinds()
        for partner in self:
            key = partner.commercial_partner_id._origin.id
            partner.crm_customer_type = (
                "customer"
                if key in dealt
                else "lead"
                if key in accepted
                else "prospect"
            )

    @api.model
    def _search_crm_customer_type(self, operator, value):
        if operator != "in":
            return NotImplemented
        self._crm_flush_kinds()
        key = self.env.company.id
        dealt = fields.Domain("id", "any!", SQL(DEALT, company=key))
        accepted = fields.Domain("id", "any!", SQL(ACCEPTED, company=key))
        domains = {
            "customer": dealt,
            "lead": accepted & ~dealt,
            "prospect": ~accepted & ~dealt,
        }
        return fields.Domain.OR(domains[name] for name in value if name in domains)

    @api.depends("crm_customer_type", "crm_own_relation_id", "crm_churn_state")
    @api.depends_context("company")
    def _compute_crm_relation_id(self):
        given = self._crm_get_given_relations()
        none = self.env["crm.customer.relation"]
        for partner in self:
            if partner.crm_churn_state == "lost" and given.get("lost"):
                partner.crm_relation_id = given["lost"]
                continue
            bought = partner.crm_customer_type == "customer"
            partner.crm_relation_id = partner.crm_own_relation_id or given.get(
                "customer" if bought else "prospect", none
            )

    @api.model
    def _search_crm_relation_id(self, operator, value):
        if operator != "in":
            return NotImplemented
        relations = self.env["crm.customer.relation"].browse(
            key for key in value if isinstance(key, int) and key
        )
        return fields.Domain.OR(
            self._crm_get_relation_domain(relation) for relation in relations.exists()
        )

    @api.model
    def _crm_get_relation_domain(self, relation):
        lost = fields.Domain("crm_churn_state", "=", "lost")
        chosen = fields.Domain("crm_own_relation_id", "!=", False)
        dealt = fields.Domain("crm_customer_type", "=", "customer")
        own = fields.Domain("crm_own_relation_id", "=", relation.id)
        if not self._crm_get_given_relations().get("lost"):
            lost = fields.Domain.FALSE
        return {
            "lost": lost,
            "customer": ~lost & (own | (~chosen & dealt)),
            "prospect": ~lost & (own | (~chosen & ~dealt)),
        }.get(relation.meaning, ~lost & own)

    # === CONSTRAINT METHODS === #

    @api.constrains("crm_class_id")
    def _check_crm_class(self):
        for partner in self:
            # Contacts have what their company has.
            if partner.commercial_partner_id == partner:
                partner._crm_check_class(partner.crm_class_id)

    # === BUSINESS METHODS === #

    def _approval_propose(self, gate, values, reason):
        # What nobody may write is not worth asking for.
        classes = self.env["crm.customer.class"]
        self._crm_check_class(classes.browse(values.get("crm_class_id")))
        return super()._approval_propose(gate, values, reason)

    def _crm_check_class(self, asked):
        """
        :raises ValidationError: where a class belongs to other departments than the
            customer does (FEATURES C02.5, GZ-09)
        """
        # Superuser mode: whose class it is does not depend on who asks.
        asked = asked.sudo()
        teams = self.sudo().user_id.crm_team_ids.ids
        if not asked or asked._is_offered(teams):
            return
        raise ValidationError(
            self.env._(
                "“%(asked)s” is a class of other departments' customers than"
                " %(customer)s (%(teams)s). Choose one of these: %(offered)s.",
                asked=asked.name,
                customer=self.display_name,
                teams=", ".join(asked.team_ids.mapped("name")),
                offered=", ".join(asked._get_offered(teams).mapped("name")),
            )
        )

    def _crm_find_kinds(self):
        """Ids of the commercial partners who have ordered, and of those who have
        accepted a quotation, in the current company."""
        ids = self.commercial_partner_id._origin.ids
        if not ids:
            return set(), set()
        self._crm_flush_kinds()
        rows = self.env.execute_query(
            SQL(
                "SELECT TRUE, found.* FROM (%s) AS found(id) WHERE id = ANY(%s)"
                " UNION SELECT FALSE, found.* FROM (%s) AS found(id)"
                " WHERE id = ANY(%s)",
                SQL(DEALT, company=self.env.company.id),
                ids,
                SQL(ACCEPTED, company=self.env.company.id),
                ids,
            )
        )
        return (
            {key for dealt, key in rows if dealt},
            {key for dealt, key in rows if not dealt},
        )

    @api.model
    def _crm_flush_kinds(self):
        names = ("state", "company_id", "partner_id", "signed_on")
        self.env["sale.order"].flush_model([*names, "crm_accepted_content"])
        self.flush_model(["commercial_partner_id"])

    @api.model
    def _crm_get_given_relations(self):
        """Those that are given by themselves: ``{meaning: relation}``."""
        relations = self.env["crm.customer.relation"].search_fetch(
            [("meaning", "!=", False)], ["meaning", "name"]
        )
        return {relation.meaning: relation for relation in relations}
