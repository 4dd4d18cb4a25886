"""Whatever way an employee tries, no document passes its gate uncovered and no row of
the engine is forged (DESIGN 3 "No way around")."""

from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from .bypass.allowed import ALLOWED
from .bypass.documents import SaleOrder
from .bypass.engines import Ours
from .bypass.matrix import ROLES, run, try_way
from .bypass.ways import WAYS
from .common import TAGS


class BypassCase(TransactionCase):
    """All ways as all roles on one document."""

    document = SaleOrder

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.case = cls.document(cls.env, Ours(cls.env))

    def check_way(self, name):
        """Every cell of a way ends as the table states."""
        cells = [cell for role in ROLES for cell in try_way(self.case, name, role)]
        self.assertTrue(cells, "the way tries nothing")
        wrong = [
            f"{cell.model} / {cell.role} is open: {hole}"
            for cell in cells
            for hole in cell.holes[:5]
            if cell.outcome == "open"
        ]
        wrong += [
            f"{cell.model} / {cell.role} misfired: {text}"
            for cell in cells
            for text in cell.misfires[:5]
        ]
        self.assertFalse(wrong, "\n".join([name, *wrong]))
        for cell in cells:
            self.assertIn(
                cell.outcome, ("held", "not available", "not there", "allowed")
            )
        return cells


@tagged(*TAGS)
class TestBypassSaleOrder(BypassCase):
    """One test per way, made below."""


def _add_tests(case):
    for name in WAYS:

        def test(self, name=name):
            self.check_way(name)

        test.__name__ = f"test_held_{name.replace(' ', '_')}"
        setattr(case, test.__name__, test)


_add_tests(TestBypassSaleOrder)
