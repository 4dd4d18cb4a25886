from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..sampling import draw, new_seed

INVALID_REASONS = [
    ("dead_number", "Dead number"),
    ("suspended", "Number suspended"),
    ("changed_trade", "Changed trade"),
    ("closed", "Closed down"),
    ("duplicate", "Known already"),
    ("other", "Something else"),
]
# What a checker writes; the rest follows from the answer.
WRITTEN = frozenset({"reason", "note"})


class CrmCustomerCheck(models.Model):
    """A spot check of what somebody has entered about a customer (FEATURES C03.4,
    C03.6, C03.7; GZ-08, GZ-14, GZ-17).

    Drawn by chance, or made of one customer by hand. What turns out invalid is
    archived with its reason, never deleted. What turns out false names who entered it
    and that person's leader at that time.
    """

    _name = "crm.customer.check"
    _description = "Check of a Customer Record"
    _order = "is_done, date_drawn desc, id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="restrict",  # what was found stays
        index=True,
    )
    phone = fields.Char(related="partner_id.phone", help="For the return call.")
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    operator_id = fields.Many2one(
        comodel_name="res.users", string="Entered by", readonly=True, index=True
    )
    leader_id = fields.Many2one(
        comodel_name="res.users",
        readonly=True,
        index="btree_not_null",
        help="Direct leader of who entered it, when the check was drawn.",
    )
    checker_id = fields.Many2one(
        comodel_name="res.users", string="Checked by", required=True, readonly=True
    )
    date_drawn = fields.Datetime(string="Drawn on", required=True, readonly=True)
    date_done = fields.Datetime(string="Checked on", readonly=True)
    state = fields.Selection(
        selection=[
            ("open", "To check"),
            ("valid", "True and valid"),
            ("invalid", "Invalid"),
            ("false", "False record"),
        ],
        required=True,
        readonly=True,
    )
    # What is to be done comes first.
    is_done = fields.Boolean(compute="_compute_is_done", store=True, string="Done")
    reason = fields.Selection(selection=INVALID_REASONS, string="Why Invalid")
    note = fields.Text(help="What the return call or the visit has shown.")

    # === COMPUTE METHODS === #

    @api.depends("state")
    def _compute_is_done(self):
        for check in self:
            check.is_done = check.state != "open"

    # === CRUD METHODS === #

    def write(self, vals):
        # Superuser mode is the check's own; nobody calls it from outside.
        if not self.env.su:
            if not vals.keys() <= WRITTEN:
                raise AccessError(
                    self.env._("Checks are answered by their buttons alone.")
                )
            self._check_is_open()
        return super().write(vals)

    # === ACTION METHODS === #

    def action_valid(self):
        """The record is true and valid."""
        self._answer("valid")

    def action_invalid(self):
        """The customer is no customer any more: archived with the reason.

        :raises UserError: without a reason
        """
        for check in self.filtered(lambda check: not check.reason):
            raise UserError(
                self.env._(
                    "Say under “Why Invalid” what is wrong with %(customer)s.",
                    customer=check.partner_id.display_name,
                )
            )
        self._answer("invalid")
        self._archive_partners()

    def action_false(self):
        """The record was made up: it names who entered it, and that person's leader.

        :raises UserError: without a note of what has shown it
        """
        for check in self.filtered(lambda check: not (check.note or "").strip()):
            raise UserError(
                self.env._(
                    "Say in the note how it was found that the record of %(customer)s"
                    " is false.",
                    customer=check.partner_id.display_name,
                )
            )
        self._answer("false")
        self._archive_partners()

    # === BUSINESS METHODS === #

    @api.model
    def _draw(self, partners):
        """New checks of customers, for the acting user to answer.

        :raises AccessError: who may not check
        """
        self.check_access("write")
        operators = {partner: self._find_operator(partner) for partner in partners}
        now = fields.Datetime.now()
        # Superuser mode: nobody else makes checks, so that nobody makes them up.
        return (
            self.sudo()
            .create(
                [
                    {
                        "partner_id": partner.id,
                        "company_id": self.env.company.id,
                        "operator_id": operator.id,
                        "leader_id": self._find_leader(operator).id,
                        "checker_id": self.env.uid,
                        "date_drawn": now,
                        "state": "open",
                    }
                    for partner, operator in operators.items()
                ]
            )
            .sudo(False)
        )

    @api.model
    def _draw_sample(self, domain, number):
        """Check so many customers of a domain, drawn by chance; who waits for a check
        already is left out, and what one has entered oneself."""
        waiting = self.search([("state", "=", "open")]).partner_id
        partners = self.env["res.partner"].search(
            [
                *domain,
                ("parent_id", "=", False),
                ("partner_share", "=", True),
                ("ref_company_ids", "=", False),  # ourselves
                ("company_id", "in", (self.env.company.id, False)),
                ("create_uid", "!=", self.env.uid),
                ("id", "not in", waiting.ids),
            ]
        )
        return self._draw(partners.browse(draw(partners.ids, number, new_seed())))

    @api.model
    def _find_worst(self, partners):
        """The last check that found each of some customers invalid or false, where the
        last check did: ``{customer: check}``."""
        # Superuser mode: what was found counts whoever may read it.
        checks = self.sudo().search(
            [("partner_id", "in", partners.ids), ("state", "!=", "open")],
            order="date_done, id",
        )
        last = {check.partner_id: check for check in checks}
        return {
            partner: check
            for partner, check in last.items()
            if check.state in ("invalid", "false")
        }

    @api.model
    def _find_operator(self, partner):
        entered = partner.sudo().create_uid  # whose record it is, is no secret
        if entered and entered != self.env.ref("base.user_root"):
            return entered if entered._is_internal() else partner.user_id
        return partner.user_id

    @api.model
    def _find_leader(self, operator):
        return operator._crm_get_leader(self.env.company)

    def _check_is_open(self):
        for check in self.filtered(lambda check: check.state != "open"):
            raise UserError(
                self.env._(
                    "The record of %(customer)s has been checked already. Draw a new"
                    " check from the customer.",
                    customer=check.partner_id.display_name,
                )
            )

    def _check_not_own(self):
        for check in self.filtered(lambda check: check.operator_id == self.env.user):
            raise UserError(
                self.env._(
                    "You have entered %(customer)s yourself. Somebody else checks it.",
                    customer=check.partner_id.display_name,
                )
            )

    def _answer(self, state):
        self.check_access("write")
        self.lock_for_update()
        self._check_is_open()
        self._check_not_own()
        # Superuser mode: what an answer brings with it nobody writes by hand.
        self.sudo().write(
            {
                "state": state,
                "checker_id": self.env.uid,
                "date_done": fields.Datetime.now(),
            }
        )

    def _archive_partners(self):
        labels = dict(self._fields["reason"]._description_selection(self.env))
        for check in self:
            # Not every checker may write every customer; the answer is the right.
            partner = check.partner_id.sudo()
            told = labels.get(check.reason) or check.note
            partner.message_post(body=self.env._("Archived after a check: %s", told))
        self.partner_id.sudo().action_archive()
