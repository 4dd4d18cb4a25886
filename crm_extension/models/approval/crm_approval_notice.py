from markupsafe import Markup

from odoo import models
from odoo.tools import plaintext2html


class CrmApprovalNotice(models.AbstractModel):
    """How those who asked hear of what became of it.

    A note in the document's own conversation, which customers who follow it are not
    told of, and one notice per person for all that they asked, by the way they chose
    in their preferences. Not one message per document: a hundred decided at once
    would be a hundred notices, and each would look up the access links of customers.
    """

    _name = "crm.approval.notice"
    _description = "Notices of the Approval Engine"

    def _announce(self, tell, author=None):
        """Put down and tell what became of requests, in the language of whoever asked.

        :param tell: gives the text about one request, in that record's language;
            requests without a text are left out
        :param author: the user who speaks; the system without one
        """
        texts = {}
        for person, requests in self.grouped("requester_id").items():
            requests = requests._in_language_of(person)
            texts |= {request.id: tell(request) for request in requests}
        told = self.filtered(lambda request: texts[request.id])
        told._log_in_conversations(texts, author)
        for person, requests in told.grouped("requester_id").items():
            if person != author:
                requests._in_language_of(person)._notify(person, texts, author)

    def _in_language_of(self, person):
        return self.with_context(lang=person.lang or self.env.lang)

    def _log_in_conversations(self, texts, author):
        """A note per document that has a conversation, whatever many rules spoke."""
        for requests in self.grouped("res_model").values():
            documents = requests._get_documents()
            if not documents or "message_ids" not in documents._fields:
                continue
            words = {}
            for request in requests:
                # Two rules may have said the same.
                words.setdefault(request.res_id, {})[texts[request.id]] = True
            documents._message_log_batch(
                {
                    document.id: Markup().join(map(plaintext2html, words[document.id]))
                    for document in documents
                },
                author_id=author.partner_id.id if author else None,
            )

    def _notify(self, person, texts, author):
        subject = self[0].name
        if len(self) > 1:
            subject = self.env._(
                "%(document)s and %(count)s more",
                document=subject,
                count=len(self) - 1,
            )
        single = self if len(self) == 1 else self.browse()
        if single:
            body = plaintext2html(texts[single.id])
        else:
            body = Markup().join(
                request._get_line(texts[request.id]) for request in self
            )
        self.env["mail.thread"].message_notify(
            partner_ids=person.partner_id.ids,
            author_id=author.partner_id.id if author else None,
            subject=subject,
            body=body,
            model=single.res_model or False,
            res_id=single.res_id,
        )

    def _get_line(self, text):
        """One of several lines of a notice, with a link to its document, as HTML; a
        notice about one document has its button instead."""
        self.ensure_one()
        return Markup(
            "<div style='margin-bottom: 8px;'>%s"
            "<a href='%s/mail/view?model=%s&amp;res_id=%s'>%s</a></div>"
        ) % (
            plaintext2html(text),
            self.get_base_url(),
            self.res_model,
            self.res_id,
            self.name,
        )

    def _tell_administrators(self, tell):
        """Bring something to those who can change rules and roles, each in their own
        language.

        :param tell: gives the text about the request, in that record's language
        """
        self.ensure_one()
        administrators = self.env["crm.approval.policy.step"]._get_administrators()
        for people in administrators.filtered("active").grouped("lang").values():
            request = self._in_language_of(people[0])
            request.env["mail.thread"].message_notify(
                partner_ids=people.partner_id.ids,
                subject=request.name,
                body=tell(request),
                model=request._name,
                res_id=request.id,
            )
