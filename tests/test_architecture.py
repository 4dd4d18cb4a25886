"""The walls of the house: who may import and name whom."""

import ast
import re
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[1] / "crm_extension" / "models"
ROOMS = {
    *("approval", "churn", "credit", "customer", "discount", "fulfilment", "glue"),
    *("insight", "ownership", "tier", "visit"),
}
PLAIN = [
    *sorted((MODELS / "approval" / "core").glob("*.py")),
    MODELS / "churn" / "rhythm.py",
    MODELS / "credit" / "exposure.py",
    MODELS / "credit" / "grade.py",
    MODELS / "customer" / "birthday.py",
    MODELS / "customer" / "identity.py",
    MODELS / "customer" / "profile.py",
    MODELS / "customer" / "tree.py",
    MODELS / "discount" / "scope.py",
    MODELS / "discount" / "verdict.py",
    MODELS / "discount" / "margin.py",
    MODELS / "discount" / "counter_offer.py",
    MODELS / "discount" / "volume.py",
    MODELS / "discount" / "ledger.py",
    MODELS / "fulfilment" / "allocation.py",
    MODELS / "fulfilment" / "hold.py",
    MODELS / "fulfilment" / "collection.py",
    MODELS / "fulfilment" / "progress.py",
    MODELS / "fulfilment" / "summary.py",
    MODELS / "fulfilment" / "returning.py",
    MODELS / "sampling.py",
    MODELS / "ownership" / "recycling.py",
    MODELS / "ownership" / "rule.py",
    MODELS / "tier" / "score.py",
    MODELS / "visit" / "calls.py",
    MODELS / "visit" / "evidence.py",
    MODELS / "visit" / "period.py",
    MODELS / "visit" / "plan.py",
    MODELS / "visit" / "promise.py",
    MODELS / "visit" / "quota.py",
    MODELS / "visit" / "rules.py",
]
# What a room may not speak of (DESIGN.md 2, the plan of the house).
FOREIGN_WORDS = {
    "approval": ("sale", "account", "stock", "helpdesk", "discount", "tier", "visit"),
    "churn": ("approval", "sale", "account", "stock", "helpdesk", "discount", "tier"),
    "discount": ("approval", "sale.order", "account", "stock", "helpdesk"),
    "credit": ("sale", "account", "stock", "helpdesk", "approval", "discount", "tier"),
    "customer": ("approval", "sale", "account", "stock", "helpdesk", "discount"),
    "fulfilment": ("approval", "discount", "tier"),
    "ownership": ("approval", "sale", "account", "stock", "helpdesk", "discount"),
    "tier": ("sale", "account", "stock", "helpdesk", "approval", "discount"),
    "visit": ("sale", "account", "stock", "helpdesk", "approval"),
}


def imports(path):
    """Modules a file imports; relative ones as dotted path below ``models``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = path.relative_to(MODELS).parts[: -node.level]
            yield ".".join((*base, node.module or ""))
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def python_files(room):
    return sorted((MODELS / room).rglob("*.py"))


def code_strings(path):
    """String constants of a file that are no docstrings."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
        ):
            yield node.value


def assigned(node):
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.stem)
def test_plain_thinking_never_imports_odoo(path):
    assert not [name for name in imports(path) if name.split(".")[0] == "odoo"]


@pytest.mark.parametrize("room", sorted(ROOMS - {"glue"}))
def test_a_room_imports_only_itself(room):
    for path in python_files(room):
        for name in imports(path):
            assert name.split(".")[0] not in ROOMS - {room}, f"{path}: {name}"


@pytest.mark.parametrize("room", sorted(FOREIGN_WORDS))
def test_a_room_names_no_model_it_may_not_know(room):
    for path in python_files(room):
        for text in code_strings(path):
            for word in FOREIGN_WORDS[room]:
                # A model name or a domain on one, such as "sale.order".
                assert not re.fullmatch(rf"{re.escape(word)}(\.[a-z_.]+)?", text), (
                    f"{path} names {text}"
                )


@pytest.mark.parametrize("room", sorted(ROOMS - {"glue"}))
def test_only_glue_inherits_foreign_models(room):
    # Conversation and activities are furniture of every room, no document.
    own = re.compile(
        r"crm\.(approval|cached|collection|concession|credit|discount|customer|hold"
        r"|nightly|return|start|tier|visit)\."
        r"|crm\.board$|mail\.(thread|activity\.mixin)$"
    )
    for path in python_files(room):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign) and "_inherit" in assigned(node):
                for text in ast.walk(node.value):
                    if isinstance(text, ast.Constant):
                        assert own.match(text.value), f"{path} inherits {text.value}"


def test_one_class_per_foreign_model_in_glue():
    inherited = []
    for path in python_files("glue"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any(
                isinstance(base, ast.Attribute) and base.value.id == "models"
                for base in node.bases
            ):
                inherited.append(path.stem)
    assert inherited
    assert len(inherited) == len(set(inherited))


def test_glue_methods_stay_small():
    """No arithmetic and no policy in glue: a method that grows has found a room."""
    for path in python_files("glue"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                lines = node.end_lineno - node.lineno
                assert lines <= 35, f"{path.name}: {node.name} has {lines} lines"
