"""The demo company, read as files: what would otherwise go wrong quietly."""

import ast
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

ADDON = Path(__file__).parents[1] / "crm_extension"
FILES = sorted((ADDON / "data").glob("*_demo.xml"))
SALESPERSON_LIMIT = 10
STORY = "sale_order_sxu_3"


def manifest():
    return ast.literal_eval((ADDON / "__manifest__.py").read_text())


def orders():
    root = ElementTree.parse(ADDON / "data" / "sale_order_demo.xml").getroot()
    for record in root.iter("record"):
        lines = record.find("field[@name='order_line']")
        if lines is not None:
            discounts = re.findall(r"'discount': ([\d.]+)", lines.get("eval"))
            yield record, [float(discount) for discount in discounts]


def test_every_file_is_loaded_once():
    assert sorted(manifest()["demo"]) == [f"data/{path.name}" for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_update_changes_nothing(path):
    # Functions confirm, deliver, invoice and pay: never a second time.
    assert ElementTree.parse(path).getroot().get("noupdate") == "1"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_dates_count_back_from_the_installation(path):
    assert not re.search(r"\b20\d\d-\d\d", path.read_text())


def test_only_the_story_gives_more_than_a_salesperson_may():
    above = [
        record.get("id")
        for record, discounts in orders()
        if max(discounts, default=0) > SALESPERSON_LIMIT
    ]
    assert above == [STORY]


def test_each_order_is_written_by_its_salesperson():
    # Who writes a line answers for its discount; the superuser may give none.
    for record, _discounts in orders():
        assert record.get("uid") == record.find("field[@name='user_id']").get("ref")
