from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# Whom the money of a customer concerns; warehouse and service have no use for it.
MONEY_GROUPS = (
    "sales_team.group_sale_salesman,account.group_account_invoice,"
    "account.group_account_readonly"
)
SERVICE_GROUPS = "sales_team.group_sale_salesman,helpdesk_mgmt.group_helpdesk_user_own"

NOTHING = (0, 0)
# What belongs to a customer's history, and how it names the customer.
HISTORY = {"res.partner": "id", "crm.lead": "partner_id", "sale.order": "partner_id"}
FIGURES = """
    WITH people AS MATERIALIZED (
        SELECT id, commercial_partner_id AS customer
          FROM res_partner WHERE commercial_partner_id = ANY(%(ids)s::int[])
    ), documents AS (
        SELECT customer, 'res.partner' AS model, id FROM people
         UNION ALL
        SELECT customer, 'crm.lead', lead.id
          FROM people JOIN crm_lead lead ON lead.partner_id = people.id
         WHERE lead.company_id IS NULL OR lead.company_id = ANY(%(companies)s::int[])
         UNION ALL
        SELECT customer, 'sale.order', sale.id
          FROM people JOIN sale_order sale ON sale.partner_id = people.id
         WHERE sale.company_id = ANY(%(companies)s::int[])
    )
    SELECT customer, 'history' AS kind, COUNT(*) AS amount, 0 AS complaints
      FROM documents
      JOIN mail_activity activity
        ON activity.res_id = documents.id AND activity.res_model = documents.model
     GROUP BY customer
     UNION ALL
    SELECT partner_id, 'ticket', COUNT(*), COUNT(*) FILTER (WHERE is_complaint)
      FROM (%(tickets)s) ticket
     WHERE partner_id = ANY(%(ids)s::int[])
       AND (company_id IS NULL OR company_id = ANY(%(companies)s::int[]))
     GROUP BY partner_id
     UNION ALL
    SELECT partner_id, kind, SUM(amount), 0
      FROM (%(accounts)s) account
     WHERE partner_id = ANY(%(ids)s::int[]) AND company_id = %(company)s
       AND kind IN ('receipt', 'expense')
     GROUP BY partner_id, kind
     UNION ALL
    SELECT commercial_partner_id, 'promise', COUNT(*),
           COUNT(*) FILTER (WHERE state = 'broken')
      FROM crm_payment_promise
     WHERE commercial_partner_id = ANY(%(ids)s::int[]) AND company_id = %(company)s
       AND active AND paid_on IS NULL
     GROUP BY commercial_partner_id
"""

# What some customers owe in the books of a company, and how much of it is past its due
# date.
OWED = """
    SELECT partner.commercial_partner_id,
           SUM(line.amount_residual),
           SUM(line.amount_residual) FILTER (WHERE line.date_maturity < %(today)s)
      FROM res_partner partner
      JOIN account_move_line line ON line.partner_id = partner.id
      JOIN account_account account ON account.id = line.account_id
     WHERE partner.commercial_partner_id = ANY(%(ids)s::int[])
       AND account.account_type = 'asset_receivable'
       AND line.company_id = %(company)s AND line.parent_state = 'posted'
       AND line.reconciled IS NOT TRUE
     GROUP BY partner.commercial_partner_id
"""
# Who owes something past its due date.
OVERDUE = """
    SELECT partner.commercial_partner_id
      FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
      JOIN res_partner partner ON partner.id = line.partner_id
     WHERE account.account_type = 'asset_receivable'
       AND line.company_id = %(company)s AND line.parent_state = 'posted'
       AND line.reconciled IS NOT TRUE AND line.date_maturity < %(today)s
     GROUP BY partner.commercial_partner_id
    HAVING SUM(line.amount_residual) > %(amount)s
"""


