"""What the ways are written with: attempts, deeds, and who is at whose document.

A way is a generator of :class:`Attempt`. Each attempt is taken back before the next
one. Nothing here raises: what the server refuses is remembered by the attacker, who
goes on as a real one would.
"""

import inspect
from functools import partial
from typing import NamedTuple

WAYS = {}

# Documents that may not pass, and those somebody has granted.
WAITING = ("held", "asked", "rejected")
DECIDED = ("granted", "past")


class Attempt(NamedTuple):
    """One thing to try.

    :param label: said when it succeeds; the reason when there is nothing to try
    :param target: the model it is aimed at
    :param deeds: functions without parameters, one after the other whatever the
        server says to each; none when the way is not there
    """

    label: str
    target: str
    deeds: tuple = ()


class Then:
    """A deed that only makes sense after another one: where the server has refused all
    before it, it would be the plain attempt again, which is tried on its own."""

    def __init__(self, deed):
        self.deed = deed

    def __call__(self):
        self.deed()


class Attack:
    """One attacker before one document case: what the ways say, in short.

    Every method that is named after something done returns it as a deed, for
    :class:`Attempt`; nothing happens before the matrix calls it.

    :param case: a :class:`..documents.Document`
    :param me: a :class:`..matrix.Attacker`
    """

    def __init__(self, case, me):
        self.case, self.me = case, me
        self.env, self.model, self.line = case.env, case.model, case.line_model

    # --- attempts ---

    def at(self, label, *deeds):
        """At the document."""
        return Attempt(label, self.model, deeds)

    def at_line(self, label, *deeds):
        """At its lines."""
        return Attempt(label, self.line, deeds)

    def at_model(self, model, label, *deeds):
        """At something else."""
        return Attempt(label, model, deeds)

    def not_there(self, reason, model=None):
        """The way cannot be tried; the cell says why."""
        return Attempt(reason, model or self.model)

    # --- deeds ---

    def call(self, model, method, *args, **kwargs):
        """A remote call."""
        return partial(self.me.call, model, method, *args, **kwargs)

    def do(self, method, *args, **kwargs):
        """A remote call of the document."""
        return self.call(self.model, method, *args, **kwargs)

    def do_line(self, method, *args, **kwargs):
        """A remote call of its lines."""
        return self.call(self.line, method, *args, **kwargs)

    def go_past(self, ids, context=None):
        """Press the buttons that lead past the gate, or write past it."""
        return Then(partial(pass_gate, self.case, self.me, ids, context))

    def save(self, model, ids, values):
        """What a form does: ask for the onchange, then save whatever came back."""
        return partial(form_save, self.me, model, ids, values)


def way(name):
    """Make a generator function of an :class:`Attack` a way of the matrix."""

    def register(function):
        WAYS[name] = lambda case, me: function(Attack(case, me))
        return function

    return register


def pass_gate(case, me, ids, context=None):
    """See :meth:`Attack.go_past`."""
    for method in case.pass_methods:
        me.call(case.model, method, ids, context=context)
    if not case.pass_methods:
        me.call(case.model, "write", ids, case.past_values, context=context)


def form_save(me, model, ids, values):
    """See :meth:`Attack.save`."""
    specification = {name: {} for name in values}
    answer = me.call(model, "onchange", ids, values, list(values), specification) or {}
    changed = {
        name: value
        for name, value in answer.get("value", {}).items()
        if name in values and not isinstance(value, (list, dict))
    }
    me.call(model, "web_save", ids, values | changed, specification={})


def public_methods(model):
    """Names of the public methods that approval add-ons give a model."""
    names = set()
    for each in type(model).mro():
        if "crm_extension" in each.__module__ or "tier_validation" in each.__module__:
            names |= {
                name
                for name, value in vars(each).items()
                if not name.startswith("_")
                and inspect.isfunction(value)
                and name not in ("create", "write", "unlink", "copy", "get_view")
            }
    return sorted(names)


# Plausible words for the parameters of a public method.
_WORDS = {"comment": "forged", "reason": "forged", "body": "forged", "name": "forged"}
_WORDS |= {"index": 0, "specification": {}}


def arguments(me, method):
    """What a client that has read the source would send to a method."""
    positional = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    return [
        me.user.id if "user" in parameter.name else _WORDS.get(parameter.name)
        for parameter in list(inspect.signature(method).parameters.values())[1:]
        if parameter.kind in positional and parameter.default is parameter.empty
    ]
