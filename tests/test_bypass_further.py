"""The ways of the matrix on the other documents: invoices, tickets, customers, and a
document of nobody's.

What aims at the engine's own rows is the same for every document: it is tried beside
the orders, and beside a change that waits with the values it will write."""

from unittest.mock import patch

from odoo.tests import tagged

from .bypass import further
from .bypass.further import Everywhere
from .bypass.matrix import try_way
from .common import TAGS
from .test_bypass_matrix import BypassCase as _BypassCase
from .test_bypass_matrix import add_tests
from .throw_away import WithTestDocument


class FurtherCase(_BypassCase):
    """All ways as all roles, by people who may write all of the documents."""

    engine = Everywhere


@add_tests
@tagged(*TAGS)
class TestBypassCreditNote(FurtherCase):
    document = further.CreditNote


@add_tests
@tagged(*TAGS)
class TestBypassInvoice(FurtherCase):
    document = further.Invoice


@add_tests
@tagged(*TAGS)
class TestBypassTicket(FurtherCase):
    document = further.Ticket


@add_tests
@tagged(*TAGS)
class TestBypassCustomer(FurtherCase):
    document = further.Customer


@add_tests
@tagged(*TAGS)
class TestBypassTerms(FurtherCase):
    document = further.Terms


@add_tests
@tagged(*TAGS)
class TestBypassCustomerClass(FurtherCase):
    document = further.CustomerClass

    def test_the_matrix_sees_own_defaults_that_count_as_usual(self):
        partner = self.env.registry["res.partner"]
        nothing = patch.object(partner, "_approval_get_own_defaults", lambda *_gate: {})
        with nothing:
            (cell,) = try_way(self.case, "own defaults", "salesperson")
        self.assertEqual(cell.outcome, "open")


@add_tests
@tagged(*TAGS)
class TestBypassThrowAway(WithTestDocument, FurtherCase):
    document = further.ThrowAway


@add_tests
@tagged(*TAGS)
class TestBypassRate(WithTestDocument, FurtherCase):
    document = further.Rate
