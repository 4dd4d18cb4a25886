"""The ways of the matrix on the other documents: invoices, tickets and customers.

What aims at the engine's own rows is the same for every document and is tried once,
beside the orders."""

from odoo.tests import tagged

from .bypass.further import CreditNote, Customer, Everywhere, Terms, Ticket
from .bypass.matrix import try_way
from .bypass.ways import WAYS
from .common import TAGS
from .test_bypass_matrix import BypassCase as _BypassCase

# Whoever may write these documents has the same ways; one of each power is enough.
ROLES = ("salesperson", "portal", "admin")
NOT_HERE = (
    *("commands of another document", "answering what one is asked"),
    "code in the server",
)


class FurtherCase(_BypassCase):
    """All ways at the document itself."""

    @classmethod
    def setUpClass(cls):
        super(_BypassCase, cls).setUpClass()
        cls.case = cls.document(cls.env, Everywhere(cls.env))

    def try_all(self, name):
        return [cell for role in ROLES for cell in try_way(self.case, name, role)]


def _add_tests(case):
    for name in WAYS:
        if name.startswith("engine") or name in NOT_HERE:
            continue

        def test(self, name=name):
            self.check_way(name)

        test.__name__ = f"test_held_{name.replace(' ', '_')}"
        setattr(case, test.__name__, test)
    return case


@tagged(*TAGS)
class TestBypassCreditNote(FurtherCase):
    document = CreditNote


@tagged(*TAGS)
class TestBypassTicket(FurtherCase):
    document = Ticket


@tagged(*TAGS)
class TestBypassCustomer(FurtherCase):
    document = Customer


@tagged(*TAGS)
class TestBypassTerms(FurtherCase):
    document = Terms


for _case in (
    TestBypassCreditNote,
    TestBypassTicket,
    TestBypassCustomer,
    TestBypassTerms,
):
    _add_tests(_case)
