from odoo import api, fields, models
from odoo.tools import SQL


class CrmCreditTurn(models.Model):
    """Whose turn it is at the credit of a customer: one row per customer and company.

    Whoever takes up credit counts it on in the same transaction. Of two who do so at
    once, the second waits for the first, and starts again when that one was let
    through: then it sees what the first has taken up. To hold the row would not do,
    for a transaction goes on seeing what there was when it began.

    A row of its own, so that nobody waits who just edits the customer.
    """

    _name = "crm.credit.turn"
    _description = "Turn at the Credit of a Customer"
    _log_access = False

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        required=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        ondelete="cascade",
        index=True,
    )
    number = fields.Integer(default=1)

    # A constraint, not an index: Odoo looks for these when it merges customers.
    _customer_unique = models.Constraint(
        "UNIQUE (partner_id, company_id)",
        "There is one turn at the credit of a customer in each company.",
    )

    @api.model
    def _take(self, company, partner_ids):
        """Have the credit of some customers to oneself until the transaction ends.

        :param partner_ids: ids of commercial partners
        :raises psycopg2.errors.SerializationFailure: when somebody else had a turn
            since this transaction began; Odoo tries it again then
        """
        if not partner_ids:
            return
        # In order of ids, so that two who want the same customers do not block each
        # other.
        self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_credit_turn AS turn (partner_id, company_id, number)
                SELECT id, %s, 1 FROM unnest(%s::int[]) AS asked(id) ORDER BY id
                    ON CONFLICT (partner_id, company_id)
                    DO UPDATE SET number = turn.number + 1
                RETURNING turn.number
                """,
                company.id,
                sorted(partner_ids),
            )
        )
