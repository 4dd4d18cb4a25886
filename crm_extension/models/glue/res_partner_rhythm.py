from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, ormcache

from ..churn.crm_customer_rhythm import STAGES
from ..churn.crm_customer_silence import STATES
from ..churn.rhythm import LAST
from .kept_field import leave_empty, take_out_kept

# What the purchases are made of; they are read past the cache.
READ = {
    "sale.order": (
        *("state", "date_order", "company_id", "partner_id", "user_id", "team_id"),
    ),
    "res.partner": ("commercial_partner_id", "user_id", "active"),
    "res.users": ("active", "share"),
    "crm.team": ("user_id", "company_id", "active"),
    "crm.team.member": ("crm_team_id", "user_id", "active"),
}
BUYERS = """
    SELECT DISTINCT partner.commercial_partner_id AS id
      FROM sale_order sale
      JOIN res_partner partner ON partner.id = sale.partner_id
     WHERE sale.company_id = %(company)s AND sale.state = 'sale'
"""
# On which days was ordered, in the company's time zone, and who looks after whom: the
# first of salesperson, salesperson of the last order, and the leaders of their teams
# who works here, for this company.
PURCHASES = """
    WITH own AS MATERIALIZED (
        SELECT id, commercial_partner_id AS customer FROM res_partner
         WHERE commercial_partner_id = ANY(%(ids)s::int[])
    ), bought AS MATERIALIZED (
        SELECT own.customer, sale.id, sale.date_order, sale.user_id, sale.team_id,
               (sale.date_order AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date AS day
          FROM own
          JOIN sale_order sale ON sale.partner_id = own.id
         WHERE sale.company_id = %(company)s AND sale.state = 'sale'
    ), days AS (
        SELECT customer, day,
               ROW_NUMBER() OVER (PARTITION BY customer ORDER BY day DESC) AS place
          FROM bought WHERE day <= %(day)s
         GROUP BY customer, day
    ), counted AS (
        SELECT customer, COUNT(*)::int AS count, MIN(day) AS first_on,
               ARRAY_AGG(day) FILTER (WHERE place <= %(last)s) AS days,
               (COUNT(*) FILTER (WHERE day > %(day)s::date - 365))::int AS recent,
               (COUNT(*) FILTER (WHERE day <= %(day)s::date - 365
                   AND day > %(day)s::date - 730))::int AS before
          FROM days GROUP BY customer
    ), latest AS (
        SELECT DISTINCT ON (customer) customer, user_id, team_id
          FROM bought WHERE day <= %(day)s
         ORDER BY customer, date_order DESC, id DESC
    ), here AS MATERIALIZED (
        SELECT users.id
          FROM res_users users
          JOIN res_company_users_rel rel
            ON rel.user_id = users.id AND rel.cid = %(company)s
         WHERE users.active AND users.share IS NOT TRUE
    ), leader AS MATERIALIZED (
        SELECT team.id AS team_id, here.id AS user_id
          FROM crm_team team JOIN here ON here.id = team.user_id
         WHERE team.active
           AND (team.company_id IS NULL OR team.company_id = %(company)s)
    ), led AS MATERIALIZED (
        SELECT DISTINCT ON (member.user_id) member.user_id, leader.user_id AS leader_id
          FROM crm_team_member member JOIN leader ON leader.team_id = member.crm_team_id
         ORDER BY member.user_id, member.active DESC, member.id
    )
    SELECT customer.id, counted.days, COALESCE(counted.count, 0) AS count,
           counted.first_on, COALESCE(counted.recent, 0) AS recent,
           COALESCE(counted.before, 0) AS before, customer.active,
           COALESCE(mine.id, his.id, led.leader_id, leader.user_id) AS owner_id
      FROM res_partner customer
      LEFT JOIN counted ON counted.customer = customer.id
      LEFT JOIN latest ON latest.customer = customer.id
      LEFT JOIN here mine ON mine.id = customer.user_id
      LEFT JOIN here his ON his.id = latest.user_id
      LEFT JOIN led ON led.user_id = COALESCE(customer.user_id, latest.user_id)
      LEFT JOIN leader ON leader.team_id = latest.team_id
     WHERE customer.id = ANY(%(ids)s::int[])
"""


