from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError

from .crm_approval_policy_step import BY_DOCUMENT, Asking

NAMED = 3  # how many people a message names


class Finding(NamedTuple):
    """What a proof has found for people whose requests are staffed alike.

    :param requesters: names of the people who may ask
    :param short: ids of points that together have too few people
    :param helped: ids of points at which the ladder stands in
    :param scarce: ids of points that have enough people, but no longer when one more
        person may not decide, because they gain from the document
    :param gaining: name of that person
    """

    requesters: tuple
    short: tuple
    helped: tuple
    scarce: tuple = ()
    gaining: str = ""


class CrmApprovalPolicy(models.Model):
    """The proof that every point of a policy can be decided (ANCHORS N6)."""

    _inherit = "crm.approval.policy"

    check_result = fields.Json(
        string="Check",
        compute="_compute_check_result",
        help="Whether all points can be decided by enough different people, whoever"
        " asks.",
    )

    # No depends: worked out when the form is opened and after it is saved, not at
    # every key that is pressed.
    @api.depends_context("lang")
    def _compute_check_result(self):
        for policy in self:
            policy.check_result = bool(
                policy.step_ids and policy.state in ("draft", "proposed", "published")
            ) and {"lines": policy._tell_check()}

    @api.model
    def _cron_check(self):
        """Every night: retire what a newer version has replaced, and prove published
        versions again. What no longer holds leaves one activity each."""
        self._retire_superseded()
        published = self.search([("state", "=", "published")])
        notes = {policy: policy._find_drift() for policy in published}
        activity_type = self.env.ref("mail.mail_activity_data_warning")
        opened = (
            self.env["mail.activity"]
            .search(
                [
                    ("res_model", "=", self._name),
                    ("activity_type_id", "=", activity_type.id),
                    ("automated", "=", True),
                ]
            )
            .grouped("res_id")
        )
        for policy, note in notes.items():
            if note and policy.id not in opened:
                policy.activity_schedule(
                    activity_type_id=activity_type.id,
                    summary=self.env._("This rule no longer works for everybody"),
                    note=note,
                    user_id=policy._get_keeper().id,
                )
        settled = [key for key in opened if not notes.get(self.browse(key))]
        for key in settled:
            opened[key].unlink()

    def _check_staffed(self):
        """Refuse policies some points of which cannot be decided.

        :raises UserError: names the points, up to three people whose requests would
            be stuck, and the way out
        """
        for policy in self:
            if blind := policy.step_ids._filter_without_limits():
                raise UserError(
                    self.env._(
                        "“%(policy)s” cannot be published: %(why)s Choose somebody"
                        " else.",
                        policy=policy.name,
                        why=policy._tell_without_limits(blind),
                    )
                )
            for finding in policy._prove():
                if finding.short:
                    raise UserError(
                        self.env._(
                            "“%(policy)s” cannot be published: %(why)s Name more"
                            " people, fill the position, or let one person decide"
                            " several points.",
                            policy=policy.name,
                            why=policy._tell_short(finding),
                        )
                    )

    def _prove(self):
        """Staff all points for everybody who may ask.

        All points at once are the worst case: whatever branch a document takes, its
        points are among them, and who is enough for all is enough for some.

        Besides who asks, another person may gain from the document and may then not
        decide. That is told, not refused: who that is depends on the document, and in
        a small company a rule for the rest of them is better than none. Where it
        happens, the request waits with the requester and the administrators are told.

        :return: list of :class:`Finding`; requesters with equal results share one
        """
        self.ensure_one()
        steps = self.sudo().step_ids  # employees and groups are read by the engine
        group = self.env.ref("crm_extension.crm_extension_group_user").sudo()
        users = group.all_user_ids
        asking_users = set(users.filtered("active").ids)
        results = {}
        for company in self.sudo().company_id or self._get_companies_that_ask(users):
            people = steps._get_people(company)
            eligible = set(steps._get_eligible_users(company).ids)
            alike = {}
            for person in people.values():
                if person.user in asking_users:
                    # Who may not decide is no candidate anyway; colleagues below one
                    # manager in one department are then asked about alike.
                    own = person.user if person.user in eligible else None
                    key = (person.manager, person.department, own)
                    alike.setdefault(key, []).append(person)
            for (_manager, _department, own), persons in alike.items():
                asking = Asking(people, persons[0].key, eligible - {own})
                staffing = steps._staff(asking)
                helped = tuple(step.id for step in steps if step.id in staffing.helped)
                scarce, gaining = (), None
                if not staffing.short:
                    scarce, gaining = steps._find_indispensable(asking, staffing)
                results.setdefault(
                    (staffing.short, helped, scarce, gaining), []
                ).extend(person.user for person in persons)
        ids = {user for found in results.values() for user in found}
        ids |= {gaining for *_points, gaining in results if gaining}
        names = {
            user.id: user.name for user in self.env["res.users"].sudo().browse(ids)
        }
        return [
            Finding(
                tuple(dict.fromkeys(names[user] for user in found)),
                short,
                helped,
                scarce,
                names.get(gaining, ""),
            )
            for (short, helped, scarce, gaining), found in results.items()
        ]

    @api.model
    def _get_companies_that_ask(self, users):
        employees = self.env["hr.employee"].sudo()
        groups = employees._read_group([("user_id", "in", users.ids)], ["company_id"])
        return self.env["res.company"].sudo().union(*(company for (company,) in groups))

    def _find_drift(self):
        """What no longer holds of a published version, or ``""``."""
        self.ensure_one()
        notes = []
        if broken := self._to_rule().broken:
            notes.append(self._tell_broken(broken))
        if blind := self.step_ids._filter_without_limits():
            notes.append(self._tell_without_limits(blind))
        notes += [self._tell_short(found) for found in self._prove() if found.short]
        return " ".join(notes)

    def _get_keeper(self):
        """The administrator who is told: the publisher, while still one."""
        administrators = self.sudo().step_ids._get_administrators().filtered("active")
        keeper = self.published_by_id & administrators
        return keeper or administrators[:1] or self.env.user

    # === BUSINESS METHODS: in words === #

    def _tell_check(self):
        """The proof for people: list of ``{"level", "text"}``, worst first.

        ``level`` is ``danger``, ``info`` or ``success``.
        """
        lines = []
        if broken := self._to_rule().broken:
            lines.append(("danger", self._tell_broken(broken)))
        if blind := self.step_ids._filter_without_limits():
            lines.append(("danger", self._tell_without_limits(blind)))
        findings = self._prove()
        count = sum(len(found.requesters) for found in findings)
        short = [found for found in findings if found.short]
        lines += [("danger", self._tell_short(found)) for found in short]
        if not count:
            lines.append(("info", self.env._("Nobody can ask yet.")))
        elif not short:
            text = self.env._(
                "Every point has enough different people, whoever of the %s people"
                " asks.",
                count,
            )
            lines.append(("success", text))
        lines += [("info", self._tell_scarce(one)) for one in findings if one.scarce]
        lines += self._tell_helped(findings)
        by_document = self.step_ids.filtered(
            lambda step: step.approver_kind in BY_DOCUMENT
        )
        if by_document:
            text = self.env._(
                "%(points)s: the document says who. Checked with those who stand in:"
                " the managers above and the administrators of approvals.",
                points=self._tell_points(by_document.ids),
            )
            lines.append(("info", text))
        return [{"level": level, "text": text} for level, text in lines]

    def _tell_helped(self, findings):
        """One line per point at which the ladder stands in for somebody."""
        lines = []
        for step in self.step_ids:
            names = [
                name
                for found in findings
                if step.id in found.helped and not found.short
                for name in found.requesters
            ]
            if names and step.approver_kind not in BY_DOCUMENT:
                text = self.env._(
                    "“%(point)s” finds too few when %(names)s asks; the next manager"
                    " above or an administrator of approvals stands in.",
                    point=step.name,
                    names=self._tell_names(names),
                )
                lines.append(("info", text))
        return lines

    def _tell_without_limits(self, points):
        return self.env._(
            "%(points)s: these documents know no limits, so no manager's is enough.",
            points=self._tell_points(points.ids),
        )

    def _tell_scarce(self, finding):
        return self.env._(
            "%(points)s cannot be decided by enough different people when %(names)s"
            " asks and, for example, %(gaining)s gains from the document: it then waits"
            " with who asks, and the administrators of approvals are told.",
            points=self._tell_points(finding.scarce),
            names=self._tell_names(finding.requesters),
            gaining=finding.gaining,
        )

    def _tell_short(self, finding):
        return self.env._(
            "%(points)s cannot be decided by enough different people when %(names)s"
            " asks.",
            points=self._tell_points(finding.short),
            names=self._tell_names(finding.requesters),
        )

    def _tell_broken(self, error):
        return self.env._(
            "A condition cannot be read any more (%s): until a new version is"
            " published, every document it may concern needs approval.",
            error,
        )

    def _tell_points(self, ids):
        names = [f"“{step.name}”" for step in self.step_ids if step.id in ids]
        return self.env._(" and ").join(names)

    def _tell_names(self, names):
        if len(names) > NAMED:
            return self.env._(
                "%(names)s or one of %(count)s more",
                names=", ".join(names[:NAMED]),
                count=len(names) - NAMED,
            )
        return self.env._(" or ").join(names)
