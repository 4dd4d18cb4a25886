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

    def _announce(self, texts, author=None):
        """Put down and tell what became of requests.

        :param texts: ``{request id: text}``; requests without one are left out
        :param author: the user who speaks; the system without one
        """
        told = self.filtered(lambda request: texts.get(request.id))
        for requests in told.grouped("res_model").values():
            documents = requests._get_documents()
            if "message_ids" in documents._fields:
                documents._message_log_batch(
                    {
                        request.res_id: plaintext2html(texts[request.id])
                        for request in requests
                    },
                    author_id=author.partner_id.id if author else None,
                )
        for person, requests in told.grouped("requester_id").items():
            if person != author:
                requests._notify(person, texts, author)

    def _notify(self, person, texts, author):
        subject = self[0].name
        if len(self) > 1:
            subject = self.env._(
                "%(document)s and %(count)s more",
                document=subject,
                count=len(self) - 1,
            )
        single = self if len(self) == 1 else self.browse()
        self.env["mail.thread"].message_notify(
            partner_ids=person.partner_id.ids,
            author_id=author.partner_id.id if author else None,
            subject=subject,
            body=Markup().join(plaintext2html(texts[request.id]) for request in self),
            model=single.res_model or False,
            res_id=single.res_id,
        )
