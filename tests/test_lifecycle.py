"""Installing on a company with history, uninstalling, installing again.

Runs Odoo as a program on a database of its own, because a module cannot be removed
from under the tests that run inside it. The dev kit names the database to copy.
"""

import json
import os
import subprocess
import uuid

import pytest

DEPENDENCIES = os.environ.get("CRM_EXTENSION_DEPS_DB")
pytestmark = pytest.mark.skipif(
    not DEPENDENCIES, reason="needs the prepared database of ./dev test"
)

SELL_BEFORE = """
product = env["product.product"].create(
    {"name": "Old chair", "type": "consu", "list_price": 100, "taxes_id": False}
)
order = env["sale.order"].create({
    "partner_id": env["res.partner"].create({"name": "Old customer"}).id,
    "order_line": [
        (0, 0, {"product_id": product.id, "product_uom_qty": 5, "discount": discount})
        for discount in (0, 50)
    ],
})
order.action_confirm()
answer = order.read(["name", "state", "amount_total"])[0]
"""

GOVERN = """
job = env["hr.job"].create({"name": "Salesperson"})
env["crm.discount.policy"].create({
    "name": "Discounts", "floor": 40, "default_limit": 5,
    "line_ids": [(0, 0, {"job_id": job.id, "limit": 10})],
})
policy = env["crm.approval.policy"].create({
    "name": "Discounts", "gate": "sale.order:confirm", "require_reason": False,
    "condition_domain": "[('crm_discount_excess', '>', 0)]",
    "step_ids": [(0, 0, {
        "name": "Administrator", "approver_kind": "users",
        "user_ids": [(6, 0, env.ref("base.user_admin").ids)],
    })],
})
second = env["res.users"].create({
    "name": "Second", "login": "second",
    "group_ids": [(4, env.ref("crm_extension.crm_extension_group_manager").id)],
})
policy.with_user(second).action_propose()
policy.with_user(env.ref("base.user_admin")).action_publish()
"""

JUDGE_OLD = """
from odoo.exceptions import ValidationError
order = env["sale.order"].browse(order_id)
line = order.order_line[1]
line.discount = 50            # as it was
line.discount = 45            # better
refused = 0
for values in ({"discount": 60}, {"price_unit": 10}):
    try:
        with env.cr.savepoint():
            line.write(values)
    except ValidationError:
        refused += 1
answer = {"refused": refused, "discount": line.discount}
"""

ASK = """
order = env["sale.order"].browse(order_id).copy()
order.order_line[1].discount = 20
order.action_approval_request()
answer = env["mail.activity"].search_count([("res_model", "=", "sale.order")])
"""

UNINSTALL = """
env["ir.module.module"].search(
    [("name", "=", "crm_extension")]
).button_immediate_uninstall()
answer = True
"""

# Everything a module can leave behind, asked of the catalogue and Odoo's own tables.
LEFT_BEHIND = """
def rows(sql):
    env.cr.execute(sql)
    return [row[0] for row in env.cr.fetchall()]
answer = {
    "tables": rows("SELECT relname FROM pg_class WHERE relkind IN ('r', 'v')"
        " AND relname ~ '^crm_(approval|discount|visit|customer)'"),
    "columns": rows("SELECT table_name || '.' || column_name"
        " FROM information_schema.columns WHERE table_schema = 'public'"
        " AND column_name ~ '^crm_(approval|discount|reference|given|progress)'"),
    "external ids": rows("SELECT name FROM ir_model_data"
        " WHERE module = 'crm_extension'"),
    "models": rows("SELECT model FROM ir_model WHERE model LIKE 'crm.approval%'"
        " OR model LIKE 'crm.discount%'"),
    "menus": rows("SELECT id FROM ir_ui_menu WHERE name->>'en_US' = 'CRM Extension'"),
    "groups": rows("SELECT id FROM res_groups_privilege"
        " WHERE name->>'en_US' = 'CRM Extension'"),
    "activities": rows("SELECT id FROM mail_activity WHERE activity_type_id IS NULL"
        " OR summary LIKE '%20 % on Old chair%'"),
    "assets": rows("SELECT id FROM ir_attachment"
        " WHERE url LIKE '/crm_extension/%'"),
}
"""

LOOK = """
answer = env["sale.order"].browse(order_id).read(
    ["name", "state", "amount_total"]
)[0]
"""


class Company:
    """A database of its own, reached by Odoo as a program."""

    def __init__(self, name):
        self.name = name
        self.python = os.environ["CRM_EXTENSION_PYTHON"]
        self.config = os.environ["CRM_EXTENSION_ODOO_RC"]

    def odoo(self, command, *options, script=None):
        done = subprocess.run(
            [self.python, "-m", "odoo", command, "-c", self.config, "-d", self.name]
            + ["--no-http", "--log-level=warn", *options],
            input=script,
            capture_output=True,
            text=True,
            timeout=400,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done

    def install(self):
        log = self.odoo("server", "-i", "crm_extension", "--stop-after-init").stderr
        assert "ERROR" not in log and "Traceback" not in log, log[-4000:]

    def run(self, script, **values):
        """Run a script, commit, and return what it put into ``answer``."""
        given = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        tail = "\nenv.cr.commit()\nimport json\nprint('ANSWER', json.dumps(answer))\n"
        done = self.odoo("shell", script=given + script + tail)
        lines = [
            line.partition("ANSWER ")[2]
            for line in done.stdout.splitlines()
            if "ANSWER " in line
        ]
        assert lines, done.stdout[-2000:] + done.stderr[-4000:]
        # Odoo goes on where a statement of its own was wrong, and says so.
        assert " ERROR " not in done.stderr, done.stderr[-4000:]
        return json.loads(lines[-1])


@pytest.fixture
def company():
    # Named below the run's own database, so that what a killed run leaves is found.
    run = os.environ.get("CRM_EXTENSION_TEST_DB", "crm_extension_test")
    name = f"{run}_life_{uuid.uuid4().hex[:8]}"
    subprocess.run(["createdb", "-w", "-T", DEPENDENCIES, name], check=True)
    yield Company(name)
    subprocess.run(["dropdb", "-w", "--force", "--if-exists", name], check=True)


def test_a_company_with_history_installs_uninstalls_and_installs_again(company):
    before = company.run(SELL_BEFORE)
    order = before["id"]

    company.install()
    assert company.run(LOOK, order_id=order) == before
    judged = company.run(GOVERN + JUDGE_OLD, order_id=order)
    assert judged == {"refused": 2, "discount": 45}
    assert company.run(ASK, order_id=order) == 1
    now = company.run(LOOK, order_id=order)
    ours = company.run(LEFT_BEHIND)
    # The question finds what is there, so that finding nothing afterwards counts.
    assert all(names for what, names in ours.items() if what != "assets"), ours

    company.run(UNINSTALL)
    assert company.run(LOOK, order_id=order) == now
    left = company.run(LEFT_BEHIND)
    assert {what: names for what, names in left.items() if names} == {}

    company.install()
    assert company.run(LOOK, order_id=order) == now
