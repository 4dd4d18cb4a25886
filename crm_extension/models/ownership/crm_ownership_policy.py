from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.tools import ormcache


class CrmOwnershipPolicy(models.Model):
    """How customers are shared out among the people of a company, or of one of its
    sales teams (FEATURES C04.1; ZK-05, ZK-10).

    It is about the people: whoever is in several companies keeps to the one that was
    set up first, whichever company is chosen at the moment. Where there is none, the
    salesperson of a customer is changed as freely as ever.
    """

    _name = "crm.ownership.policy"
    _inherit = ["crm.customer.recycling"]
    _description = "Sharing out Customers"
    _order = "id"
    _rec_name = "company_id"
    _check_company_auto = True

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env.company,
    )
    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        ondelete="cascade",
        check_company=True,
        help="Empty: all of the company who are in no team with a rule of its own.",
    )
    limit = fields.Integer(
        string="Customers per Person",
        default=100,
        help="Nobody takes more than so many customers. 0 for no limit.",
    )
    day_limit = fields.Integer(
        string="Taken per Day",
        help="Nobody takes more than so many customers from the pool in a day; those"
        " whom one enters oneself do not count. 0 for no limit.",
    )
    protect_days = fields.Integer(
        string="Protected for (days)",
        default=30,
        help="Whoever takes a customer from the pool keeps it for so long: only"
        " administration takes it away.",
    )
    rest_days = fields.Integer(
        string="Not Again for (days)",
        default=15,
        help="Whoever had a customer does not take it from the pool again before so"
        " many days.",
    )

    _company_unique = models.UniqueIndex(
        "(company_id, COALESCE(team_id, 0))",
        "There is such a rule already: change that one.",
    )
    _check_numbers = models.Constraint(
        """CHECK ("limit" BETWEEN 0 AND 100000 AND day_limit BETWEEN 0 AND 100000
            AND protect_days BETWEEN 0 AND 1000 AND rest_days BETWEEN 0 AND 1000)""",
        "Customers per person, and per day, are 0 to 100,000, days 0 to 1000.",
    )

    _check_recycling = models.Constraint(
        """CHECK (warn_days BETWEEN 0 AND 365
            AND idle_days BETWEEN 0 AND 3650
            AND (idle_days = 0 OR idle_days > warn_days)
            AND order_days BETWEEN 0 AND 3650
            AND (order_days = 0 OR order_days > warn_days))""",
        "Customers go back to the pool after up to 3650 days, or never with 0, and"
        " their owners are warned fewer days before.",
    )

    # === CRUD METHODS === #

    # Which rules there are is kept. Not so what they say: the nightly run writes on
    # them at every step, and would empty everybody's caches.

    @api.model_create_multi
    def create(self, vals_list):
        policies = super().create(vals_list)
        self.env.registry.clear_cache()
        return policies

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _get_by_user(self, users):
        """Which rule people keep to: ``{user id: policy, or none}``."""
        # Superuser mode: it is the same whoever looks.
        policies = self.sudo().browse(self._get_all_ids())
        return {user.id: policies._pick(user) for user in users.sudo()}

    @api.model
    @ormcache()
    def _get_all_ids(self):
        return tuple(self.sudo().search([("company_id", "!=", False)]).ids)

    def _pick(self, user):
        own = self.filtered(lambda policy: policy.company_id in user.company_ids)
        by_team = own.filtered("team_id")
        # Teams are asked for where a rule looks at them.
        teams = user.crm_team_ids if by_team else by_team.team_id
        return (
            by_team.filtered(lambda policy: policy.team_id in teams) or (own - by_team)
        )[:1]

    def _get_day(self, days=0, moment=None):
        """A day in the time zone of the company.

        :param days: so many after the moment
        :param moment: datetime, in UTC; now, if none is given
        """
        moment = moment or fields.Datetime.now()
        local = fields.Datetime.context_timestamp(
            self.with_context(tz=self._get_zone()), moment
        )
        return local.date() + timedelta(days=days)

    def _get_start_of_day(self):
        """When today has begun where the company is, in UTC."""
        zone = ZoneInfo(self._get_zone())
        begun = datetime.combine(self._get_day(), time.min, zone)
        return begun.astimezone(timezone.utc).replace(tzinfo=None)

    def _get_zone(self):
        return self.company_id._crm_get_zone()
