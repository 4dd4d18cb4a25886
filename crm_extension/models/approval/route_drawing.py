"""What the screen draws of a request: the route, its people and voices."""

from odoo import fields

from .core.demand import UNDER_WAY
from .value_words import tell_details


def draw(request):
    """The route of a request as plain values.

    :return: dict with ``state``, ``rule``, ``broken`` (why the rule cannot be read and
        therefore asks), ``asked`` (who, when, comment), ``log`` (all that was said)
        and ``ranks``: a list of ranks, each a list of points (see :func:`_draw_point`)
    """
    ranks = {}
    for step in request.step_ids:
        ranks.setdefault(step.sequence, []).append(_draw_point(request, step))
    return {
        "state": request.state,
        "rule": request.policy_id.name,
        "broken": request.policy_id.broken if request.state in UNDER_WAY else "",
        "asked": _voice(request.requester_id, request.date_request, request.reason),
        "ranks": list(ranks.values()),
        "log": [_draw_event(row) for row in request.decision_ids],
    }


def get_waiting(route):
    """The drawn points of a route that wait for an answer now."""
    return [
        point
        for rank in route["ranks"]
        for point in rank
        if point["state"] == "waiting"
    ]


def _draw_point(request, step):
    """One point: ``name``, ``state``, ``people``, ``needed``, ``due``, ``opened``,
    ``rule_point`` (id of the point of the rule, if it is one of a rule),
    ``skip_reason``, ``extra`` (who wanted this opinion), ``kept_from`` (when the
    approval was given that still holds) and ``said``, a list of voices."""
    over = request.state not in UNDER_WAY
    waiting = step.state in ("waiting", "later")
    source = step._get_source()
    items = source.item_ids.filtered(lambda item: item.state != "void")
    answered = items.filtered(
        lambda item: item.state in ("approved", "rejected")
    ).user_id
    opened = [item.date_open for item in items if item.date_open]
    return {
        "id": step.id,
        "rule_point": step.policy_step_id.id,
        "name": step.name,
        "state": "later" if over and waiting else step.state,
        "people": (items or source.item_ids).user_id.mapped("name"),
        "needed": step.yes_needed,
        "due": _moment(step.date_due) if step.state == "waiting" else "",
        "opened": _moment(min(opened, default=False)),
        "skip_reason": step.skip_reason or "",
        "extra": step.asked_by_id.name or "",
        "kept_from": _moment(
            source.request_id.date_close or source.request_id.date_request
        )
        if step.carried_from_id
        else "",
        "said": [
            _voice(row.user_id, row.date, row.comment, row.on_behalf_id)
            | {"verb": row.verb}
            for row in _last_words(source, answered)
        ],
    }


def _last_words(step, people):
    """The last answer of each of those whose answer counts; what was said before the
    content got worse is history. Other values that were accepted are a yes."""
    rows = step.request_id.decision_ids.filtered(
        lambda row: (
            row.step_id == step
            and row.verb in ("approve", "reject", "counter")
            and row.user_id in people
        )
    )
    return {row.user_id: row for row in rows}.values()


def _draw_event(row):
    """One line of the history: who did what, when, with which words."""
    labels = dict(row._fields["verb"]._description_selection(row.env))
    return _voice(row.user_id, row.date, row.comment, row.on_behalf_id) | {
        "what": labels[row.verb],
        "details": tell_details(row.env, row.verb, row.details),
        "point": row.step_id.name or "",
    }


def _voice(user, date, comment, behalf=None):
    return {
        "who": user.name,
        "when": _moment(date),
        "comment": comment or "",
        "for": behalf.name if behalf else "",
    }


def _moment(date):
    return fields.Datetime.to_string(date) if date else ""
