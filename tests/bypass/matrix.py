"""Tries every way on every model as every role, and looks at what came of it."""

import json
from collections import Counter
from typing import NamedTuple

import psycopg2
import psycopg2.errors

from odoo import api
from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.service.model import call_kw

from .ways import WAYS
from .ways.attempt import Then

ROLES = ("salesperson", "approver", "manager", "accountant", "portal", "admin")

# How a server says no. Anything else is an attack that misfired and proves nothing.
REFUSALS = (UserError, RedirectWarning, psycopg2.IntegrityError)
MISFIRES = psycopg2.errors.NotNullViolation


class Cell(NamedTuple):
    """What came of one way, on one model, by one role.

    :param outcome: ``held``, ``not available`` (Odoo itself refuses this role),
        ``not there`` (see ``because``), ``allowed`` or ``open``
    :param because: why it is allowed, from the stated table, or why (some of) it is
        not there
    :param holes: what was open: texts ``attempt: effect``
    :param tries: how many attempts
    :param misfires: attempts that failed by their own fault
    """

    way: str
    model: str
    role: str
    outcome: str
    because: str
    holes: tuple
    tries: int
    misfires: tuple


class Attacker:
    """Somebody with an account and a program that speaks JSON-RPC.

    :param env: any environment on the cursor
    """

    def __init__(self, env, role, user):
        self.env, self.role, self.user = env, role, user
        self.forget()

    def forget(self):
        """A new attempt begins."""
        self.passed, self.refusals, self.misfires = 0, [], []

    def call(self, model, method, *args, context=None, **kwargs):
        """One remote call, a transaction of its own as on the web server.

        Only public methods, and only what JSON can carry.

        :return: what the server answers, or ``None`` when it refuses
        """
        args, kwargs = json.loads(json.dumps([args, kwargs]))
        kwargs["context"] = json.loads(json.dumps(context or {}))
        env = api.Environment(self.env.cr, self.user.id, {})
        return self.attempt(lambda: call_kw(env[model], method, args, kwargs))

    def attempt(self, deed):
        """Do something in a transaction of its own; see :meth:`call`."""
        savepoint = self.env.cr.savepoint()
        try:
            result = deed()
            savepoint.close(rollback=False)
        except REFUSALS as error:
            savepoint.close(rollback=True)
            if isinstance(error, MISFIRES):
                self.misfires.append(str(error).splitlines()[0])
            else:
                self.refusals.append(error)
            return None
        except Exception as error:  # judged by whoever reads the matrix
            savepoint.close(rollback=True)
            # Code that the server runs says what the database says in its own words.
            if isinstance(error.__context__, psycopg2.IntegrityError):
                self.refusals.append(error)
            else:
                self.misfires.append(f"{type(error).__name__}: {error}")
            return None
        self.passed += 1
        return result


def run(case, ways=None, roles=ROLES, allowed=None):
    """Try the ways one after the other; everything is taken back.

    :param case: a :class:`.documents.Document`
    :param ways: names of ways, or ``None`` for all
    :param allowed: a table as in :mod:`.allowed`; by default the engine's own
    :return: list of :class:`Cell`
    """
    return [
        cell
        for name in ways or WAYS
        for role in roles
        for cell in try_way(case, name, role, allowed)
    ]


def try_way(case, name, role, allowed=None, enough=None):
    """All cells of one way and one role.

    :param enough: stop after so many holes
    """
    if allowed is None:
        allowed = case.engine.allowed
    attacker = Attacker(case.env, role, case.people[role])
    found = {}
    with case.engine.without_drawing():
        for attempt in WAYS[name](case, attacker):
            target = attempt.target
            reasons = allowed.get((name, target, role), {})
            tally = found.setdefault(target, _Tally(reasons))
            tally.add(case, attacker, attempt)
            if enough and len(tally.get_wrong()) >= enough:
                break
    return [tally.to_cell(name, target, role) for target, tally in found.items()]


class _Tally:
    """What the attempts of one cell have come to so far.

    :param reasons: ``{what was done: because}``, what is allowed in this cell
    """

    def __init__(self, reasons):
        self.reasons = reasons
        self.tries, self.missing = 0, []
        #: ``(label of the attempt, Hole)``
        self.holes, self.misfires, self.answers = [], [], set()

    def add(self, case, attacker, attempt):
        if not attempt.deeds:
            self.missing.append(attempt.label)
            return
        self.tries += 1
        attacker.forget()
        savepoint = case.env.cr.savepoint()
        try:
            for number, deed in enumerate(attempt.deeds):
                if not number or attacker.passed or not isinstance(deed, Then):
                    deed()
            # What was refused has been rolled back; only what passed has an effect.
            holes = case.find_holes(attacker) if attacker.passed else []
        finally:
            savepoint.close(rollback=True)
            case.forget_caches()
        self.holes += [(attempt.label, hole) for hole in holes]
        self.misfires += [f"{attempt.label}: {text}" for text in attacker.misfires]
        self.answers.update(map(type, attacker.refusals))
        if attacker.passed:
            self.answers.add("passed")

    def get_wrong(self):
        """What nobody allowed."""
        return [
            f"{label}: {hole.text}"
            for label, hole in self.holes
            if hole.about not in self.reasons
        ]

    def to_cell(self, way, model, role):
        wrong = self.get_wrong()
        because = "; ".join(self.missing)
        if wrong:
            outcome = "open"
        elif self.holes:
            outcome = "allowed"
            because = "; ".join(
                sorted({self.reasons[one.about] for _, one in self.holes})
            )
        elif not self.tries:
            outcome = "not there"
        elif self.answers <= {AccessError} and not model.startswith("crm.approval."):
            outcome = "not available"
        else:
            outcome = "held"
        return Cell(
            way,
            model,
            role,
            outcome,
            because,
            tuple(wrong),
            self.tries,
            tuple(self.misfires),
        )


def count(cells):
    """How many cells of each outcome, per way: ``{way: Counter}``."""
    counts = {}
    for cell in cells:
        counts.setdefault(cell.way, Counter())[cell.outcome] += 1
    return counts
