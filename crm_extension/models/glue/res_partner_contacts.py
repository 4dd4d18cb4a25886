from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.sql import column_exists, create_column

from ..customer.birthday import coming, day_key
from ..customer.tree import arrange, find_cycle

# How many days before a birthday it is spoken of (C20.2).
BIRTHDAY_AHEAD = 3
# What leads from one person of a customer to others of the same.
TIES = ("crm_superior_id", "crm_influenced_ids")
# What is drawn of each of them.
TOLD = ("name", "function", "crm_contact_role_ids", "crm_superior_id")


class CrmCustomerContacts(models.AbstractModel):
    """The people of a customer: who has a say over whom when it buys, and when they are
    congratulated (FEATURES C01.4, C01.5, C20.2).

    Part of ``res.partner``, and nothing else's.
    """

    _name = "crm.customer.contacts"
    _description = "People of a Customer"

    crm_superior_id = fields.Many2one(
        prefetch="crm_customer",
        comodel_name="res.partner",
        string="Reports to",
        index="btree_not_null",
        copy=False,
        groups="base.group_user",
        help="Another contact of the same customer.",
    )
    crm_influenced_ids = fields.Many2many(
        comodel_name="res.partner",
        relation="crm_partner_influence_rel",
        column1="partner_id",
        column2="influenced_id",
        string="Influences",
        copy=False,
        groups="base.group_user",
        help="Contacts of the same customer who listen to this one, in whatever order"
        " they report.",
    )
    crm_contact_tree = fields.Json(
        string="Who Decides",
        compute="_compute_crm_contact_tree",
        groups="base.group_user",
    )
    crm_birthday = fields.Date(
        prefetch="crm_customer", string="Birthday", groups="base.group_user"
    )
    crm_birthday_key = fields.Integer(
        prefetch="crm_customer",
        string="Day of Birth",
        compute="_compute_crm_birthday_key",
        store=True,
        index=True,
        groups=fields.NO_ACCESS,
        help="Month and day as one number; none is 0.",
    )
    crm_birthday_told_on = fields.Date(
        prefetch="crm_customer",
        string="Reminded of Birthday",
        copy=False,
        groups=fields.NO_ACCESS,
        help="The last birthday that somebody was reminded of.",
    )

    def _auto_init(self):
        # No computation for everybody who was ever entered: nobody has a birthday yet.
        if not self._abstract and not column_exists(
            self.env.cr, self._table, "crm_birthday_key"
        ):
            create_column(self.env.cr, self._table, "crm_birthday_key", "int4")
        return super()._auto_init()

    # === COMPUTE METHODS === #

    @api.depends(
        *(f"{path}{name}" for path in ("", "child_ids.") for name in TOLD),
        "child_ids.crm_influenced_ids",
        "child_ids.active",
    )
    @api.depends_context("lang", "uid")
    def _compute_crm_contact_tree(self):
        # Whoever has nobody below needs no look at who reports to whom.
        customers = self._origin.filtered(
            lambda one: one.commercial_partner_id == one and one.child_ids
        )
        if not customers:
            self.crm_contact_tree = False
            return
        people = self.env["res.partner"].search_fetch(
            [
                ("commercial_partner_id", "in", customers.ids),
                ("type", "=", "contact"),
                ("is_company", "=", False),
            ],
            ["commercial_partner_id", *TOLD, "crm_influenced_ids"],
        )
        by_customer = people.grouped("commercial_partner_id")
        # Not the system, which reads the field for everybody.
        editable = customers.sudo(False)._filtered_access("write")
        for partner in self:
            # Alone there is nothing to draw.
            mine = by_customer.get(partner._origin, people.browse())
            partner.crm_contact_tree = len(mine) > 1 and (
                mine._crm_draw_tree() | {"editable": partner._origin in editable}
            )

    @api.depends("crm_birthday")
    def _compute_crm_birthday_key(self):
        for partner in self:
            day = partner.crm_birthday
            partner.crm_birthday_key = day_key(day) if day else 0

    # === CONSTRAINT METHODS === #

    @api.constrains(*TIES)
    def _check_crm_ties(self):
        tied = self.filtered(lambda one: one.crm_superior_id or one.crm_influenced_ids)
        tied._crm_check_strangers()
        if tied:
            tied._crm_check_cycles()

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if {"parent_id", "is_company"} & vals.keys():
            self._crm_cut_ties()
        return result

    # === ACTION METHODS === #

    @api.readonly
    def action_crm_influence(self):
        """Open who listens to a person."""
        view = "crm_extension.res_partner_view_form_influence"
        return self._crm_open_part(view, self.env._("Influences"))

    # === CRON === #

    @api.model
    def _cron_remind_birthdays(self):
        """Each day: tell the salespeople of the birthdays of the days to come, once."""
        days = {
            key: day
            for day, keys in coming(fields.Date.context_today(self), BIRTHDAY_AHEAD)
            for key in keys
        }
        contacts = self.search(
            [
                ("crm_birthday_key", "in", list(days)),
                ("crm_contact_role_ids.is_congratulated", "=", True),
                ("commercial_partner_id.active", "=", True),
            ]
        )
        contacts._crm_remind_birthdays(days)

    # === BUSINESS METHODS: who has a say === #

    def _crm_draw_tree(self):
        """What the browser draws of the people of one customer.

        :return: ``{"people": {id: what is told}, "tree": [[id, [those below]]]}``
        """
        return {
            "people": {
                one.id: {
                    "name": one.name or "",
                    "function": one.function or "",
                    "role": ", ".join(one.crm_contact_role_ids.mapped("name")),
                    "icon": one.crm_contact_role_ids[:1].icon or "",
                    "superior": (one.crm_superior_id & self).id,
                    "influences": (one.crm_influenced_ids & self).mapped("name"),
                }
                for one in self
            },
            "tree": arrange(self.ids, {one.id: one.crm_superior_id.id for one in self}),
        }

    def _crm_check_strangers(self):
        """
        :raises ValidationError: when somebody is tied to another customer's people
        """
        for one in self:
            customer = one.commercial_partner_id
            for other in one.crm_superior_id | one.crm_influenced_ids:
                if other.commercial_partner_id == customer and not other.is_company:
                    continue
                raise ValidationError(
                    self.env._(
                        "%(other)s is not one of the contacts of %(customer)s, so"
                        " %(contact)s neither reports to nor influences them. Choose a"
                        " contact of %(customer)s.",
                        other=other.display_name,
                        contact=one.name or one.display_name,
                        customer=customer.display_name,
                    )
                )

    def _crm_check_cycles(self):
        """
        :raises ValidationError: when somebody would be their own superior, or
            influence themselves, over however many others
        """
        people = self._crm_find_fellows()
        for name in TIES:
            if cycle := people._crm_find_cycle(name):
                raise ValidationError(self._crm_tell_cycle(name, cycle))

    def _crm_find_cycle(self, name):
        return find_cycle({one.id: one[name].ids for one in self})

    def _crm_tell_cycle(self, name, cycle):
        people = self.browse(cycle)
        chain = " → ".join(one.name or one.display_name for one in people + people[:1])
        if name == "crm_superior_id":
            return self.env._(
                "Nobody can be their own superior: %s. Choose another superior for one"
                " of them, or none.",
                chain,
            )
        return self.env._(
            "Influence cannot run in a circle: %s. Leave out one of them.", chain
        )

    def _crm_cut_ties(self):
        """Who goes over to another customer leaves superiors, staff and influence
        behind."""
        # Superuser mode: who may move a contact need not see everybody around it.
        moved = self.sudo().with_context(active_test=False)
        others = moved.search(["|", *((name, "in", moved.ids) for name in TIES)])
        tied = moved | others
        tied.filtered(
            lambda one: one._crm_filter_strange(one.crm_superior_id)
        ).crm_superior_id = False
        for one in tied:
            if strange := one._crm_filter_strange(one.crm_influenced_ids):
                one.crm_influenced_ids -= strange

    def _crm_part_before_merge(self, survivor):
        """Before some people become one: the survivor keeps its own superior, but for
        one who would stand below it then."""
        (self - survivor).crm_superior_id = False
        merged = dict.fromkeys(self.ids, survivor.id)
        if find_cycle(
            {
                merged.get(one.id, one.id): (
                    merged.get(one.crm_superior_id.id, one.crm_superior_id.id),
                )
                for one in self._crm_find_fellows().filtered("crm_superior_id")
            }
        ):
            survivor.crm_superior_id = False

    def _crm_part_after_merge(self):
        """Merging ties by SQL, past all checks: whom it has made influence themselves,
        directly or over others, starts without influence."""
        self._crm_cut_ties()
        if self._crm_find_fellows()._crm_find_cycle("crm_influenced_ids"):
            self.crm_influenced_ids = False

    def _crm_find_fellows(self):
        """All the people of the same customers, archived ones too."""
        return self.with_context(active_test=False).search(
            [("commercial_partner_id", "in", self.commercial_partner_id.ids)]
        )

    def _crm_filter_strange(self, others):
        """Those who are with another customer, or the same: merging customers ties
        people to themselves."""
        return others.filtered(
            lambda other: (
                other.commercial_partner_id != self.commercial_partner_id
                or other == self
            )
        )

    # === BUSINESS METHODS: birthdays === #

    def _crm_remind_birthdays(self, days):
        """
        :param days: ``{key of a birthday: the day on which it is kept}``
        """
        reminded = self.browse()
        values = []
        for contact in self:
            day = days[contact.crm_birthday_key]
            user = contact.commercial_partner_id.user_id or contact.user_id
            if contact.crm_birthday_told_on != day and user.active:
                values.append(contact._crm_prepare_birthday(user, day))
                reminded += contact
        if values:
            self.env["mail.activity"].create(values)
        for key, contacts in reminded.grouped("crm_birthday_key").items():
            contacts.crm_birthday_told_on = days[key]

    def _crm_prepare_birthday(self, user, day):
        """Values of the activity; for the day itself, so that it is not overdue when it
        appears."""
        words = self.with_context(lang=user.lang)
        roles = words.crm_contact_role_ids.filtered("is_congratulated")
        return {
            "res_model_id": self.env["ir.model"]._get_id("res.partner"),
            "res_id": self.id,
            "activity_type_id": self.env.ref(
                "crm_extension.mail_activity_type_crm_birthday"
            ).id,
            "user_id": user.id,
            "date_deadline": day,
            "automated": True,
            "summary": words.env._(
                "Birthday of %(contact)s (%(role)s)",
                contact=self.name,
                role=", ".join(roles.mapped("name")),
            ),
        }
