from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

from .kept import ENGINE

# What only the buttons set, and what a new record has of it.
LIFE = {
    "state": "draft",
    "version": 1,
    "origin_id": False,
    "edited_by_id": False,
    "proposed_by_id": False,
    "published_by_id": False,
    "date_published": False,
    "retiring_by_id": False,
}


class CrmApprovalPolicyLife(models.AbstractModel):
    """The life of a version of a policy: drafted by one administrator of approvals,
    published by another one, replaced or retired. Once it is proposed, nothing but
    these steps changes it (DESIGN 3)."""

    _name = "crm.approval.policy.life"
    _description = "Life of an Approval Policy"

    def action_propose(self):
        """Lay drafts before a second administrator.

        :raises UserError: when one is no draft, or its points cannot be decided by
            enough different people
        :raises ValidationError: when one has no points, or a condition does not work
        """
        self._start_deed("draft")
        self._check_complete()
        self._check_staffed()
        self._live(
            {"state": "proposed", "proposed_by_id": self.env.uid, "active": True}
        )
        return True

    def action_back_to_draft(self):
        """Take proposed versions back, to change them."""
        self._start_deed("proposed")
        self._live({"state": "draft", "proposed_by_id": False})
        return True

    def action_publish(self):
        """Put proposed versions in force, at their date or at once.

        :raises UserError: when the acting person has proposed or last changed one,
            or when its points can no longer be decided by enough different people
        """
        self._start_deed("proposed")
        for policy in self:
            if self.env.user in policy.proposed_by_id | policy.edited_by_id:
                raise UserError(
                    self.env._(
                        "You have proposed or last changed “%(policy)s” yourself."
                        " Another administrator of approvals must publish it.",
                        policy=policy.name,
                    )
                )
        self._check_complete()
        self._check_staffed()
        now = fields.Datetime.now()
        for date, policies in self.grouped("date_effective").items():
            policies._live(
                {
                    "state": "published",
                    "published_by_id": self.env.uid,
                    "date_published": now,
                    "date_effective": max(date or now, now),
                }
            )
        self._retire_superseded()
        return True

    def action_propose_retirement(self):
        """Suggest that published versions end without a successor."""
        self._start_deed("published")
        self._live({"retiring_by_id": self.env.uid})
        return True

    def action_keep(self):
        """Take a proposed retirement back."""
        self._start_deed("published")
        self._live({"retiring_by_id": False})
        return True

    def action_retire(self):
        """End published versions whose retirement somebody else has proposed.

        :raises UserError: when nobody has proposed it, or the acting person did
        """
        self._start_deed("published")
        for policy in self:
            if not policy.retiring_by_id:
                raise UserError(
                    self.env._(
                        "Nobody has proposed to retire “%(policy)s”. One administrator"
                        " of approvals proposes it, another one retires it.",
                        policy=policy.name,
                    )
                )
            if policy.retiring_by_id == self.env.user:
                raise UserError(
                    self.env._(
                        "You have proposed to retire “%(policy)s” yourself. Another"
                        " administrator of approvals must do it.",
                        policy=policy.name,
                    )
                )
        self._live({"state": "retired"})
        return True

    def action_new_version(self):
        """Open the draft of the next version; there is at most one."""
        self.ensure_one()
        self._start_deed("published", "retired")
        versions = self._get_versions()
        draft = versions.filtered(lambda policy: policy.state in ("draft", "proposed"))
        if not draft:
            draft = self._copy_as_engine(
                {
                    "origin_id": self._get_origin(),
                    "version": max(versions.mapped("version")) + 1,
                    "company_id": self.company_id.id,
                }
            )
        return draft._open()

    def action_use_template(self):
        """Open a draft for the user's company, made from a template."""
        self.ensure_one()
        self._start_deed("template")
        return self._copy_as_engine({"company_id": self.env.company.id})._open()

    def action_open_versions(self):
        """List all versions of this policy."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Versions of %s", self.name),
            "res_model": self._name,
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self._get_versions().ids)],
            "context": {"active_test": False},
        }

    def _start_deed(self, *states):
        """Check who acts, and take the versions as they are now.

        :raises AccessError: when the acting person is no administrator of approvals
        :raises UserError: when a version is not in one of ``states``
        """
        self.check_access("write")
        if not self.env.user.has_group("crm_extension.crm_extension_group_manager"):
            raise AccessError(
                self.env._("Only administrators of approvals may do this.")
            )
        self.lock_for_update()
        self.invalidate_recordset()
        labels = dict(self._fields["state"]._description_selection(self.env))
        for policy in self:
            if policy.state not in states:
                raise UserError(
                    self.env._(
                        "“%(policy)s”, version %(version)s, is not in the state for"
                        " this: it is “%(state)s”. Reload the page to see what can be"
                        " done now.",
                        policy=policy.name,
                        version=policy.version,
                        state=labels[policy.state],
                    )
                )

    def _live(self, vals):
        """Move on in life. The caller has checked who acts."""
        self._as_engine().write(vals)
        self.invalidate_recordset()

    def _check_complete(self):
        """Refuse what cannot be asked: no points, or conditions that do not work."""
        for policy in self:
            if not policy.step_ids:
                raise ValidationError(
                    self.env._(
                        "The policy “%(policy)s” has no approval point: add one.",
                        policy=policy.name,
                    )
                )
            for condition in {
                policy.condition_domain,
                *policy.step_ids.mapped("condition_domain"),
            }:
                policy._check_condition(condition)

    @api.model
    def _retire_superseded(self):
        """Retire published versions that a newer one in force has replaced."""
        published = self.sudo().search(
            [("state", "=", "published")], order="version desc"
        )
        now, old = fields.Datetime.now(), self.browse()
        for versions in published.grouped(lambda one: one._get_origin()).values():
            in_force = versions.filtered(
                lambda one: not one.date_effective or one.date_effective <= now
            )
            if in_force:
                old |= versions.filtered(
                    lambda one, newest=in_force[0]: one.version < newest.version
                )
        if old:
            old._as_engine().write({"state": "retired"})

    def _make_templates(self):
        """Turn drafts into templates; called by data files, once their points are
        there."""
        self._check_draft()
        self._check_complete()
        self._as_engine().write({"state": "template", "company_id": False})

    def _copy_as_engine(self, values):
        """A draft with these points, made by the acting person."""
        # All of its life is said, so that no default in a context says otherwise.
        copied = self._as_engine().copy(
            {**LIFE, "edited_by_id": self.env.uid, **values}
        )
        return self.browse(copied.id)

    def _open(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def _get_origin(self):
        """Id of the first version of this one's lineage."""
        self.ensure_one()
        return self.origin_id.id or self._origin.id

    def _get_versions(self):
        origin = self._get_origin()
        return self.with_context(active_test=False).search(
            ["|", ("id", "=", origin), ("origin_id", "=", origin)],
            order="version desc",
        )

    def _tell_standing(self):
        self.ensure_one()
        since = self.date_effective and format_date(
            self.env, fields.Datetime.context_timestamp(self, self.date_effective)
        )
        later = self.date_effective and self.date_effective > fields.Datetime.now()
        texts = {
            "draft": self.env._("draft, last changed by %s", self.edited_by_id.name)
            if self.edited_by_id
            else self.env._("draft"),
            "proposed": self.env._(
                "proposed by %s, waits for a second administrator",
                self.proposed_by_id.name,
            ),
            "published": self.env._("published, in force from %s", since)
            if later
            else self.env._("in force since %s", since),
            "retired": self.env._("retired"),
            "template": self.env._("template"),
        }
        if self.state == "template":
            return texts["template"].capitalize()
        return self.env._(
            "Version %(version)s: %(state)s",
            version=self.version,
            state=texts[self.state],
        )

    def _as_engine(self):
        """The same records in superuser mode, for the steps of a version's life.

        Superuser, because nobody may write a version that is not a draft; every
        caller has checked the acting user before.
        """
        return self.sudo().with_context(crm_approval_engine=ENGINE)

    def _is_engine(self):
        return self.env.context.get("crm_approval_engine") is ENGINE

    def _is_uninstalling(self):
        """Whether Odoo removes an add-on with its records right now. The context alone
        says nothing, anybody can send it; no add-on is being removed otherwise."""
        if not self.env.context.get(MODULE_UNINSTALL_FLAG):
            return False
        modules = self.env["ir.module.module"].sudo()  # no secret
        return bool(modules.search_count([("state", "=", "to remove")], limit=1))

    def _check_life(self, vals, allowed=None):
        """Refuse values that only the buttons set.

        :param allowed: values that say nothing new
        """
        forged = [
            name
            for name in LIFE.keys() & vals.keys()
            if allowed is None or (vals[name] or False) != allowed[name]
        ]
        if forged:
            raise AccessError(
                self.env._(
                    "“%(field)s” of an approval policy changes only through the"
                    " buttons of its form.",
                    field=self._fields[forged[0]]._description_string(self.env),
                )
            )

    def _check_draft(self):
        """Refuse to touch what is no draft, in superuser mode too.

        :raises UserError: names the version and the way out
        """
        ways = {
            "proposed": self.env._("Set it back to draft first."),
            "published": self.env._("Make a new version, or retire it."),
            "retired": self.env._("Make a new version."),
            "template": self.env._("Use the template and change the copy."),
        }
        labels = dict(self._fields["state"]._description_selection(self.env))
        for policy in self.sudo():  # a version's state is no secret to its changer
            if policy.state != "draft":
                raise UserError(
                    self.env._(
                        "“%(policy)s”, version %(version)s, is no draft but"
                        " “%(state)s”: it stays as it is. %(way)s",
                        policy=policy.name,
                        version=policy.version,
                        state=labels[policy.state],
                        way=ways[policy.state],
                    )
                )

    def _touch(self):
        """Note who changed drafts last; their points count as the drafts."""
        values = self._prepare_edit_values()
        others = self.filtered(
            lambda one: (
                one.edited_by_id.id != values["edited_by_id"]
                or one.condition_lang != values["condition_lang"]
            )
        )
        if others:
            others._as_engine().write(values)

    def _prepare_edit_values(self):
        """Who edits, and the language in which they read and write conditions."""
        return {
            "edited_by_id": self.env.uid,
            "condition_lang": self.env.lang or "en_US",
        }
