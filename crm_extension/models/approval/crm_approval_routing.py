from decimal import Decimal
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError

from .core.delegation import InPlaceOf, Matter, hops, stand_in
from .core.route import yes_needed
from .crm_approval_policy_step import Asking


class Staff(NamedTuple):
    """The people of one company, as plain values.

    :param people: ``{employee id: Person}``
    :param employee_by_user: ``{user id: employee id}``
    :param eligible: users who may be asked
    :param absent: those of them who are away now
    :param administrators: users who administer approvals
    :param proxies: ``{user id: Proxy}``, delegations in force
    """

    people: dict
    employee_by_user: dict
    eligible: set
    absent: set
    administrators: set
    proxies: dict


class Asked(NamedTuple):
    """Who is asked at a point.

    :param users: ``{user id: InPlaceOf, or False who answers for nobody else}``
    :param needed: how many of them must say yes; 0 when there are not enough people
    """

    users: dict
    needed: int


class CrmApprovalRouting(models.AbstractModel):
    """Who is asked at an approval point of a request.

    The ladder, in this order, until enough people are found: the rule of the point;
    the managers above the requester, nearest first; the administrators of approvals;
    and when not even one of those may decide, the requester, with whom it stays until
    somebody may. Who asks or gains never decides. Who is away, and has not handed over
    to somebody who is there, is passed over, unless everybody has to agree or nobody
    else is left. A delegation then moves the question on.
    """

    _name = "crm.approval.routing"
    _description = "Who Is Asked for Approval"

    @api.model
    def _get_staff(self, company, gate):
        """Everything about people that routes of one company and gate need."""
        finder = self.env["crm.approval.policy.step"].sudo()
        people = finder._get_people(company)
        eligible = set(finder._get_eligible_users(company).ids)
        return Staff(
            people,
            {person.user: person.key for person in people.values() if person.user},
            eligible,
            self._get_absent(eligible),
            set(finder._get_administrators().ids),
            self.env["crm.approval.delegation"].sudo()._get_proxies(company, gate),
        )

    @api.model
    def _get_absent(self, users):
        """Those of the users whose own leave covers this moment."""
        now = fields.Datetime.now()
        leaves = (
            self.env["resource.calendar.leaves"]
            .sudo()  # approvers need not see each other's leaves
            .search(
                [
                    ("resource_id.user_id", "in", list(users)),
                    ("date_from", "<=", now),
                    ("date_to", ">", now),
                ]
            )
        )
        return set(leaves.resource_id.user_id.ids)

    @api.model
    def _get_matter(self, request, document, staff, excluded=frozenset()):
        """What rules and delegations need to know of one request.

        :param excluded: users who may not be asked for another reason
        :return: :class:`~.core.delegation.Matter`
        """
        barred = set(request._get_interested_users(document).ids) | set(excluded)
        measure, limits = None, {}
        if document and request._needs_limits(staff):
            gate = document._approval_get_gate(request.gate)
            measure = document._approval_get_measures(gate).get(document.id)
            limits = {
                user: _exact(limit)
                for user, limit in document._approval_get_limits(
                    self.env["res.users"].browse(staff.eligible)
                ).items()
            }
        amount = self._get_amount(request, document)
        return Matter(amount, measure, limits, staff.eligible - barred)

    @api.model
    def _get_amount(self, request, document):
        """What a request is about, in the currency of its company, or ``None``."""
        if not document:
            return None
        amount = (
            document._approval_get_change_amount(request.proposed)
            if request.proposed
            else document._approval_get_amounts().get(document.id)
        )
        return None if amount is None else _exact(amount)

    @api.model
    def _find(self, step, request, document, staff, matter):
        """The people of one policy point.

        :return: :class:`Asked`
        """
        present = {
            user
            for user in matter.eligible
            if stand_in(user, staff.proxies, matter) not in staff.absent
        }
        everybody = step.quorum == "all" or not present
        asking = Asking(
            people=staff.people,
            start=staff.employee_by_user.get(request.requester_id.id),
            eligible=set(matter.eligible if everybody else present),
            document=document or None,
            measure=matter.measure,
            limits=matter.limits,
        )
        users = sorted(step._get_approvers(asking))
        each = step.quorum == "all"
        answering = self._hand_over(users, staff, matter, each)
        if step.quorum == "count":
            # Delegations may have left fewer people than the rule found.
            for rung in step._get_ladder(asking):
                if len(answering) >= step.quorum_count:
                    break
                users += sorted(rung)
                answering = self._hand_over(users, staff, matter)
        try:
            needed = yes_needed(step.quorum, step.quorum_count, len(answering))
        except ValueError:
            return Asked({}, 0)
        return Asked(answering, needed)

    @api.model
    def _preview(self, document, gate, points):
        """Who would be asked at points of rules, if the acting user asked now.

        :return: list of ``{"rank", "name", "people", "usual"}``; the last says how
            soon they usually answer, where that is known
        """
        items = self.env["crm.approval.item"]
        usual = items._get_usual_hours(points)
        company = document._approval_get_company()
        staff = self._get_staff(company, gate.key)
        found = []
        for policy, own in points.grouped("policy_id").items():
            request = self.env["crm.approval.request"].new(
                {
                    "requester_id": self.env.uid,
                    "policy_id": policy.id,
                    "company_id": company.id,
                    "gate": gate.key,
                }
            )
            matter = self._get_matter(request, document, staff)
            for point in own:
                asked = self._find(point, request, document, staff, matter)
                users = self.env["res.users"].browse(asked.users)
                found.append(
                    {
                        "rank": point.sequence,
                        "name": point.name,
                        "people": users.mapped("name"),
                        "usual": items._tell_usual(usual.get(point.id)),
                    }
                )
        return found

    @api.model
    def _refuse_for_lack_of_people(self, step, request):
        """:raises UserError: names the point, and who can help"""
        raise UserError(
            self.env._(
                "%(document)s cannot be asked: at “%(step)s” of the rule"
                " “%(policy)s” there are not enough people who may decide."
                " Your administrator can change the rule.",
                document=request.name,
                step=step.name,
                policy=step.policy_id.name,
            )
        )

    @api.model
    def _hand_over(self, users, staff, matter, each=False):
        """Let delegates answer.

        :param each: everybody's voice counts, so nobody hands over to somebody who
            has one already
        :return: ``{user id: InPlaceOf, or False who answers for nobody else}``
        """
        chains = {}
        voices = set(users) if each else set()
        for user in users:
            free = matter._replace(eligible=matter.eligible - voices)
            chain = chains[user] = hops(user, staff.proxies, free)
            if each and chain:
                voices.add(chain[-1].delegate)
        answering = {user: False for user, chain in chains.items() if not chain}
        for user, chain in chains.items():
            if chain:
                place = InPlaceOf(user, tuple(proxy.key for proxy in chain))
                answering.setdefault(chain[-1].delegate, place)
        return answering


def _exact(number):
    """A number as it is written; comparing binary fractions with decimals deceives."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
