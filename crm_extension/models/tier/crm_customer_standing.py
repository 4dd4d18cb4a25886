from contextlib import contextmanager
from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from .among import among
from .score import Peers, figures_of

# The figures of a customer's books that are kept, as the query of the glue names them.
SUMS = ("invoiced", "credited", "margin", "orders", "frequency")
DAYS = ("last_on", "first_on", "overdue_on")
FIGURES = (*SUMS, *DAYS)
# From how many new rows on the database is told to look at them.
MANY = 1000
# What each part of a statement may keep in memory.
ROOM = "64MB"
# Where a customer stands.
STANDING = ("id", "tier", "below_since", "score")


class CrmCustomerStanding(models.Model):
    """The last known figures and score of a customer in a company: one row each.

    Written by whatever works out the tiers. Days are kept instead of ages, so that a
    night on which nothing happened changes nothing.
    """

    _name = "crm.customer.standing"
    _description = "Customer Score"
    _order = "score desc, id"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    invoiced = fields.Monetary(readonly=True)
    credited = fields.Monetary(readonly=True)
    margin = fields.Monetary(
        readonly=True,
        groups="crm_extension.crm_extension_group_approver",
        help="Only where the rating in force counts it.",
    )
    orders = fields.Integer(readonly=True)
    frequency = fields.Integer(string="Months with a Purchase", readonly=True)
    last_on = fields.Date(string="Last Purchase", readonly=True)
    first_on = fields.Date(string="First Purchase", readonly=True)
    overdue_on = fields.Date(string="Overdue since", readonly=True)
    score = fields.Float(digits=(4, 1), readonly=True, aggregator="avg")
    below_since = fields.Date(string="Too Low since", readonly=True)

    _partner_company_unique = models.UniqueIndex(
        "(company_id, partner_id)", "A customer has one score in a company."
    )

    def init(self):
        # A night writes rows once, and twice where there are very many: with room for
        # both beside them, no index has to follow, even where the database cannot clear
        # away in between what the first has left, because somebody is busy elsewhere.
        self.env.cr.execute(
            SQL("ALTER TABLE crm_customer_standing SET (fillfactor = 30)")
        )

    # === BUSINESS METHODS === #

    def _get_figures(self, day):
        """The figures of a single customer as they count on a day."""
        self.ensure_one()
        sums = {name: self[name] for name in SUMS}
        return figures_of(day, **sums, **{name: self[name] or None for name in DAYS})

    def _query_kept(self, company, customers):
        """Query of what is known of some customers.

        :param customers: ids of commercial partners, or a range of them
        :return: query of ``id``, ``tier``, ``below_since`` and ``score``, where they
            stand; and of :data:`FIGURES`
        """
        self.flush_model()
        return SQL(
            """
            SELECT kept.partner_id AS id, %s, %s
              FROM crm_customer_standing kept
              JOIN res_partner partner ON partner.id = kept.partner_id
             WHERE kept.company_id = %s AND %s AND %s
            """,
            self._name_standing(company),
            self._name_figures("kept"),
            company.id,
            # Said of both: each of them is found by it.
            among(SQL("kept.partner_id"), customers),
            among(SQL("partner.id"), customers),
        )

    def _query_renewed(self, company, figures):
        """Query of what is known of everybody, with new figures where there are some.

        :param figures: query of ``id`` and :data:`FIGURES` of some customers
        :return: the same as of :meth:`_query_kept`, and ``is_new``
        """
        self.flush_model()
        return SQL(
            """
            SELECT kept.partner_id AS id, %s, %s, found.id IS NOT NULL AS is_new
              FROM crm_customer_standing kept
              JOIN res_partner partner ON partner.id = kept.partner_id
              LEFT JOIN (%s) found ON found.id = kept.partner_id
             WHERE kept.company_id = %s
            """,
            self._name_standing(company),
            SQL(", ").join(
                SQL(
                    "CASE WHEN found.id IS NULL THEN %s ELSE %s END AS %s",
                    SQL.identifier("kept", name),
                    SQL.identifier("found", name),
                    SQL.identifier(name),
                )
                for name in FIGURES
            ),
            figures,
            company.id,
        )

    def _query_beside(self, company, figures):
        """The same beside other figures than those that are kept.

        :param figures: query of ``id`` and :data:`FIGURES`
        """
        self.flush_model()
        return SQL(
            """
            SELECT found.id, %s, %s
              FROM (%s) found
              JOIN res_partner partner ON partner.id = found.id
              LEFT JOIN crm_customer_standing kept
                ON kept.partner_id = found.id AND kept.company_id = %s
            """,
            self._name_standing(company),
            self._name_figures("found"),
            figures,
            company.id,
        )

    def _name_standing(self, company):
        self.env["res.partner"].flush_model(["crm_tier_id"])
        return SQL(
            "(partner.crm_tier_id->>%s)::int AS tier, kept.below_since, kept.score",
            str(company.id),
        )

    @staticmethod
    def _name_figures(table):
        return SQL(", ").join(SQL.identifier(table, name) for name in FIGURES)

    @contextmanager
    def _set_aside(self, query, name="crm_customer_found"):
        """Work out something of very many customers once, for what is done with it.

        The database does not share the work between its processes where it writes at
        the same time; and what is set aside is looked at more than once.

        :param query: of figures, or of anything else
        :param name: of the table, which lasts as long as this
        :return: query of the same
        """
        self._give_room()
        table = SQL.identifier(name)
        self.env.cr.execute(
            SQL("CREATE TEMPORARY TABLE %s ON COMMIT DROP AS %s", table, query)
        )
        yield SQL("SELECT * FROM %s", table)
        self.env.cr.execute(SQL("DROP TABLE %s", table))

    def _give_room(self):
        """Let the database add up in memory, read along its indexes and share the work
        between its processes, in this transaction: what it does by itself is made for
        small questions. It writes to disk; it reads whole tables once for each part of
        the customers where their rows lie together in an index; and it works alone for
        fear of many rows, where there is so much behind each of them."""
        self.env.execute_query(
            SQL(
                """
                SELECT set_config('work_mem', %(room)s, TRUE)
                 WHERE pg_size_bytes(current_setting('work_mem'))
                       < pg_size_bytes(%(room)s)
                """,
                room=ROOM,
            )
        )
        self.env.execute_query(
            SQL(
                """
                SELECT set_config('parallel_tuple_cost', '0', TRUE),
                       set_config('random_page_cost',
                                  current_setting('seq_page_cost'), TRUE)
                """
            )
        )

    def _part_customers(self, company):
        """Ranges of ids that part the customers of a company into equal shares."""
        ((ends, last),) = self.env.execute_query(
            SQL(
                """
                SELECT percentile_disc(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (
                           ORDER BY partner_id),
                       MAX(partner_id)
                  FROM crm_customer_standing WHERE company_id = %s
                """,
                company.id,
            )
        )
        if not last:
            return [range(1, 1)]
        starts = sorted({1, *(end + 1 for end in ends if end < last)})
        ends = [*(start - 1 for start in starts[1:]), last]
        return [range(a, b + 1) for a, b in zip(starts, ends, strict=True)]

    def _seed(self, company, customers):
        """Give a row to all who have none.

        :param customers: query of the ids of commercial partners, as ``id``
        :return: how many had none
        """
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_customer_standing (company_id, partner_id)
                SELECT %s, found.id FROM (%s) found
                 WHERE NOT EXISTS (
                    SELECT 1 FROM crm_customer_standing known
                     WHERE known.company_id = %s AND known.partner_id = found.id)
                ON CONFLICT DO NOTHING RETURNING id
                """,
                company.id,
                customers,
                company.id,
            )
        )
        if len(rows) > MANY:
            # The database has to know of them at once: it would expect a handful.
            self.env.cr.execute(SQL("ANALYZE crm_customer_standing"))
        return len(rows)

    def _query_changed(self, company, figures):
        """Those figures of a query that differ from what is kept."""
        return SQL(
            """
            SELECT found.* FROM (%s) found
              JOIN crm_customer_standing kept
                ON kept.company_id = %s AND kept.partner_id = found.id
             WHERE (%s) IS DISTINCT FROM (%s)
            """,
            figures,
            company.id,
            self._name_figures("kept"),
            self._name_figures("found"),
        )

    def _store_figures(self, company, figures):
        """Keep the figures of a query.

        :return: of how many customers there are some
        """
        self.env.execute_query(
            SQL(
                """
                UPDATE crm_customer_standing kept SET (%s) = ROW(%s)
                  FROM (%s) found
                 WHERE kept.company_id = %s AND kept.partner_id = found.id
                """,
                SQL(", ").join(SQL.identifier(name) for name in FIGURES),
                self._name_figures("found"),
                figures,
                company.id,
            )
        )
        count = self.env.cr.rowcount
        self.invalidate_model(FIGURES, flush=False)
        return count

    def _query_news(self, judged):
        """Those of whom something is not as it was kept.

        :param judged: query of :func:`.score_sql.judge` about customers of
            :meth:`_query_renewed`
        """
        names = [SQL.identifier(name) for name in (*STANDING, *FIGURES)]
        return SQL(
            """
            SELECT %s, points, new_tier, new_since FROM (%s) judged
             WHERE is_new OR new_tier IS DISTINCT FROM tier
                OR (score, below_since)
                   IS DISTINCT FROM (points::numeric, new_since)
            """,
            SQL(", ").join(names),
            judged,
        )

    def _store_judged(self, company, judged):
        """Keep new figures together with the scores they lead to: each row is written
        once.

        :param judged: query of :meth:`_query_news`
        """
        self.env.execute_query(
            SQL(
                """
                UPDATE crm_customer_standing kept
                   SET (%s, score, below_since) =
                       ROW(%s, judged.points, judged.new_since)
                  FROM (%s) judged
                 WHERE kept.company_id = %s AND kept.partner_id = judged.id
                """,
                SQL(", ").join(SQL.identifier(name) for name in FIGURES),
                self._name_figures("judged"),
                judged,
                company.id,
            )
        )
        self.invalidate_model([*FIGURES, "score", "below_since"], flush=False)

    def _page_leaving(self, judged, size):
        """The same rows as of :meth:`_find_leaving`, so many at a time."""
        cursor = 0
        while True:
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT %s FROM (%s) judged
                     WHERE new_tier IS DISTINCT FROM tier AND id > %s
                     ORDER BY id LIMIT %s
                    """,
                    self._name_rows(),
                    judged,
                    cursor,
                    size,
                )
            )
            if not rows:
                return
            yield rows
            cursor = rows[-1][0]

    def _store_scores(self, company, judged):
        """Keep the scores of a query, where they changed.

        :param judged: query of customers, see :func:`.score_sql.judge`
        :return: those who leave their tier, see :meth:`_find_leaving`
        """
        changed = SQL(
            """
            UPDATE crm_customer_standing kept
               SET score = judged.points, below_since = judged.new_since
              FROM judged
             WHERE kept.company_id = %s AND kept.partner_id = judged.id
               AND (judged.score, judged.below_since)
                   IS DISTINCT FROM (judged.points::numeric, judged.new_since)
            """,
            company.id,
        )
        rows = self._find_leaving(judged, SQL(", changed AS (%s)", changed))
        self.invalidate_model(["score", "below_since"], flush=False)
        return rows

    def _find_leaving(self, judged, then=None):
        """Those who leave their tier, as rows of :data:`STANDING` and :data:`FIGURES`.

        :param judged: query of customers, see :func:`.score_sql.judge`
        :param then: what is done with all of them in the same statement
        """
        return self.env.execute_query(
            SQL(
                """
                WITH judged AS MATERIALIZED (%s) %s
                SELECT %s FROM judged
                 WHERE new_tier IS DISTINCT FROM tier ORDER BY id
                """,
                judged,
                then or SQL(),
                self._name_rows(),
            )
        )

    @staticmethod
    def _name_rows():
        """The columns of a customer who is looked at one by one."""
        names = [SQL.identifier(name) for name in STANDING]
        figures = [
            SQL("%s::float", SQL.identifier(name))
            if name in SUMS
            else SQL.identifier(name)
            for name in FIGURES
        ]
        return SQL(", ").join([*names, *figures])

    def _find_peers(self, company, window, day, source=None):
        """What parts the customers who bought within the window into fifths.

        :param source: query of figures; those that are kept, by default
        """
        kept = SQL(
            "SELECT * FROM crm_customer_standing WHERE company_id = %s", company.id
        )
        fifths = SQL("ARRAY[0.2, 0.4, 0.6, 0.8]")
        ((days, months, amounts),) = self.env.execute_query(
            SQL(
                """
                SELECT percentile_disc(%(fifths)s) WITHIN GROUP (ORDER BY last_on),
                       percentile_disc(%(fifths)s) WITHIN GROUP (ORDER BY frequency),
                       percentile_disc(%(fifths)s) WITHIN GROUP (
                           ORDER BY invoiced::float8 - credited::float8)
                  FROM (%(source)s) found
                 WHERE last_on > %(start)s
                """,
                fifths=fifths,
                source=source or kept,
                start=day - timedelta(days=window),
            )
        )
        return Peers(
            [-(day - last_on).days for last_on in days or ()],
            list(months or ()),
            list(amounts or ()),
        )
