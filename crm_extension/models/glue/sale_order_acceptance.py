from decimal import Decimal

from odoo import SUPERUSER_ID, fields, models
from odoo.tools import SQL, format_amount

from ..approval.core.facts import Fact, fingerprint

# Says that an order is confirmed because its customer accepted it: what may not be
# confirmed yet is kept instead of raised. It opens nothing.
ACCEPTED = object()
ACTIVITY = "crm_extension.mail_activity_type_crm_accepted"


class CrmSaleAcceptance(models.AbstractModel):
    """What a customer's signature or payment brings about while approval is missing.

    Odoo confirms an order as soon as its customer has signed or paid it. One that may
    not be confirmed yet keeps the acceptance instead: the customer reads that the
    order is under review, its owner is told, and the grant confirms it, provided that
    it still says what the customer accepted.

    Part of ``sale.order``, and nothing else's: it stands before Odoo's own class in the
    order's inheritance, so that what it overrides is reached.
    """

    _name = "crm.sale.acceptance"
    _description = "What a Customer Accepted"

    crm_accepted_content = fields.Char(
        copy=False,
        readonly=True,
        groups="base.group_user",
        help="Digest of what the customer accepted while approval was missing.",
    )

    # === ACTION METHODS === #

    def action_confirm(self):
        accepted = (
            self.env.context.get("crm_accepted") is ACCEPTED
            # Shops confirm in the name of their visitor.
            or not self.env.user._is_internal()
        )
        ready = self - self._crm_keep_acceptances() if accepted else self
        result = super(CrmSaleAcceptance, ready).action_confirm()
        kept = ready._crm_end_acceptances()
        kept._crm_get_kept_payments()._crm_invoice_kept()
        return result

    # === BUSINESS METHODS: sale === #

    def _validate_order(self):
        return super(
            CrmSaleAcceptance, self - self._crm_keep_acceptances()
        )._validate_order()

    def _action_cancel(self):
        self._crm_end_acceptances()
        return super()._action_cancel()

    def _has_to_be_signed(self):
        # What was signed says something else by now, so it is to be signed again.
        return super()._has_to_be_signed() or bool(
            self.signature
            and self.require_signature
            and self.state in ("draft", "sent")
            and not self.is_expired
            and self._crm_has_outgrown_acceptance()
        )

    def _can_be_edited_on_portal(self):
        return super()._can_be_edited_on_portal() and not self._crm_is_under_review()

    # === BUSINESS METHODS: approval === #

    def _approval_should_proceed(self, request):
        return self._crm_is_accepted() or super()._approval_should_proceed(request)

    def _approval_proceed(self, request):
        # As Odoo does for a customer who accepts: with the confirmation by mail.
        self.with_context(send_email=self._crm_is_accepted()).action_confirm()

    def _approval_on_granted(self, requests):
        # A customer may be accepting it: then the acceptance is seen here, or the
        # database lets one of the two start again.
        wait_for(self)
        outgrown = self.filtered(lambda order: order._crm_has_outgrown_acceptance())
        waiting = set(outgrown._approval_get_under_way().mapped("res_id"))
        for order in outgrown.filtered(lambda order: order.id not in waiting):
            order._crm_tell_owner(
                lambda order: order.env._(
                    "%(document)s is approved, but it has changed since the customer"
                    " accepted it (%(what)s). Send it again, so that the customer"
                    " accepts what it says now; or confirm it, if the customer has"
                    " agreed in another way.",
                    document=order.name,
                    what=order._crm_describe_acceptance(),
                )
            )
        return super()._approval_on_granted(requests)

    def _approval_on_rejected(self, requests):
        for order in self.filtered("crm_accepted_content"):
            order._crm_tell_owner(
                lambda order: order.env._(
                    "%(document)s is not approved, although the customer has accepted"
                    " it already (%(what)s). Talk to the customer: change the"
                    " quotation and send it again, or cancel it and pay back what was"
                    " paid.",
                    document=order.name,
                    what=order._crm_describe_acceptance(),
                )
            )
        return super()._approval_on_rejected(requests)

    # === BUSINESS METHODS: what the customer accepted === #

    def _crm_keep_acceptances(self):
        """Keep the acceptance of those that may not be confirmed yet.

        :return: those orders
        """
        held = self.filtered(
            lambda order: (
                order.state in ("draft", "sent") and order._approval_blocking_message()
            )
        )
        if held:
            held.check_access("write")
            # Superuser mode: customers write neither requests nor activities.
            held.sudo()._crm_keep()
        return held

    def _crm_keep(self):
        # Who decides at this very moment does so before or after, not meanwhile.
        wait_for(self._approval_get_under_way())
        for order in self:
            content = order._crm_get_content()
            if order.crm_accepted_content != content:
                order.crm_accepted_content = content
                order._crm_tell_accepted()

    def _crm_end_acceptances(self):
        """The order has been confirmed or cancelled: nothing waits any more.

        :return: the orders whose customers had accepted, in superuser mode
        """
        # Superuser mode: the activity may be a colleague's, and payments are processed
        # in it.
        kept = self.sudo().filtered("crm_accepted_content")
        kept.crm_accepted_content = False
        kept.activity_unlink([ACTIVITY])
        return kept

    def _crm_is_under_review(self):
        """Whether the customer has done everything, and it is up to us."""
        self.ensure_one()
        order = self.sudo()  # read for the customer's page, too
        return bool(
            order.state in ("draft", "sent")
            and order.crm_accepted_content
            and order.crm_accepted_content == order._crm_get_content()
        )

    def _crm_is_accepted(self):
        """Whether the customer is bound to a single order as it stands: signed or
        paid, this very content, and nothing has been paid back since."""
        return self._crm_is_under_review() and self._is_confirmation_amount_reached()

    def _crm_has_outgrown_acceptance(self):
        """Whether the order says something else than what its customer accepted."""
        order = self.sudo()  # read for the customer's page, too
        return bool(order.crm_accepted_content and not order._crm_is_under_review())

    def _crm_get_content(self):
        """Digest of everything that a customer who accepts this order agrees to."""
        self.ensure_one()
        lines = sorted(map(describe_line, self.order_line))
        content = {
            "customer": self.partner_id.id,
            "currency": self.currency_id.name,
            "total": Decimal(f"{self.amount_total:.6f}"),
            "terms": self.payment_term_id.id,
            "note": str(self.note or ""),
            # Setting back to quotation takes the signature away.
            "signed": str(self.signed_on or ""),
            **{f"line {number}": line for number, line in enumerate(lines)},
        }
        return fingerprint({key: Fact(content[key], "changed") for key in content})

    # === BUSINESS METHODS: telling === #

    def _crm_tell_accepted(self):
        """Tell the owner that a customer accepted what may not be confirmed yet."""
        owner = self._crm_tell_owner(lambda order: order._crm_get_acceptance_text())
        if not owner:
            return
        # The message has been sent; a second one about the activity is too much.
        order = self._crm_for(owner).with_context(mail_activity_quick_update=True)
        order.activity_unlink([ACTIVITY])
        order.activity_schedule(
            ACTIVITY,
            user_id=owner.id,
            summary=order.env._(
                "Accepted by the customer (%(what)s); approval is still missing",
                what=order._crm_describe_acceptance(),
            ),
        )

    def _crm_get_acceptance_text(self):
        values = {
            "document": self.name,
            "what": self._crm_describe_acceptance(),
            "why": self._approval_blocking_message(),
        }
        if self.crm_approval_state == "refused":
            return self.env._(
                "The customer has accepted %(document)s (%(what)s), which still needs"
                " approval and cannot get it as it stands. The acceptance is kept."
                " %(why)s",
                **values,
            )
        if self.crm_approval_state in ("needed", "rejected", "rework"):
            return self.env._(
                "The customer has accepted %(document)s (%(what)s), which still needs"
                " approval, and nobody is asked for it now. The acceptance is kept;"
                " the order is confirmed as soon as it is approved. %(why)s",
                **values,
            )
        return self.env._(
            "The customer has accepted %(document)s (%(what)s), which still needs"
            " approval. The acceptance is kept; the order is confirmed as soon as it"
            " is approved. %(why)s",
            **values,
        )

    def _crm_describe_acceptance(self):
        """How the customer accepted, for colleagues: signed, paid or both."""
        self.ensure_one()
        done = []
        if self.signature:
            done.append(
                self.env._("signed by %s", self.signed_by)
                if self.signed_by
                else self.env._("signed")
            )
        if self.amount_paid:
            paid = format_amount(self.env, self.amount_paid, self.currency_id)
            done.append(self.env._("paid %s", paid))
        return ", ".join(done) or self.env._("ordered online")

    def _crm_tell_owner(self, write_text):
        """Tell whoever looks after a single order; customers who follow it are not
        told.

        :param write_text: gives the text for the order in the owner's language
        :return: the person told, or none
        """
        self.ensure_one()
        owner = self.sudo()._crm_get_owner()  # whoever it is, and whoever accepts
        order = self._crm_for(owner)
        order.message_post(
            body=write_text(order),
            partner_ids=owner.partner_id.ids,
            subtype_xmlid="mail.mt_note",
        )
        return owner

    def _crm_for(self, owner):
        """The order in the owner's language and in the system's name: the acting user
        may be an anonymous visitor."""
        lang = owner.lang or self.env.lang
        return self.with_user(SUPERUSER_ID).with_context(lang=lang)

    def _crm_get_owner(self):
        """The salesperson, or else the team's leader, whoever asked, or one of those
        who look after the approvals."""
        self.ensure_one()
        points = self.env["crm.approval.policy.step"]
        people = (
            self.user_id,
            self.team_id.user_id,
            self.crm_approval_request_ids[:1].requester_id,
            points._get_administrators(),
        )
        there = (
            users.filtered(lambda user: user.active and not user.share)
            for users in people
        )
        return next(filter(None, there), self.env["res.users"])[:1]

    # === BUSINESS METHODS: payments === #

    def _crm_get_kept_payments(self):
        """The last finished payment of each order, which stands for all of them: Odoo
        makes one invoice about everything that was paid. A payment that is being
        processed is left to Odoo."""
        kept = self.env["payment.transaction"]
        for order in self.filtered(lambda order: not order.invoice_ids):
            kept |= order.transaction_ids.filtered(
                lambda payment: (
                    payment.state == "done"
                    and payment.is_post_processed
                    and payment.operation not in ("validation", "refund")
                )
            ).sorted("id")[-1:]
        return kept


def describe_line(line):
    """A line as text: everything in it that a customer agrees to."""
    numbers = (
        line.product_uom_qty,
        line.price_unit,
        line.discount,
        line.price_subtotal,
    )
    things = (line.product_id.id, line.product_uom_id.id, line.display_type, line.name)
    return "|".join([*(f"{number:.6f}" for number in numbers), *map(str, things)])


def wait_for(records):
    """Lock rows, and wait where somebody else holds them.

    :raises psycopg2.errors.SerializationFailure: when they have been changed since
        this transaction began; Odoo tries it again then
    """
    if records:
        records.env.execute_query(
            SQL(
                "SELECT id FROM %s WHERE id IN %s ORDER BY id FOR NO KEY UPDATE",
                SQL.identifier(records._table),
                tuple(records.ids),
            )
        )
