from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..sampling import draw, new_seed
from ..turns import take_turns
from . import rules


class CrmVisitSample(models.Model):
    """Visits that somebody has drawn by chance, to see whether they are as told
    (FEATURES GZ-08).

    Kept with its seed, by whom and when: nobody draws until it pleases. As long as
    visits of a person wait, no others of the same days are drawn; and nothing that was
    drawn is deleted.
    """

    _name = "crm.visit.sample"
    _description = "Sample of Visits"
    _order = "drawn_at desc, id desc"

    user_id = fields.Many2one(
        comodel_name="res.users", string="Drawn by", required=True, readonly=True
    )
    drawn_at = fields.Datetime(string="Drawn on", required=True, readonly=True)
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    date_from = fields.Date(string="Visits from", required=True, readonly=True)
    date_to = fields.Date(string="To", required=True, readonly=True)
    rule = fields.Char(readonly=True, help="How many of each person's visits.")
    seed = fields.Char(
        required=True,
        readonly=True,
        help="Made by the server. The same visits and seed give the same sample.",
    )
    population = fields.Integer(
        string="Out of", readonly=True, help="Visits that it was drawn from."
    )
    line_ids = fields.One2many(
        comodel_name="crm.visit.check", inverse_name="sample_id", readonly=True
    )

    # === COMPUTE METHODS === #

    @api.depends("date_from", "date_to", "user_id")
    def _compute_display_name(self):
        for sample in self:
            sample.display_name = self.env._(
                "%(from)s – %(to)s, drawn by %(person)s",
                **{"from": sample.date_from, "to": sample.date_to},
                person=sample.user_id.sudo().name,  # no secret
            )

    # === BUSINESS METHODS === #

    @api.model
    def _draw(self, people, date_from, date_to, count_of, rule):
        """Draw a sample of what people have done in some days.

        :param count_of: says how many are drawn, of how many there are
        :param rule: the same in words
        :raises AccessError: whose visits the acting user does not review
        :raises UserError: where an earlier sample still waits
        """
        self._check_may_draw(people)
        # Of two who draw at once, the second leaves out what the first has drawn.
        take_turns(people)
        self._check_is_checked(people, date_from, date_to)
        visits = self._find_population(people, date_from, date_to)
        seed = new_seed()
        drawn = []
        for user, found in visits.grouped("user_id").items():
            # Each person's for itself: what others have done changes nothing.
            drawn += draw(found.ids, count_of(len(found)), f"{seed}:{user.id}")
        if not drawn:
            return self.browse()
        # Superuser mode: nobody else makes samples, so that nobody makes them up.
        sample = self.sudo().create(
            {
                "user_id": self.env.uid,
                "drawn_at": fields.Datetime.now(),
                "company_id": self.env.company.id,
                "date_from": date_from,
                "date_to": date_to,
                "rule": rule,
                "seed": seed,
                "population": len(visits),
            }
        )
        sample._add_checks(visits.browse(drawn))
        return sample.sudo(False)

    def _add_checks(self, visits):
        self.env["crm.visit.check"].create(
            [
                {
                    "sample_id": self.id,
                    "visit_id": visit.id,
                    "user_id": visit.user_id.id,
                    "team_id": visit.team_id.id,
                    "company_id": self.company_id.id,
                    "state": "open",
                }
                for visit in visits.sudo()
            ]
        )

    @api.model
    def _find_population(self, people, date_from, date_to):
        """What people have done and nobody has drawn before."""
        # Superuser mode: what was drawn is left out, whoever may read the check.
        known = self.env["crm.visit.check"].sudo()._search([])
        return self.env["crm.visit"].search(
            Domain("user_id", "in", people.ids)
            & Domain("user_id", "!=", self.env.uid)
            & Domain("company_id", "=", self.env.company.id)
            & Domain("status", "=", rules.DONE)
            & Domain("date", ">=", date_from)
            & Domain("date", "<=", date_to)
            & Domain("id", "not in", known.subselect("visit_id"))
        )

    @api.model
    def _check_may_draw(self, people):
        for user in people - self._filter_reviewed(people):
            raise AccessError(
                self.env._(
                    "Visits of %(person)s are checked by the sales team's leader or a"
                    " sales manager.",
                    person=user.sudo().name,
                )
            )

    @api.model
    def _filter_reviewed(self, people):
        """Those whose visits the acting user reviews, as with single ones."""
        user = self.env.user
        if user.has_group("sales_team.group_sale_manager") or user.has_group(
            "crm_extension.crm_extension_group_manager"
        ):
            return people
        # Superuser mode: who leads a team, is no secret.
        return people.filtered(
            lambda one: one.sudo().sale_team_id.user_id == user and one != user
        )

    @api.model
    def _check_is_checked(self, people, date_from, date_to):
        # Superuser mode: whoever has drawn it.
        waiting = (
            self.env["crm.visit.check"]
            .sudo()
            .search(
                [
                    ("user_id", "in", people.ids),
                    ("state", "=", "open"),
                    ("company_id", "=", self.env.company.id),
                    ("sample_id.date_from", "<=", date_to),
                    ("sample_id.date_to", ">=", date_from),
                ],
                limit=1,
            )
        )
        if waiting:
            raise UserError(
                self.env._(
                    "Visits of %(person)s in these days were drawn by %(drawer)s on"
                    " %(day)s. Check those first: nobody draws until it pleases.",
                    person=waiting.user_id.name,
                    drawer=waiting.sample_id.user_id.name,
                    day=fields.Date.to_string(waiting.sample_id.drawn_at),
                )
            )
