from collections import defaultdict
from datetime import timedelta
from uuid import uuid4

from psycopg2.errors import UniqueViolation

from odoo import Command, api, fields, models
from odoo.exceptions import ConcurrencyError, ValidationError
from odoo.fields import Domain

from ..turns import take_turns
from . import rules

ONCE = "crm_visit_client_token_unique"


def is_told(record, name, value):
    """Whether a record says already what a form tells of a field.

    :param value: as forms send it; of lines, those that are to be made
    """
    field = record._fields.get(name)
    if field is None:
        return False  # refused by whoever writes it
    if field.type == "one2many":
        lines = [told for command, _mark, told in value if command == Command.CREATE]
        return len(lines) == len(record[name]) and all(
            is_told(line, key, part)
            for line, told in zip(record[name], lines, strict=True)
            for key, part in told.items()
        )
    told = field.convert_to_record(field.convert_to_cache(value, record), record)
    return told == record[name]


class CrmVisitOnce(models.AbstractModel):
    """One visit is kept once (ANCHORS N15): a save that is sent again because the
    answer was lost gives the visit that the first one has made, and nobody is twice
    with one customer at one time.

    Part of ``crm.visit``, and nothing else's.
    """

    _name = "crm.visit.once"
    _description = "Visit That Is Kept Once"

    client_token = fields.Char(
        string="Mark of the Form",
        default=lambda self: str(uuid4()),
        copy=False,
        help="Which form has sent it, so that a save that is sent twice makes one"
        " visit.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("active", "partner_id", "start", "status", "stop", "user_id")
    def _check_once(self):
        told = self.filtered(
            lambda visit: (
                visit.active
                and visit.status == rules.DONE
                and visit.mode != rules.CALL
                and visit.commercial_partner_id
            )
        )
        take_turns(told.commercial_partner_id)  # of two devices at once, one tells it
        others = told._find_told_beside()
        for visit in told:
            for other in others[visit.user_id, visit.commercial_partner_id] - visit:
                if rules.is_same_time(
                    (visit.start, visit.stop), (other.start, other.stop)
                ):
                    raise ValidationError(
                        self.env._(
                            "%(visit)s is told already: %(person)s was there at that"
                            " time. Correct the hours, or archive one of the two.",
                            visit=visit.display_name,
                            person=visit.user_id.sudo().name,
                        )
                    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        tokens = [vals.get("client_token") or None for vals in vals_list]
        kept = self._find_sent(filter(None, tokens))
        fresh, places = [], []
        for token, vals in zip(tokens, vals_list, strict=True):
            if token in kept:
                places.append(kept[token])
                continue
            places.append(len(fresh))
            if token:
                kept[token] = len(fresh)
            fresh.append(vals)
        made = self._create_fresh(super().create, fresh)
        return self.browse(
            made[place].id if isinstance(place, int) else place.id for place in places
        )

    def web_save(self, vals, specification, next_id=None):
        """A form that is sent again because the answer was lost may say more than the
        first time: that is kept, too."""
        token = vals.get("client_token")
        if not self and (sent := self._find_sent(filter(None, [token]))):
            visit = self.browse(sent[token].id)
            return visit.web_save(visit._find_untold(vals), specification, next_id)
        return super().web_save(vals, specification, next_id)

    # === BUSINESS METHODS === #

    def _find_untold(self, vals):
        """What of a form a visit does not say yet."""
        untold = {
            name: value
            for name, value in vals.items()
            if not is_told(self, name, value)
        }
        return {
            name: [Command.clear(), *value] if isinstance(value, list) else value
            for name, value in untold.items()
        }

    @api.model
    def _create_fresh(self, create, vals_list):
        if not vals_list:
            return self.browse()
        try:
            return create(vals_list)
        except UniqueViolation as error:
            if error.diag.constraint_name != ONCE:
                raise
            # The other save came through meanwhile: asked again, it is found.
            raise ConcurrencyError("the same visit was saved twice at once") from error

    @api.model
    def _find_sent(self, tokens):
        """What forms have sent before: ``{token: visit}``, of the acting user."""
        tokens = list(tokens)
        if not tokens:
            return {}
        # Superuser mode: a visit may be a colleague's by now, and is the same still.
        found = (
            self.sudo()
            .with_context(active_test=False)
            .search([("create_uid", "=", self.env.uid), ("client_token", "in", tokens)])
        )
        return {visit.client_token: visit for visit in found}

    def _find_told_beside(self):
        """What these salespeople have told of these customers on these days."""
        if not self:
            return defaultdict(self.browse)
        day = timedelta(days=1)
        dates = self.mapped("date")
        found = self.sudo().search(  # of whomever, for one person is in one place
            Domain("user_id", "in", self.user_id.ids)
            & Domain("commercial_partner_id", "in", self.commercial_partner_id.ids)
            & Domain("status", "=", rules.DONE)
            & Domain("mode", "!=", rules.CALL)
            & Domain("date", ">=", min(dates) - day)
            & Domain("date", "<=", max(dates) + day)
        )
        beside = defaultdict(found.browse)
        beside |= found.grouped(
            lambda visit: (visit.user_id, visit.commercial_partner_id)
        )
        return beside
