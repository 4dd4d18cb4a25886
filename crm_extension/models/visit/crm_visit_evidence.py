from base64 import b64decode
from hashlib import sha256

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from . import evidence, rules

CHECKS = ("check_in", "check_out")
PARTS = ("at", "state", "latitude", "longitude", "accuracy", "age", "distance")
# Whom it concerns where exactly somebody was.
WHO = "sales_team.group_sale_salesman"
STATES = [
    ("taken", "Position taken"),
    ("refused", "Position refused"),
    ("unavailable", "Position not available"),
    ("off", "Position not asked for"),
]


class CrmVisitEvidence(models.AbstractModel):
    """What proves that somebody was there (ANCHORS N15): check-in and check-out with
    the position that the device had then, how long it took, and a photo.

    A position is asked for at these two moments and at no other, and only where the
    company says so. What comes of it is a score; it blocks nothing.

    Part of ``crm.visit``, and nothing else's.
    """

    _name = "crm.visit.evidence"
    _description = "Visit and Its Evidence"

    asks_position = fields.Boolean(compute="_compute_asks_position")
    check_in_at = fields.Datetime(string="Checked in at", readonly=True, copy=False)
    check_in_state = fields.Selection(
        selection=STATES, string="At Check-in", readonly=True, copy=False
    )
    check_in_latitude = fields.Float(
        digits=(10, 7), readonly=True, copy=False, aggregator=None, groups=WHO
    )
    check_in_longitude = fields.Float(
        digits=(10, 7), readonly=True, copy=False, aggregator=None, groups=WHO
    )
    check_in_accuracy = fields.Float(
        readonly=True, copy=False, aggregator=None, help="Metres."
    )
    check_in_age = fields.Float(
        readonly=True,
        copy=False,
        aggregator=None,
        help="Seconds since the device had found the position.",
    )
    check_in_distance = fields.Float(
        string="Metres from the Address",
        readonly=True,
        copy=False,
        aggregator=None,
        help="At check-in, to where the customer was then. -1 where that is not known.",
    )
    check_out_at = fields.Datetime(string="Checked out at", readonly=True, copy=False)
    check_out_state = fields.Selection(
        selection=STATES, string="At Check-out", readonly=True, copy=False
    )
    check_out_latitude = fields.Float(
        digits=(10, 7), readonly=True, copy=False, aggregator=None, groups=WHO
    )
    check_out_longitude = fields.Float(
        digits=(10, 7), readonly=True, copy=False, aggregator=None, groups=WHO
    )
    check_out_accuracy = fields.Float(readonly=True, copy=False, aggregator=None)
    check_out_age = fields.Float(readonly=True, copy=False, aggregator=None)
    check_out_distance = fields.Float(readonly=True, copy=False, aggregator=None)
    dwell_minutes = fields.Integer(
        string="Minutes There",
        compute="_compute_dwell_minutes",
        store=True,
        help="Between check-in and check-out.",
    )
    photo = fields.Image(
        max_width=1600,
        max_height=1600,
        copy=False,
        help="Taken at the customer's. Its fingerprint is kept, so that one photo does"
        " not prove two visits.",
    )
    photo_sha256 = fields.Char(
        string="Fingerprint of the Photo",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="SHA-256 of the photo as it is kept.",
    )
    evidence_score = fields.Integer(
        string="Evidence",
        compute="_compute_evidence",
        store=True,
        aggregator="avg",
        help="Of 100: position at check-in 40 and at check-out 20, a quarter of an hour"
        " there 20, a photo 20.",
    )
    evidence_note = fields.Text(
        string="What Is Lacking", compute="_compute_evidence_note"
    )
    check_in_note = fields.Char(string="Arrived", compute="_compute_check_notes")
    check_out_note = fields.Char(string="Left", compute="_compute_check_notes")

    # === COMPUTE METHODS === #

    def _compute_asks_position(self):
        for visit in self:
            # Superuser mode: whoever visits may know what is asked.
            visit.asks_position = visit.company_id.sudo().crm_visit_positions

    @api.depends("check_in_at", "check_out_at")
    def _compute_dwell_minutes(self):
        for visit in self:
            minutes = visit._get_minutes()
            visit.dwell_minutes = minutes and int(minutes)

    @api.depends(
        "check_in_at",
        "check_in_state",
        "check_out_at",
        "check_out_state",
        "photo_sha256",
    )
    def _compute_evidence(self):
        proofs = self._prove()
        for visit in self:
            score = proofs[visit.id].score
            visit.evidence_score = score if visit._has_evidence() else 0

    @api.depends("evidence_score", "photo_sha256")
    @api.depends_context("lang")
    def _compute_evidence_note(self):
        words, proofs = self._get_finding_words(), self._prove()
        for visit in self:
            lacking = [words[key] for key in proofs[visit.id].findings]
            visit.evidence_note = visit._has_evidence() and "\n".join(lacking)

    @api.depends("check_in_at", "check_out_at")
    @api.depends_context("lang", "tz")
    def _compute_check_notes(self):
        for visit in self:
            for name in CHECKS:
                visit[f"{name}_note"] = visit[f"{name}_at"] and visit._tell_check(name)

    # === ACTION METHODS === #

    def action_check_in(self, position=None):
        """Arrive. A second time changes nothing: a tap may be sent twice.

        :param position: what the device says, as :meth:`_read_position` reads it
        """
        self.ensure_one()
        self._check("check_in", position)

    def action_check_out(self, position=None):
        """Leave: the visit has taken from check-in until now.

        :param position: as above
        :raises UserError: for whoever has not checked in
        """
        self.ensure_one()
        if not self.check_in_at:
            raise UserError(
                self.env._(
                    "%s has no check-in, so there is nothing to check out of.",
                    self.display_name,
                )
            )
        self._check("check_out", position)

    # === BUSINESS METHODS === #

    @api.model
    def _prepare_kept(self):
        names = [f"{name}_{part}" for name in CHECKS for part in PARTS]
        return super()._prepare_kept() | dict.fromkeys([*names, "photo_sha256"], False)

    def _check(self, name, position):
        self.check_access("write")
        self._check_is_open()
        self.lock_for_update()  # two taps come one after the other
        if self[f"{name}_at"]:
            return
        if self.status != rules.PLANNED and name == "check_in":
            raise UserError(
                self.env._(
                    "What came of %s is said already. Plan it again to check in.",
                    self.display_name,
                )
            )
        now = fields.Datetime.now()
        values = {"at": now} | self._read_position(position)
        values = {f"{name}_{part}": value for part, value in values.items()}
        if name == "check_out":
            values |= {"start": self.check_in_at, "stop": now}
        # Superuser mode: nobody writes by hand where and when somebody was.
        self.sudo().write(values)

    def _read_position(self, position):
        """What is kept of what a device says.

        :param position: ``{"latitude", "longitude", "accuracy" (metres), "age"
            (seconds)}``, or ``{"state": "refused"}`` or ``"unavailable"``
        :raises ValidationError: for what no device can have found
        """
        if not self.company_id.sudo().crm_visit_positions:
            return {"state": "off"}
        if not isinstance(position, dict) or position.get("state"):
            refused = isinstance(position, dict) and position["state"] == "refused"
            return {"state": "refused" if refused else "unavailable"}
        try:
            found = evidence.Position(
                *(float(position[name]) for name in evidence.Position._fields)
            )
        except (KeyError, TypeError, ValueError):
            found = None
        if not found or not evidence.is_measured(found):
            raise ValidationError(
                self.env._(
                    "The device says that it is at no place on earth. Switch its"
                    " position off and on, or check in without it."
                )
            )
        address = self._get_address()
        away = evidence.distance(found[:2], address) if address else -1
        return {"state": "taken", "distance": away} | found._asdict()

    def _get_address(self):
        """Where the customer is, or ``None`` when that is not known."""
        # Superuser mode: only to compare with.
        partner = self.partner_id.sudo()
        for place in (partner, partner.commercial_partner_id):
            if place.partner_latitude or place.partner_longitude:
                return place.partner_latitude, place.partner_longitude
        return None

    def _get_minutes(self):
        if not (self.check_in_at and self.check_out_at):
            return None
        return (self.check_out_at - self.check_in_at).total_seconds() / 60

    def _has_evidence(self):
        return bool(self.check_in_at or self.photo_sha256)

    def _prove(self):
        """How well visits are proved: ``{id: Proof}``."""
        again = self._find_photos_again()
        return {
            visit.id: evidence.proof(
                visit._to_check("check_in"),
                visit._to_check("check_out"),
                visit._get_address(),
                visit._get_minutes(),
                ("again" if visit.photo_sha256 in again else "taken")
                if visit.photo_sha256
                else "",
            )
            # Superuser mode: not everybody who sees a score sees where it was.
            for visit in self.sudo()
        }

    def _to_check(self, name):
        state = self[f"{name}_state"] or ""
        if state != "taken":
            return evidence.Check(state)
        parts = (self[f"{name}_{part}"] for part in evidence.Position._fields)
        return evidence.Check(state, evidence.Position(*parts))

    def _find_photos_again(self):
        """Fingerprints of photos that are in more than one visit."""
        prints = set(filter(None, self.mapped("photo_sha256")))
        if not prints:
            return prints
        # Superuser mode: of whomever they are.
        groups = (
            self.env["crm.visit"]
            .sudo()
            ._read_group(
                [("photo_sha256", "in", list(prints)), ("active", "in", (True, False))],
                ["photo_sha256"],
                having=[("__count", ">", 1)],
            )
        )
        return {found for (found,) in groups}

    def _note_photos(self):
        """Keep the fingerprints of what was uploaded."""
        # Superuser mode: nobody writes a fingerprint by hand.
        for visit in self.sudo().with_context(bin_size=False):
            content = b64decode(visit.photo) if visit.photo else b""
            found = sha256(content).hexdigest() if content else False
            if visit.photo_sha256 != found:
                visit.photo_sha256 = found

    def _tell_check(self, name):
        state = self[f"{name}_state"]
        at = fields.Datetime.context_timestamp(self, self[f"{name}_at"])
        told = {"time": at.strftime("%H:%M"), "accuracy": self[f"{name}_accuracy"]}
        if state != "taken":
            labels = dict(
                self._fields[f"{name}_state"]._description_selection(self.env)
            )
            return f"{told['time']}, {labels.get(state, '')}"
        away = self[f"{name}_distance"]
        if away < 0:
            return self.env._(
                "%(time)s, accuracy %(accuracy).0f m; where the customer is, is not"
                " known",
                **told,
            )
        return self.env._(
            "%(time)s, %(away).0f m from the address, accuracy %(accuracy).0f m",
            away=away,
            **told,
        )

    def _get_finding_words(self):
        return {
            "refused": self.env._("The position was refused."),
            "unavailable": self.env._("The device had no position."),
            "off": self.env._("Positions are not asked for in this company."),
            "stale": self.env._("The position was old when it was sent."),
            "vague": self.env._("The position was too vague to say where it was."),
            "far": self.env._("The position is away from the customer's address."),
            "no_address": self.env._(
                "Where the customer is, is not known: set its position on the map."
            ),
            "short": self.env._("It took less than a quarter of an hour."),
            "open": self.env._("There is no check-out."),
            "photo_none": self.env._("There is no photo."),
            "photo_again": self.env._("The photo is in another visit, too."),
        }
