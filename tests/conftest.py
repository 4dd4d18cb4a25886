"""Settings of the whole suite."""

import os
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings

from odoo.tests import TransactionCase

# Machines differ in speed; a slow draw says nothing about the code.
settings.register_profile(
    "crm_extension", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("crm_extension")


@pytest.fixture(scope="session", autouse=True)
def keep_shared_files():
    """Workers have a database each, but share its files: what Odoo tidies away at the
    end of a class in one of them, a browser in another may still be loading."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        yield
        return
    nothing = classmethod(lambda cls: None)
    with mock.patch.object(TransactionCase, "_gc_filestore", nothing):
        yield
