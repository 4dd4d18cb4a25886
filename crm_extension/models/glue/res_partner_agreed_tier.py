from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date

from ..approval.core.gate import ChangeGate
from ..approval.crm_approval_change import APPLY

AGREED = ("crm_agreed_tier_id", "crm_agreed_tier_until")
GATE = "res.partner:tier"


class CrmCustomerAgreedTier(models.AbstractModel):
    """A tier that somebody asks for and others agree to, for a time (FEATURES C02.8).
    While it lasts points change nothing; afterwards they decide again.

    It is asked for like every guarded change, and there is no other way: without a
    policy that says who agrees, nobody can. Part of ``res.partner``.
    """

    _name = "crm.customer.agreed.tier"
    _description = "Tier of a Customer by Agreement"

    # crm_agreed_tier_id stands with the partner itself: see there.
    crm_agreed_tier_until = fields.Date(
        prefetch="crm_customer",
        string="Agreed until",
        company_dependent=True,
        copy=False,
        groups="base.group_user",
        help="The last day of the agreed tier.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get(name) for vals in vals_list for name in AGREED):
            self._crm_refuse_agreed()
        # Said here, so that no default says something else.
        return super().create(
            [vals | dict.fromkeys(AGREED, False) for vals in vals_list]
        )

    def write(self, vals):
        if not vals.keys() & set(AGREED):
            return super().write(vals)
        if self.env.context.get("crm_approval_apply") is not APPLY:
            named = {name: vals[name] for name in AGREED if name in vals}
            # A merge writes what is there already. Superuser mode: whoever may read.
            if self.sudo()._approval_filter_changed(named):
                self._crm_refuse_agreed()
            return super().write(
                {name: value for name, value in vals.items() if name not in named}
            )
        before = self.filtered("crm_agreed_tier_id")
        result = super().write(vals)
        self._crm_follow_agreed(before)
        return result

    # === CRON === #

    @api.model
    def _cron_end_agreed_tiers(self):
        """Every night: where an agreed tier has ended, points decide again."""
        self.flush_model(AGREED)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT agreed.company, ARRAY_AGG(partner.id ORDER BY partner.id)
                  FROM res_partner partner
                 CROSS JOIN LATERAL jsonb_each_text(partner.crm_agreed_tier_until)
                    AS agreed(company, until)
                 WHERE partner.crm_agreed_tier_until IS NOT NULL
                   AND agreed.until::date < %s
                 GROUP BY agreed.company
                """,
                fields.Date.context_today(self),
            )
        )
        for company_id, partner_ids in rows:
            company = self.env["res.company"].browse(int(company_id))
            ended = self.browse(partner_ids).with_company(company)
            ended.with_context(crm_approval_apply=APPLY).write(
                dict.fromkeys(AGREED, False)
            )

    # === BUSINESS METHODS: approval === #

    @api.model
    def _approval_gates(self):
        return (
            *super()._approval_gates(),
            ChangeGate(
                key=GATE,
                label=self.env._("Agree to a tier of a customer"),
                guarded=frozenset(AGREED),
            ),
        )

    def _approval_propose(self, gate, values, reason):
        if gate.key == GATE:
            self._crm_check_agreement(gate, values, reason)
        return super()._approval_propose(gate, values, reason)

    def _approval_tell_value(self, name):
        """What holds while no tier is agreed, instead of a blank."""
        if name != "crm_agreed_tier_id" or self.crm_agreed_tier_id:
            return super()._approval_tell_value(name)
        tier = self.sudo().crm_tier_id  # as its name
        if tier and not self._origin.crm_agreed_tier_id:
            return self.env._("by its points: %s", tier.name)
        return self.env._("by its points")

    def _crm_check_agreement(self, gate, values, reason):
        """
        :raises ValidationError: when a single customer cannot have what is asked for
        :raises UserError: when nobody has been named who could agree
        """
        customer = self.sudo()  # the rules are the same whoever asks
        asked = {name: values.get(name, customer[name]) for name in AGREED}
        tiers = self.env["crm.customer.tier"].sudo()
        tier = tiers.browse(int(asked["crm_agreed_tier_id"] or 0) or ()).exists()
        until = fields.Date.to_date(asked["crm_agreed_tier_until"])
        if tier:
            self._crm_check_agreed_tier(tier, until)
        elif until:
            raise ValidationError(
                self.env._(
                    "Which tier shall %(customer)s have until %(day)s? Choose one, or"
                    " leave both empty to let points decide again.",
                    customer=self.display_name,
                    day=format_date(self.env, until),
                )
            )
        if not (reason or "").strip():
            raise ValidationError(
                self.env._(
                    "Say why %(customer)s shall have another tier than its points"
                    " bring: those who decide read it.",
                    customer=self.display_name,
                )
            )
        if not customer._approval_find_change_policies(gate, values):
            self._crm_refuse_without_policy()

    def _crm_check_agreed_tier(self, tier, until):
        if not until or until <= fields.Date.context_today(self):
            raise ValidationError(
                self.env._(
                    "Until when shall %(customer)s be “%(tier)s”? Enter a day after"
                    " today: an agreed tier ends, and points decide again.",
                    customer=self.display_name,
                    tier=tier.name,
                )
            )
        if tier.company_id not in (self.env.company, self.env["res.company"]):
            raise ValidationError(
                self.env._(
                    "“%(tier)s” is no tier of %(company)s.",
                    tier=tier.name,
                    company=self.env.company.name,
                )
            )

    def _crm_refuse_without_policy(self):
        raise UserError(
            self.env._(
                "Nobody has been named who agrees to tiers, so %(customer)s keeps the"
                " one its points bring. An administrator publishes a policy for it:"
                " Configuration, Approval Policies.",
                customer=self.display_name,
            )
        )

    # === BUSINESS METHODS: the tier === #

    @api.model
    def _crm_find_agreed(self, company, partner_ids, day):
        """Ids of those among some customers whose tier is agreed on a day."""
        if not partner_ids:
            return set()
        self.flush_model(AGREED)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM res_partner
                 WHERE id = ANY(%(ids)s)
                   AND (crm_agreed_tier_until->>%(company)s)::date >= %(day)s
                   AND crm_agreed_tier_id->>%(company)s IS NOT NULL
                """,
                ids=list(partner_ids),
                company=str(company.id),
                day=day,
            )
        )
        return {key for (key,) in rows}

    def _crm_follow_agreed(self, before):
        """Give customers the tier that has just been agreed, in the current company;
        let points decide for those of before who have none any more."""
        company, today = self.env.company, fields.Date.context_today(self)
        agreed = self._crm_find_agreed(company, self.ids, today)
        found = self._crm_find_standings()
        moves = [
            {
                "id": partner.id,
                "tier": partner.crm_agreed_tier_id.id,
                "score": found(partner).score,
                "reason": "agreed",
                "indicators": None,
            }
            for partner in self
            if partner.id in agreed
            and partner.crm_tier_id != partner.crm_agreed_tier_id
        ]
        if moves:
            self.env["crm.customer.tier.history"]._follow(company, moves, today)
            self._crm_set_tiers(company, {each["id"]: each["tier"] for each in moves})
        ended = set(before._ids) - agreed
        self.browse(ended)._crm_rate_anew(company, today)

    def _crm_rate_anew(self, company, day):
        """Work out the tier of some customers as if they had none before."""
        if not self:
            return
        self.env["crm.customer.tier.history"]._close(company, self.ids, day)
        self._crm_set_tiers(company, dict.fromkeys(self.ids))
        scheme = self.env["crm.tier.scheme"]._get_published(company)
        if scheme:
            scheme._work_out(self.ids)

    def _crm_drop_agreed(self):
        """Take what was agreed from those who are no customers of their own any more,
        in all companies. By SQL: nobody may write it, and nothing follows."""
        # Superuser mode: as it was given.
        history = self.env["crm.customer.tier.history"].sudo()
        held = history.search([("partner_id", "in", self.ids), ("date_to", "=", False)])
        today = fields.Date.context_today(self)
        for company, rows in held.grouped("company_id").items():
            history._close(company, rows.partner_id.ids, today)
            self._crm_set_tiers(company, dict.fromkeys(rows.partner_id.ids))
        self.flush_recordset(AGREED)
        self.env.execute_query(
            SQL(
                """
                UPDATE res_partner
                   SET crm_agreed_tier_id = NULL, crm_agreed_tier_until = NULL
                 WHERE id = ANY(%s) RETURNING id
                """,
                self.ids,
            )
        )
        self.invalidate_recordset(AGREED, flush=False)

    @api.model
    def _crm_refuse_agreed(self):
        raise AccessError(
            self.env._(
                "A tier is not entered. Ask for it on the customer's form, with"
                " “Request a tier”; it holds as soon as it is agreed to."
            )
        )

    # === BUSINESS METHODS: for the screens === #

    def _crm_tell_tier(self, in_force, standing):
        told = super()._crm_tell_tier(in_force, standing)
        if agreed := self._crm_tell_agreed():
            # While it is agreed, too few points lose nothing.
            told |= {"agreed": agreed, "fall": None}
        return told

    def _crm_tell_agreed(self):
        """Until when the tier of a single customer is agreed, as text, or nothing."""
        customer = self.sudo()  # as its tier
        until = customer.crm_agreed_tier_until
        if (
            not customer.crm_agreed_tier_id
            or not until
            or until < fields.Date.context_today(self)
        ):
            return ""
        return format_date(self.env, until)