class CrmCustomerFaithful(models.AbstractModel):
    """When a customer is expected to order again, and what is said of its silence, in
    each company (FEATURES C20.4, C21, C02.7). Part of ``res.partner``, and nothing
    else's.

    It is about the commercial entity: contacts show nothing.
    """

    _name = "crm.customer.faithful"
    _description = "Faithfulness of a Customer"

    # Kept with the customer, and fetched with Odoo's own fields, so that confirming an
    # order finds it without a query.
    crm_churn_state = fields.Selection(
        selection=STATES,
        string="Churn",
        company_dependent=True,
        prefetch=True,
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="At risk: silent for longer than it should be. Postponed: left alone until"
        " a day, with measures. Lost: confirmed, with a reason. A new order ends it.",
    )
    crm_life_stage = fields.Selection(
        selection=STAGES,
        string="Life-cycle Stage",
        compute="_compute_crm_rhythm",
        search="_search_crm_life_stage",
        groups="base.group_user",
        help="Getting to know: fewer than three orders. Forming: in the first year."
        " Stable: longer. Declining: at risk or lost, or ordering less than half as"
        " often as the year before.",
    )
    crm_next_order_on = fields.Date(
        string="Next Order Expected",
        compute="_compute_crm_rhythm",
        groups="base.group_user",
        help="The last order and the usual interval, for those who have ordered three"
        " times or more.",
    )
    crm_rhythm_note = fields.Char(
        string="Order Rhythm", compute="_compute_crm_rhythm", groups="base.group_user"
    )
    crm_silence_note = fields.Char(
        string="Why at Risk", compute="_compute_crm_churn", groups="base.group_user"
    )
    crm_churn_note = fields.Char(
        string="About the Churn",
        compute="_compute_crm_churn",
        groups="base.group_user",
    )
    crm_churn_may_answer = fields.Boolean(
        compute="_compute_crm_churn", groups="base.group_user"
    )

    # === COMPUTE METHODS === #

    @api.depends("crm_churn_state")
    @api.depends_context("company", "lang", "uid")
    def _compute_crm_rhythm(self):
        rows = self._crm_find_rhythms()
        by_customer = {row.partner_id.id: row for row in rows}
        for partner in self:
            row = by_customer.get(partner._origin.id, rows.browse())
            partner.crm_life_stage = row.stage
            partner.crm_next_order_on = row.due_on
            partner.crm_rhythm_note = bool(row) and row._tell_silence()

    @api.depends("crm_churn_state")
    @api.depends_context("company", "lang", "uid")
    def _compute_crm_churn(self):
        # Of all others there is nothing to be told, and nothing is looked for.
        rows = self.filtered("crm_churn_state")._crm_find_rhythms()
        by_customer = {row.partner_id.id: row for row in rows}
        for partner in self:
            row = by_customer.get(partner._origin.id, rows.browse())
            partner.crm_silence_note = bool(row) and row._tell_silence()
            partner.crm_churn_note = bool(row.state) and row._tell_answer()
            partner.crm_churn_may_answer = bool(row.state) and row.may_answer

    @api.model
    def _search_crm_life_stage(self, operator, value):
        if operator != "in":
            return NotImplemented
        # Superuser mode: whoever sees the customer sees its stage.
        rows = self.env["crm.customer.rhythm"].sudo()
        own = fields.Domain("company_id", "=", self.env.company.id)
        stages = [stage for stage in value if stage]
        domain = self._crm_to_customers(
            rows, own & fields.Domain("stage", "in", stages)
        )
        if len(stages) == len(value):
            return domain
        staged = own & fields.Domain("stage", "!=", False)
        return domain | ~self._crm_to_customers(rows, staged)

    @api.model
    def _crm_to_customers(self, rows, domain):
        query = rows._search(domain, active_test=False)
        return fields.Domain("id", "any!", query.select("partner_id"))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(
            leave_empty(vals_list, "crm_churn_state", self._crm_refuse_churn)
        )

    def write(self, vals):
        return super().write(
            take_out_kept(self, vals, "crm_churn_state", self._crm_refuse_churn)
        )

    # === ACTION METHODS === #

    def action_crm_churn_postpone(self):
        """Open the dialog that postpones the loss of these customers."""
        return self._crm_get_own_rhythms().action_postpone()

    def action_crm_churn_lose(self):
        """Open the dialog that confirms the loss of these customers."""
        return self._crm_get_own_rhythms().action_lose()

    # === BUSINESS METHODS: for the watch === #

    @api.model
    def _crm_query_buyers(self, company):
        """Query of all who ever ordered from a company, as ``id``."""
        self._crm_flush_purchases()
        return SQL(BUYERS, company=company.id)

    @api.model
    def _crm_query_purchases(self, company, partner_ids):
        """Query of what some customers have ordered up to today, and who looks after
        them: one row each.

        Contacts and archived ones included; orders dated ahead count on their day,
        cancelled ones not at all.

        :param partner_ids: ids of commercial partners
        """
        self._crm_flush_purchases()
        return SQL(
            PURCHASES,
            ids=list(partner_ids),
            company=company.id,
            day=company._crm_get_today(),
            zone=company._crm_get_zone(),
            last=LAST,
        )

    @api.model
    def _crm_flush_purchases(self):
        for model, names in READ.items():
            self.env[model].flush_model(names)

    @api.model
    def _crm_set_churn(self, company, states):
        """Note with some customers what is said of their silence. By SQL, because the
        field is nobody's to write.

        :param states: ``{commercial partner id: state, or none}``
        """
        if not states:
            return
        if any(states.values()):
            self.env.registry.clear_cache()  # somebody is missed, see below
        self.flush_model(["crm_churn_state"])
        for state in set(states.values()):
            self.env.execute_query(
                SQL(
                    """
                    UPDATE res_partner SET crm_churn_state = NULLIF(
                        (COALESCE(crm_churn_state, '{}') - %(key)s::text)
                            || %(value)s::jsonb,
                        '{}')
                     WHERE id = ANY(%(ids)s) RETURNING id
                    """,
                    key=str(company.id),
                    value=f'{{"{company.id}": "{state}"}}' if state else "{}",
                    ids=[key for key, value in states.items() if value == state],
                )
            )
        self.browse(states).invalidate_recordset(["crm_churn_state"], flush=False)
        names = ("crm_life_stage", "crm_next_order_on", "crm_rhythm_note")
        names += ("crm_churn_note", "crm_churn_may_answer", "crm_relation_id")
        names += ("crm_silence_note",)
        self.browse(states).invalidate_recordset(names, flush=False)

    @api.model
    @ormcache("company_id")
    def _crm_misses_anybody(self, company_id):
        """Whether any customer is or was at risk in a company; where none is, no order
        has to look."""
        rows = self.env["crm.customer.rhythm"].sudo()  # whoever looks
        domain = [("company_id", "=", company_id), ("state", "!=", False)]
        return bool(rows.search_count(domain, limit=1))

    @api.model
    def _crm_forget_former_customers(self, company):
        """Forget the rhythm of those who are contacts of somebody else by now."""
        self.flush_model(["commercial_partner_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT kept.id FROM crm_customer_rhythm kept
                  JOIN res_partner partner ON partner.id = kept.partner_id
                 WHERE kept.company_id = %s
                   AND partner.commercial_partner_id <> partner.id
                """,
                company.id,
            )
        )
        # Superuser mode: nobody may delete them; called where customers vanish.
        rhythms = self.env["crm.customer.rhythm"].sudo()
        rhythms.browse(key for (key,) in rows)._forget()

    def _crm_forget_doubles(self, doubles):
        """What is said of some customers who are about to become this one: in each
        company, what is said of this one stays; else the gravest of the others."""
        # Superuser mode: whoever merges need not see every company.
        rhythms = self.env["crm.customer.rhythm"].sudo()
        rows = rhythms.search([("partner_id", "in", (self | doubles).ids)])
        order = ("lost", "postponed", "risk", False)
        ranked = rows.sorted(
            lambda row: (row.partner_id != self, order.index(row.state), row.id)
        )
        stays = rhythms.union(
            *(same[:1] for same in ranked.grouped("company_id").values())
        )
        (rows - stays)._forget()

    @api.model
    def _crm_refuse_churn(self):
        raise AccessError(
            self.env._(
                "Whether a customer is at risk follows from its orders. Nobody enters"
                " it; “Postpone” and “Confirm loss” on the customer answer it."
            )
        )

    # === BUSINESS METHODS: for the screens === #

    def _crm_filter_in_care(self):
        """Customers for whom the acting user may speak: their salesperson, that
        person's team leader, and whoever works on everybody's documents."""
        user = self.env.user
        if user.has_group("sales_team.group_sale_salesman_all_leads") or user.has_group(
            "crm_extension.crm_extension_group_manager"
        ):
            return self
        # Superuser mode: who leads whom is no secret.
        customers = self.sudo()
        own = customers.filtered(lambda partner: partner.user_id == user)
        led = (customers - own).filtered(
            lambda partner: user in partner.user_id.crm_team_ids.user_id
        )
        return (own | led).sudo(self.env.su)

    def _crm_find_rhythms(self):
        """What is known of these customers in the current company."""
        if not self._origin.ids:
            return self.env["crm.customer.rhythm"].sudo()
        # Superuser mode: whoever sees the customer sees how it orders.
        return (
            self.env["crm.customer.rhythm"]
            .sudo()
            .search_fetch(
                [
                    ("partner_id", "in", self._origin.ids),
                    ("company_id", "=", self.env.company.id),
                ]
            )
        )

    def _crm_get_own_rhythms(self):
        """The same, in the rights of the acting user."""
        self.check_access("read")
        return self.commercial_partner_id._crm_find_rhythms().sudo(False)
