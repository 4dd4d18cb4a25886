"""Gates: named passages that a document may not take without a grant."""

from typing import NamedTuple


class Gate(NamedTuple):
    """A transition of a document, declared by its glue.

    :param key: ``<model>:<deed>``, stable, stored in policies and requests
    :param label: what passing means, for people (may be a lazy translation)
    :param past: domain that holds for documents which are past the gate. Any
        shape of state does: a selection, a computed field, a stage
        (``[("stage_id.closed", "=", True)]``)
    :param watched: names of the document's fields whose change can bring it past
        the gate, or make it worse once it is past
    """

    key: str
    label: str
    past: list
    watched: frozenset[str]


class ChangeGate(NamedTuple):
    """Fields that nobody writes: a change is proposed, decided, then applied.

    :param key: as for :class:`Gate`
    :param label: what the change is, for people
    :param guarded: names of the fields
    """

    key: str
    label: str
    guarded: frozenset[str]
