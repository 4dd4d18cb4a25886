from odoo import models

from .crm_approval_policy_rules import parse_domain

# What reading a condition that does not fit the document raises.
UNREADABLE = (
    *(ArithmeticError, AttributeError, KeyError, RecursionError),
    *(SyntaxError, TypeError, ValueError),
)


class CrmApprovalCondition(models.AbstractModel):
    """Which rules speak about a document, and whether their conditions hold.

    A rule means the same whoever looks: its conditions are read in the language they
    were written in, and in the document's own company. What cannot be read holds, so
    that the rule asks rather than lets pass.
    """

    _name = "crm.approval.condition"
    _inherit = ["crm.approval.hooks"]
    _description = "Conditions of Approval Rules"

    def _approval_filter_ruled(self, company_id, names):
        """The documents that a company's rule speaks about: its own, and those of no
        company where what is governed is the same in all of them.

        :param company_id: id of the rule's company; none for all companies
        :param names: the fields that are governed or asked to be changed
        """
        if not company_id:
            return self
        by_company = self._approval_group_by_company()
        company = self.env["res.company"].browse(company_id)
        found = by_company.get(company, self.browse())
        if len(found) < len(self) and self._approval_is_shared(names):
            found |= self.filtered(
                lambda document: document._approval_is_of_no_company()
            )
        return found

    def _approval_is_of_no_company(self):
        return "company_id" not in self._fields or not self.company_id

    def _approval_is_shared(self, names):
        """Whether any of the fields has one value for all companies."""
        fields = (self._fields[name] for name in names)
        return any(field.store and not field.company_dependent for field in fields)

    def _approval_filter_satisfying(self, condition, lang):
        """The documents for which a condition holds.

        :param condition: a domain
        :param lang: code of the language it was written in
        """
        if not condition:
            return self
        found = self.browse()
        for company, documents in self._approval_group_by_company().items():
            read = documents.with_company(company).with_context(
                lang=self._approval_get_known_lang(lang)
            )
            found += documents.browse(read._approval_filter_holding(condition)._ids)
        return found

    def _approval_filter_holding(self, condition):
        """The documents for which a condition holds, read as they are; a glue adds
        those for which it holds in another way."""
        return self._approval_filter_reading(condition)

    def _approval_filter_reading(self, condition):
        try:
            return self.filtered_domain(condition)
        except UNREADABLE:
            if len(self) == 1:
                return self
            # What cannot be read of one document says nothing about the others.
            return self.browse().concat(
                *(document._approval_filter_reading(condition) for document in self)
            )

    def _approval_get_known_lang(self, lang):
        known = lang and self.env["res.lang"]._get_data(code=lang)
        return lang if known else "en_US"

    def _approval_filter_points(self, policy):
        """The points of a rule whose condition holds: ``{id: step ids}``."""
        steps = {key: [] for key in self._ids}
        for point in policy.points:
            for document in self._approval_filter_satisfying(
                point.condition, policy.lang
            ):
                steps[document.id].append(point.id)
        return {key: tuple(ids) for key, ids in steps.items()}

    def _approval_find_satisfying(self, policy):
        """The points of any version of a rule, in force or not, whose condition holds
        for these documents now: ``{id: points}``; none where the rule does not apply.

        :param policy: one ``crm.approval.policy``
        """
        found = {document.id: policy.step_ids.browse() for document in self}
        lang = policy.condition_lang
        governed = self._approval_filter_stored(policy.condition_domain, lang)
        for step in policy.step_ids:
            for document in governed._approval_filter_stored(
                step.condition_domain, lang
            ):
                found[document.id] += step
        return found

    def _approval_filter_stored(self, text, lang):
        """As :meth:`_approval_filter_satisfying`, for a condition as it is stored."""
        try:
            condition = parse_domain(text)
        except UNREADABLE:
            return self
        return self._approval_filter_satisfying(condition, lang)
