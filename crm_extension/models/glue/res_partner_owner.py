from markupsafe import escape

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..ownership.rule import (
    ACROSS,
    FOREIGN,
    IDLE,
    PROTECTED,
    RESTING,
    Cause,
    Move,
    refuse,
)
from ..turns import take_turns

ADMINISTRATION = "crm_extension.crm_extension_group_manager"
SALES = "sales_team.group_sale_salesman"
# What makes somebody a customer of somebody's.
OWNING = frozenset({"user_id", "parent_id", "is_company"})


class CrmCustomerOwned(models.AbstractModel):
    """Whose customer it is: nobody's in the pool, or somebody's (FEATURES C04; ZK-05).

    Part of ``res.partner``, and nothing else's. The owner is Odoo's own salesperson of
    the commercial entity. Suppliers and the like keep to the same rules, lest a
    customer be called one for a moment.
    """

    _name = "crm.customer.owned"
    _description = "Whose Customer It Is"

    crm_in_pool = fields.Boolean(
        string="In the Pool",
        compute="_compute_crm_owner",
        search="_search_crm_in_pool",
        groups="base.group_user",
        help="Nobody looks after this customer: whoever is in sales may take it.",
    )
    crm_may_claim = fields.Boolean(
        compute="_compute_crm_owner", groups="base.group_user"
    )
    crm_may_release = fields.Boolean(
        compute="_compute_crm_owner", groups="base.group_user"
    )
    crm_owner_locked = fields.Boolean(
        compute="_compute_crm_owner",
        # No groups: a field that everybody's view has depends on it.
        help="Somebody else than the acting user says whose customer it is.",
    )
    crm_owner_note = fields.Char(
        string="About the Owner",
        compute="_compute_crm_owner_note",
        groups="base.group_user",
    )
    crm_owner_panel = fields.Html(
        compute="_compute_crm_owner_panel",
        groups="base.group_user",
        help="The note, for a page of the form that is not the first.",
    )

    # === COMPUTE METHODS === #

    @api.depends("user_id", "parent_id", "is_company")
    @api.depends_context("uid")
    def _compute_crm_owner(self):
        customers = self._origin._crm_filter_entities()
        rest = customers._crm_get_rest(self.env.user)
        locked = set(customers._crm_filter_locked()._ids)
        sells = self.env.user.has_group(SALES)
        for partner in self:
            key = partner._origin.id
            owned = bool(partner.user_id)
            entity = partner._origin in customers
            mine = entity and partner.user_id == self.env.user
            partner.crm_owner_locked = key in locked
            partner.crm_in_pool = entity and not owned
            partner.crm_may_claim = sells and entity and not owned and key not in rest
            partner.crm_may_release = mine

    @api.depends("user_id", "parent_id", "is_company")
    @api.depends_context("uid", "lang")
    def _compute_crm_owner_note(self):
        customers = self._origin._crm_filter_entities()
        latest = self.env["crm.customer.ownership"]._get_latest(customers.ids)
        rest = customers._crm_get_rest(self.env.user)
        for partner in self:
            key = partner._origin.id
            owned, row = bool(partner.user_id), latest.get(key)
            partner.crm_owner_note = partner._origin in customers and (
                partner._crm_tell_owned(row)
                if owned and row and not row.date_to
                else not owned and partner._crm_tell_pool(row, rest.get(key))
            )

    @api.depends("crm_owner_note", "crm_shared_user_ids")
    @api.depends_context("uid", "lang")
    def _compute_crm_owner_panel(self):
        for partner in self:
            told = [partner.crm_owner_note]
            if colleagues := partner.crm_shared_user_ids:
                names = ", ".join(colleagues.mapped("name"))
                told.append(self.env._("Shared with %s", names))
            partner.crm_owner_panel = escape(" · ".join(filter(None, told)))

    @api.model
    def _search_crm_in_pool(self, operator, value):
        if operator != "in" or True not in value or len(value) > 1:
            return NotImplemented
        return self._crm_get_pool_domain()

    @api.model
    def _crm_get_entity_domain(self):
        """Commercial entities, of which contacts are a part."""
        return (
            (Domain("is_company", "=", True) | Domain("parent_id", "=", False))
            & Domain("partner_share", "=", True)
            & Domain("ref_company_ids", "=", False)
        )

    @api.model
    def _crm_get_pool_domain(self):
        """Customers whom nobody looks after; those who only supply us are none."""
        buys = Domain("supplier_rank", "=", 0) | Domain("customer_rank", ">", 0)
        unowned = Domain("user_id", "=", False)
        return self._crm_get_entity_domain() & unowned & buys

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        owned = partners.filtered("user_id")._crm_filter_entities()
        if owned:
            owned._crm_follow_owners({})
        return partners

    def write(self, vals):
        if not OWNING & vals.keys():
            result = super().write(vals)
            if vals.get("active"):
                self._crm_check_room(self._crm_get_owners().values())
            return result
        before = self._crm_get_owners()
        result = super().write(vals)
        self._crm_follow_owners(before)
        return result

    def copy_data(self, default=None):
        """A duplicate is one's own, or the pool's: it takes nobody's place."""
        vals_list = super().copy_data(default)
        if self.env.su or "user_id" in (default or {}):
            return vals_list
        copies = list(zip(self, vals_list, strict=True))
        for partner, vals in copies:
            if partner.crm_owner_locked and vals.get("user_id") != self.env.uid:
                vals["user_id"] = False
        return vals_list

    # === ACTION METHODS === #

    def action_crm_claim(self):
        """Take some customers from the pool.

        :raises AccessError: for whoever is not in sales
        :raises UserError: for a customer whom somebody looks after by now, or whom the
            acting user may not take
        """
        self.check_access("write")
        if not self.env.user.has_group(SALES):
            raise AccessError(
                self.env._("Customers are taken from the pool by people of sales.")
            )
        customers = self.commercial_partner_id
        # Whoever looks after one of them is told, whatever else may be seen of it.
        for customer in customers.sudo().filtered("user_id"):
            if customer.user_id != self.env.user:
                raise UserError(
                    self.env._(
                        "%(owner)s looks after %(customer)s by now.",
                        owner=customer.user_id.name,
                        customer=customer.display_name,
                    )
                )
        customers.filtered(lambda one: not one.user_id).write({"user_id": self.env.uid})

    def action_crm_release(self):
        """Give one's own customers back to the pool.

        :raises UserError: for a customer of somebody else
        """
        self.check_access("write")
        customers = self.commercial_partner_id
        for customer in customers:
            if customer.user_id != self.env.user:
                raise UserError(
                    self.env._(
                        "You do not look after %s: there is nothing to release.",
                        customer.display_name,
                    )
                )
        customers.write({"user_id": False})

    def action_crm_ownership(self):
        """Open who looked after a customer, from when to when."""
        self.ensure_one()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "crm_extension.crm_customer_ownership_action"
        ) | {"domain": [("partner_id", "=", self.commercial_partner_id.id)]}

    # === BUSINESS METHODS: following === #

    def _crm_filter_entities(self):
        """Those of some partners who are customers of their own."""
        ours = self.env["res.company"]._crm_get_own_partner_ids()
        return self.filtered(
            lambda partner: (
                partner.commercial_partner_id == partner
                and partner.partner_share
                and partner.id not in ours
            )
        )

    def _crm_get_owners(self):
        """``{id: user id, or None}``; contacts are left out."""
        # Superuser mode: whose it is, is no secret, and who has just given a customer
        # away need not see it any longer.
        return {
            customer.id: customer.user_id.id or None
            for customer in self.sudo()._crm_filter_entities()
        }

    def _crm_follow_owners(self, before):
        """Check a change of owner by whichever door, and note it.

        :param before: ``{id: user id, or None}`` of those who were customers then
        """
        # Of two who take a customer at once the second fails here, and Odoo tries it
        # again: then it is told who was first.
        self.flush_recordset(list(OWNING))
        now = self._crm_get_owners()
        moves = {}
        for partner in self.sudo():
            old, new = before.get(partner.id), now.get(partner.id)
            if partner.id in before and partner.id not in now:
                # A contact now: it belongs to whom its company belongs.
                new = partner.commercial_partner_id.user_id.id or None
            if old != new:
                moves[partner.id] = (old, new)
        cause = self._crm_get_cause()
        protection = {}
        if moves and not cause:
            protection = self._crm_check_moves(moves)
            self._crm_check_pace(
                [key for key, (old, _new) in moves.items() if key in before and not old]
            )
        self.env["crm.customer.ownership"]._follow(
            {key: now.get(key) for key in before | now},
            cause,
            protection,
            entered=now.keys() - before.keys(),
        )

    @api.model
    def _crm_get_cause(self):
        """Why the engine changes an owner; what a client sends is never one."""
        cause = self.env.context.get("crm_owner_cause")
        return cause if isinstance(cause, Cause) else None

    @api.model
    def _crm_note_found_owners(self):
        """Note the owners of customers who were there before the log was.

        Called by each update; what is noted already stays.
        """
        self.flush_model()
        self.env["crm.customer.ownership"].flush_model()
        self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_customer_ownership (
                    partner_id, company_id, owner_id, date_from, event,
                    given_by_id, create_uid, create_date)
                SELECT customer.id, customer.company_id, customer.user_id,
                       NOW() AT TIME ZONE 'UTC', 'found',
                       %(user)s, %(user)s, NOW() AT TIME ZONE 'UTC'
                  FROM res_partner customer
                 WHERE customer.user_id IS NOT NULL
                   AND customer.commercial_partner_id = customer.id
                   AND customer.partner_share
                   AND NOT EXISTS (
                       SELECT FROM res_company own WHERE own.partner_id = customer.id)
                   -- Found once, and not for each while the table grows.
                   AND customer.id NOT IN (
                       SELECT partner_id FROM crm_customer_ownership
                        WHERE date_to IS NULL)
                RETURNING id
                """,
                user=self.env.uid,
            )
        )
        self.env["crm.customer.ownership"].invalidate_model(flush=False)

    # === BUSINESS METHODS: rules === #

    def _crm_check_moves(self, moves):
        """
        :param moves: ``{partner id: (user id before, user id after)}``
        :return: ``{user id: until which day what they take is protected}``
        :raises UserError: for whoever may not change an owner so
        """
        users = self.env["res.users"].browse(
            {user for move in moves.values() for user in move if user}
        )
        policies = self.env["crm.ownership.policy"]._get_by_user(users)
        governed = {
            key: move
            for key, move in moves.items()
            if any(policies[user] for user in move if user)
        }
        if governed and not self.env.su:
            self._crm_check_governed(governed, users)
            self._crm_check_room([after for _before, after in governed.values()])
        return {
            user: policy._get_day(policy.protect_days)
            for user, policy in policies.items()
            if policy.protect_days
        }

    def _crm_check_governed(self, moves, users):
        actor = self.env.user
        log = self.env["crm.customer.ownership"]
        standings = (users | actor)._crm_get_standings()
        current, rest = log._get_current(moves), self.browse(moves)._crm_get_rest(actor)
        administers = actor.has_group(ADMINISTRATION)
        for key, (before, after) in moves.items():
            customer, row = self.browse(key).sudo(), current.get(key, log)
            today = row.owner_id.company_id._crm_get_today() if row else None
            protected = bool(row.protected_until and today < row.protected_until)
            move = Move(before, after, protected, key in rest)
            if code := refuse(move, actor.id, standings, administers):
                told = customer._crm_tell_refusal(
                    code, move, standings, row.protected_until, rest.get(key)
                )
                raise UserError(told)

    def _crm_get_rest(self, user):
        """Customers whom somebody had too short a time ago to take them again:
        ``{id: from which day on}``."""
        policy = self.env["crm.ownership.policy"]._get_by_user(user)[user.id]
        if not policy.rest_days:
            return {}
        last = self.env["crm.customer.ownership"]._get_last(self.ids, owner=user)
        free = {
            key: policy._get_day(policy.rest_days, row.date_to)
            for key, row in last.items()
        }
        today = policy._get_day()
        return {key: day for key, day in free.items() if today < day}

    def _crm_check_room(self, user_ids):
        """Nobody ends up with more customers than the rule allows, but by
        administration.

        :param user_ids: who has got customers
        :raises UserError: for more than that
        """
        users = self.env["res.users"].browse({user for user in user_ids if user})
        if not users or self.env.su or self.env.user.has_group(ADMINISTRATION):
            return
        policies = self.env["crm.ownership.policy"]._get_by_user(users)
        limits = {user: rule.limit for user, rule in policies.items() if rule.limit}
        counts = self._crm_count_owned(limits)
        for user, limit in limits.items():
            if counts.get(user, 0) > limit:
                raise UserError(self._crm_tell_full(user, limit))

    @api.model
    def _crm_check_pace(self, customer_ids):
        """Nobody takes more customers from the pool in a day than the rule allows, but
        administration.

        :param customer_ids: who has just been taken from the pool, by whomever
        :raises UserError: for more than that
        """
        actor = self.env.user
        taken = self.browse(customer_ids).sudo().filtered(lambda c: c.user_id == actor)
        if not taken or self.env.su or actor.has_group(ADMINISTRATION):
            return
        policy = self.env["crm.ownership.policy"]._get_by_user(actor)[actor.id]
        if not policy.day_limit:
            return
        take_turns(actor)  # of two taken at once, the second is counted after the first
        log = self.env["crm.customer.ownership"]
        before = log._count_claims(actor, policy._get_start_of_day())
        if before + len(taken) > policy.day_limit:
            raise UserError(
                self.env._(
                    "%(limit)s customers a day may be taken from the pool, and you have"
                    " taken %(taken)s today. Take the others from tomorrow on.",
                    limit=policy.day_limit,
                    taken=before,
                )
            )

    @api.model
    def _crm_count_owned(self, user_ids):
        """How many customers people look after: ``{user id: number}``."""
        if not user_ids:
            return {}
        # Of two customers taken at once in two windows, the second is counted again
        # after the first.
        take_turns(self.env["res.users"].browse(user_ids))
        groups = self.sudo()._read_group(  # of all companies
            self._crm_get_entity_domain() & Domain("user_id", "in", list(user_ids)),
            ["user_id"],
            ["__count"],
        )
        return {user.id: count for user, count in groups}

    def _crm_filter_locked(self):
        """Customers whose owner the acting user does not choose."""
        actor = self.env.user
        if self.env.su or actor.has_group(ADMINISTRATION) or not self:
            return self.browse()
        owners = self.sudo().user_id  # colleagues
        policies = self.env["crm.ownership.policy"]._get_by_user(owners | actor)
        if not any(policies.values()):
            return self.browse()
        free = actor._crm_get_led_ids() - {actor.id}
        if actor._crm_leads_anybody():
            free |= {actor.id, False}  # one's own, and the pool's
        return self.filtered(
            lambda one: (
                one.user_id.id not in free
                and (policies[actor.id] or policies.get(one.user_id.id))
            )
        )

    # === BUSINESS METHODS: in words === #

    def _crm_tell_owned(self, row):
        since = format_date(self.env, row.date_from)
        if row.due_on:
            return self.env._(
                "With %(owner)s since %(day)s. Goes back to the pool on %(end)s, unless"
                " there is an order or a verified visit before.",
                owner=row.owner_id.name,
                day=since,
                end=format_date(self.env, row.due_on),
            )
        if row.protected_until and fields.Date.today() < row.protected_until:
            return self.env._(
                "With %(owner)s since %(day)s, protected until %(end)s",
                owner=row.owner_id.name,
                day=since,
                end=format_date(self.env, row.protected_until),
            )
        return self.env._(
            "With %(owner)s since %(day)s", owner=row.owner_id.name, day=since
        )

    def _crm_tell_pool(self, row, rest_until):
        if rest_until:
            return self.env._(
                "In the pool. You had it, and may take it again on %s.",
                format_date(self.env, rest_until),
            )
        if row:
            return self.env._(
                "In the pool since %(day)s, before that with %(owner)s",
                owner=row.owner_id.name,
                day=format_date(self.env, row.date_to),
            )
        return ""  # that nobody looks after it, is seen

    def _crm_tell_refusal(self, code, move, standings, protected_until, rest_until):
        """Why an owner is not changed so, and who could; see ``refuse``."""
        users = self.env["res.users"].sudo()  # names of colleagues
        owner, other = users.browse(move.before or ()), users.browse(move.after or ())
        names = {
            "customer": self.display_name,
            "owner": owner.name or "",
            "other": other.name or "",
        }
        if code == IDLE:
            return self.env._(
                "%(other)s does not work in sales (any longer), so %(customer)s goes to"
                " somebody else.",
                **names,
            )
        if code == RESTING:
            return self.env._(
                "You had %(customer)s a short time ago. You may take it again on"
                " %(day)s; until then it is free for your colleagues.",
                day=format_date(self.env, rest_until),
                **names,
            )
        return self._crm_tell_foreign(code, names, move, standings, protected_until)

    def _crm_tell_foreign(self, code, names, move, standings, protected_until):
        if code == PROTECTED:
            return self.env._(
                "%(customer)s is protected: %(owner)s has it for sure until %(day)s."
                " Only administration gives it to somebody else before.",
                day=format_date(self.env, protected_until),
                **names,
            )
        if code == ACROSS:
            return self.env._(
                "%(owner)s and %(other)s work in different departments: only"
                " administration gives %(customer)s from one to the other.",
                **names,
            )
        assert code == FOREIGN
        leaders = self._crm_tell_leaders(move, standings)
        if move.before:
            return self.env._(
                "%(owner)s looks after %(customer)s. You take customers from the pool"
                " and release your own; who else gets one, says their leader"
                " (%(leaders)s).",
                leaders=leaders,
                **names,
            )
        return self.env._(
            "You take customers for yourself. Who else gets %(customer)s, says the"
            " leader of %(other)s (%(leaders)s).",
            leaders=leaders,
            **names,
        )

    @api.model
    def _crm_tell_leaders(self, move, standings):
        """Who could do it: they lead everybody concerned."""
        groups = [standings[user].leaders for user in move[:2] if user]
        able = frozenset.intersection(*groups)
        names = self.env["res.users"].sudo().browse(sorted(able)).mapped("name")
        return ", ".join(names) or self.env._("administration")

    @api.model
    def _crm_tell_full(self, user_id, limit):
        return self.env._(
            "%(owner)s has %(limit)s customers already, the most that one may have."
            " Release one first, or leave this one in the pool.",
            owner=self.env["res.users"].browse(user_id).sudo().name,
            limit=limit,
        )

    # === BUSINESS METHODS: merging === #

    def _crm_merge_owners(self, survivor):
        """Some customers are about to become another one, which stays with its owner,
        or goes to who had one of them first (FEATURES GZ-15).

        :raises UserError: for whoever may not take them from their owners
        """
        log = self.env["crm.customer.ownership"]
        before = (self | survivor)._crm_get_owners()
        rows = log._get_current(before).values()
        first = min(rows, key=lambda row: (row.date_from, row.id), default=log)
        stays = before.get(survivor.id) or first.owner_id.id or None
        doubles = {key: before[key] for key in self.ids if before.get(key)}
        self._crm_check_moves(
            {key: (owner, stays) for key, owner in doubles.items() if owner != stays}
        )
        log._follow(dict.fromkeys(self.ids), Cause("merged"))
        if survivor and before.get(survivor.id) != stays:
            # Superuser mode: whether they may be taken has been checked.
            survivor.with_context(crm_owner_cause=Cause("merged")).sudo().write(
                {"user_id": stays}
            )