class CrmCustomerOverview(models.AbstractModel):
    """Everything about a customer from its form (FEATURES C01.2, XT-06): what Odoo's
    own buttons do not lead to, and what they show only to whoever keeps the books.

    Part of ``res.partner``, and nothing else's. It is about the commercial entity.
    """

    _name = "crm.customer.overview"
    _description = "Customer at a Glance"

    crm_receivable = fields.Float(
        string="Receivable",
        compute="_compute_crm_owed",
        groups=MONEY_GROUPS,
        help="What is open in the books of the current company.",
    )
    crm_overdue = fields.Float(
        string="Overdue",
        compute="_compute_crm_owed",
        search="_search_crm_overdue",
        groups=MONEY_GROUPS,
    )
    crm_received = fields.Float(
        string="Received",
        compute="_compute_crm_figures",
        groups=MONEY_GROUPS,
        help="All that has come in so far, less what was paid back.",
    )
    crm_spent = fields.Float(
        string="Expenses",
        compute="_compute_crm_figures",
        groups=MONEY_GROUPS,
        help="Booked on analytic accounts of the customer, without the cost of what"
        " was delivered.",
    )
    crm_ticket_count = fields.Integer(
        string="Service",
        compute="_compute_crm_figures",
        groups=SERVICE_GROUPS,
    )
    crm_complaint_count = fields.Integer(
        string="Complaints",
        compute="_compute_crm_figures",
        groups=SERVICE_GROUPS,
    )
    crm_history_count = fields.Integer(
        string="Action History",
        compute="_compute_crm_figures",
        groups="base.group_user",
        help="What has been done and what is planned with the customer and its"
        " contacts.",
    )

    crm_promise_count = fields.Integer(
        string="Promised",
        compute="_compute_crm_figures",
        groups=MONEY_GROUPS,
        help="Payments that were promised to the current company and are not paid yet.",
    )
    crm_broken_promise_count = fields.Integer(
        string="Broken Promises", compute="_compute_crm_figures", groups=MONEY_GROUPS
    )

    # === COMPUTE METHODS === #

    # By themselves: lists show them, and do without the others.
    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_crm_owed(self):
        owed = self._crm_find_owed()
        for partner in self:
            mine = owed.get(partner.commercial_partner_id._origin.id, NOTHING)
            partner.crm_receivable, partner.crm_overdue = mine

    @api.depends("commercial_partner_id")
    @api.depends_context("company", "allowed_company_ids")
    def _compute_crm_figures(self):
        sums = self._crm_find_figures()
        for partner in self:
            mine = sums.get(partner.commercial_partner_id._origin.id, {})
            partner.crm_received, _none = mine.get("receipt", NOTHING)
            partner.crm_spent, _none = mine.get("expense", NOTHING)
            tickets, complaints = mine.get("ticket", NOTHING)
            partner.crm_ticket_count, partner.crm_complaint_count = tickets, complaints
            partner.crm_history_count, _none = mine.get("history", NOTHING)
            promised, broken = mine.get("promise", NOTHING)
            partner.crm_promise_count = promised
            partner.crm_broken_promise_count = broken

    @api.model
    def _search_crm_overdue(self, operator, value):
        if operator != ">" or value < 0:  # whoever owes nothing is not looked for
            return NotImplemented
        return Domain("id", "any!", self._crm_query_books(OVERDUE, amount=value))

    # === ACTION METHODS === #

    def action_crm_accounts(self):
        """Open what a customer owes, has paid and has cost; which of it, says the
        button."""
        return self._crm_open("crm_extension.crm_customer_account_action")

    def action_crm_promises(self):
        """Open what a customer has promised to pay."""
        self.ensure_one()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.crm_payment_promise_action_customer"
        ) | {
            "domain": [("commercial_partner_id", "=", self.commercial_partner_id.id)],
            "context": {"default_partner_id": self.id},
        }

    def action_crm_tickets(self):
        """Open what a customer has asked service for."""
        return self._crm_open("crm_extension.crm_customer_ticket_action")

    def action_crm_history(self):
        """Open what was done and is planned with a customer: with its contacts, for
        its opportunities and its orders."""
        self.ensure_one()
        people = self.with_context(active_test=False).search(
            [("commercial_partner_id", "=", self.commercial_partner_id.id)]
        )
        domains = [
            Domain("res_model", "=", model)
            & Domain("res_id", "in", people._crm_find_with_activities(model, name))
            for model, name in HISTORY.items()
        ]
        return self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.mail_activity_action_customer"
        ) | {"domain": list(Domain.OR(domains))}

    # === BUSINESS METHODS === #

    def _crm_open(self, action):
        self.ensure_one()
        customer = self.commercial_partner_id
        return self.env["ir.actions.act_window"]._for_xml_id(action) | {
            "domain": [("partner_id", "=", customer.id)],
            "context": self.env.context,
        }

    @api.model
    def _crm_query_books(self, query, **parts):
        """A query about what is owed in the books of the current company."""
        accounts = self.env["crm.customer.account"]
        for model, names in accounts._depends.items():
            self.env[model].flush_model(names)
        today = fields.Date.context_today(self)
        return SQL(query, company=self.env.company.id, today=today, **parts)

    def _crm_open_part(self, view, name):
        """A dialog with a part of a single customer, which its form leaves out.

        :param view: XML id of the form
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [[self.env.ref(view).id, "form"]],
            "target": "new",
        }

    def _crm_find_owed(self):
        """What some customers owe, past the rules of single documents: see below.

        :return: ``{commercial partner id: (all, past due)}`` in the current company's
            books and currency
        """
        customers = self._crm_find_visible_customers()
        rows = self.env.execute_query(self._crm_query_books(OWED, ids=customers.ids))
        return {customer: (owed, due or 0) for customer, owed, due in rows}

    def _crm_find_figures(self):
        """What is told of some customers, in one query and past the rules of single
        documents: salespeople have no rights in accounting and service (KD-07), and
        whoever may see the customer may see these sums of it.

        :return: ``{commercial partner id: {kind: (amount, complaints)}}``; money of the
            current company, in its currency
        """
        accounts = self.env["crm.customer.account"]
        tickets = self.env["crm.customer.ticket"]
        for model in (
            *(*accounts._depends, *tickets._depends),
            *("mail.activity", "crm.payment.promise", *HISTORY),
        ):
            self.env[model].flush_model()
        rows = self.env.execute_query(
            SQL(
                FIGURES,
                ids=self._crm_find_visible_customers().ids,
                company=self.env.company.id,
                companies=self.env.companies.ids,
                accounts=accounts._table_query,
                tickets=tickets._table_query,
            )
        )
        sums = {}
        for customer, kind, *amounts in rows:
            sums.setdefault(customer, {})[kind] = amounts
        return sums

    def _crm_find_visible_customers(self):
        # Who reads a record may see it; of a contact's customer that is not yet said.
        customers = self.commercial_partner_id
        others = customers - self
        return (customers - others) | others._filtered_access("read")

    def _crm_find_with_activities(self, model, name):
        """Ids of the documents of these people, as far as the acting user sees them."""
        documents = self.env[model].with_context(active_test=False)
        return documents.search([(name, "in", self.ids)]).ids
