from odoo import models

from .core.delegation import InPlaceOf, still_leads
from .core.reporting_line import managers_of
from .crm_approval_clock import Further


class CrmApprovalPlace(models.AbstractModel):
    """In whose place a person is asked, whether that still holds, and who is asked
    instead when it does not."""

    _name = "crm.approval.place"
    _description = "In Whose Place Somebody Is Asked"

    def _ask_also(self, users):
        """Put what each item asks before further people, in its person's place.

        :param users: users per item
        """
        steps = self.env["crm.approval.request.step"].concat(
            *(item.step_id for item in self)
        )
        steps._ask(
            [
                dict.fromkeys(
                    others.ids, InPlaceOf((item.on_behalf_id or item.user_id).id)
                )
                for item, others in zip(self, users, strict=True)
            ]
        )
        self.step_id.filtered(lambda step: step.state == "waiting")._start()

    def _reroute(self):
        """Items whose person is gone, away or handed over find somebody else; the
        ladder is that of ``crm.approval.routing``. People who are found again keep
        their items and their clock."""
        items = self._as_engine().filtered(lambda item: item.state in ("open", "later"))
        if not items:
            return
        steps = items.step_id
        steps._restaff(leaving=items)
        steps.request_id._advance()

    def _filter_unable(self):
        """Items that their points would not put before their person now: who may no
        longer decide, does not hold any more what the rule names, is away, has handed
        over, or answers by a delegation that is over."""
        unable = self.browse()
        for own, document, staff, matter in self._by_request():
            for step, asked in own.grouped("step_id").items():
                unable |= step._filter_unable(asked, document, staff, matter)
        return unable

    def _filter_lapsed(self):
        """Items whose person answers by a delegation that is over, or that does not
        cover what is there now."""
        lapsed = self.browse()
        for own, _document, staff, matter in self.filtered(
            "delegation_ids"
        )._by_request():
            lapsed |= own.filtered(
                lambda item, staff=staff, matter=matter: (
                    not still_leads(
                        item._get_place(), item.user_id.id, staff.proxies, matter
                    )
                )
            )
        return lapsed

    def _by_request(self):
        """The items of each request, with what decides on their people: yields
        ``(items, document, Staff, Matter)``."""
        documents = self.request_id._get_document_by_request()
        own = self.grouped("request_id")
        for (company, gate), requests in self.request_id._grouped_by_staff().items():
            staff = self._get_staff(company, gate)
            for request in requests:
                document = documents[request.id]
                matter = self._get_matter(request, document, staff)
                yield own[request], document, staff, matter

    def _is_found_again(self, found, here):
        """Whether a single item stays with its person when its point looks for its
        people again. What its person was given by hand, or by escalation, stays as
        long as they can answer and the one they answer for is still found; a standing
        delegation has to lead there again.

        :param found: :class:`~.crm_approval_routing.Asked`
        :param here: ids of the users who may decide and are not away
        """
        self.ensure_one()
        user, person = self.user_id.id, self.on_behalf_id.id
        if not self._is_given_by_hand():
            return found.users.get(user) == self._get_place()
        voices = {place.person if place else key for key, place in found.users.items()}
        return user in found.users or (user in here and person in voices)

    def _is_given_by_hand(self):
        """Whether a person, or the clock, put a single item before its person."""
        self.ensure_one()
        return bool(self.on_behalf_id) and not self.delegation_ids

    def _get_place(self):
        """For whom a single item's person answers: ``InPlaceOf`` or ``False``."""
        self.ensure_one()
        return bool(self.on_behalf_id) and InPlaceOf(
            self.on_behalf_id.id, tuple(self._get_hops().ids)
        )

    def _get_hops(self):
        """The delegations by which a single item came, in the order of their way."""
        self.ensure_one()
        by_delegator = {hop.delegator_id: hop for hop in self.delegation_ids}
        found, person = self.delegation_ids.browse(), self.on_behalf_id
        while hop := by_delegator.pop(person, None):
            found += hop
            person = hop.delegate_id
        # A delegation may have been given to somebody else since.
        return found + (self.delegation_ids - found)

    def _prepare_hops(self):
        """The delegations by which a single item came, as they are put down."""
        self.ensure_one()
        hops = self.sudo()._get_hops()  # whoever answers need not see all of them
        return {"hops": [hop._prepare_evidence() for hop in hops]} if hops else {}

    def _find_further_people(self):
        """Who is asked beside each item's person: the next manager above who may
        decide and is not asked yet, else the administrators of approvals.

        :return: ``{item id: Further}``
        """
        found = {}
        for own, _document, staff, matter in self._by_request():
            for step, items in own.grouped("step_id").items():
                # Nobody is asked twice at one point.
                asked = {*step.item_ids.user_id.ids, *step._get_people_taken().ids}
                for item in items:
                    found[item.id] = item._find_further(staff, matter.eligible - asked)
                    asked.update(found[item.id].users.ids)
        return found

    def _find_further(self, staff, able):
        """
        :param able: ids of users who may be asked beside a single item's person
        :return: :class:`Further`
        """
        self.ensure_one()
        users = self.env["res.users"]
        start = staff.employee_by_user.get(self.user_id.id)
        for person in managers_of(start, staff.people):
            if person.user in able - staff.absent:
                return Further(users.browse(person.user), above=True)
        administrators = able & staff.administrators
        there = administrators - staff.absent
        return Further(users.browse(sorted(there or administrators)), above=False)
