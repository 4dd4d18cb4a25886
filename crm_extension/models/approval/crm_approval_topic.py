from odoo import fields, models
from odoo.exceptions import UserError


class CrmApprovalTopic(models.Model):
    """A side of a document that an approval point looks at, such as its prices.

    Glue ships the topics of its gates as data and says which facts belong to each.
    """

    _name = "crm.approval.topic"
    _description = "Approval Topic"
    _order = "gate, name, id"

    name = fields.Char(required=True, translate=True)
    key = fields.Char(required=True, readonly=True)
    gate = fields.Char(required=True, readonly=True)

    _key_unique = models.UniqueIndex("(gate, key)", "This topic exists already.")

    def write(self, vals):
        meaning = {name: vals[name] for name in ("key", "gate") if name in vals}
        self.filtered(
            lambda topic: any(topic[name] != value for name, value in meaning.items())
        )._check_unused()
        return super().write(vals)

    def unlink(self):
        if not self.env["crm.approval.policy"]._is_uninstalling():
            self._check_unused()
        return super().unlink()

    def _check_unused(self):
        """Refuse to change what points mean that are no draft, in superuser mode too.

        :raises UserError: names the topic and a policy that uses it
        """
        if not self:
            return
        points = (
            self.env["crm.approval.policy.step"]
            .sudo()  # whoever changes a topic, every policy counts
            .search(
                [("topic_ids", "in", self.ids), ("policy_id.state", "!=", "draft")],
                limit=1,
            )
        )
        if points:
            raise UserError(
                self.env._(
                    "“%(topic)s” is what the policy “%(policy)s” looks at, and that"
                    " version does not change any more. Add a new topic instead.",
                    topic=(points.topic_ids & self)[:1].name,
                    policy=points.policy_id.name,
                )
            )
