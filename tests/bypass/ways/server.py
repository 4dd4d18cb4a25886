"""With code that the server runs, where somebody may write such code."""

from functools import partial

from .attempt import WAITING, way
from .engine import grant_values


def public_code(case):
    """Public deeds, in superuser mode where that is all it takes."""
    held, past = case.ids(*WAITING), case.ids("past", "free")
    records = f"env['{case.model}'].sudo().browse({held!r})"
    yield f"{records}.write({case.past_values!r})"
    yield (
        f"{records}.with_context(crm_approval_engine=True, crm_approval_outer=True,"
        " crm_approval_apply=True, skip_validation_check=True)"
        f".write({case.past_values!r})"
    )
    for method in case.pass_methods:
        yield f"[record.{method}() for record in {records}]"
    yield f"env['{case.model}'].sudo().create({case.bad_values() | case.past_values!r})"
    if case.line_model:
        past_lines = case.line_ids("past") + case.line_ids("free")
        lines = f"env['{case.line_model}'].sudo().browse({past_lines!r})"
        for values in case.worse_line_values()[:3]:
            yield f"{lines}.write({values!r})"
        for values in case.new_line_values():
            values = values | {case.parent_field: past[0]}
            yield f"env['{case.line_model}'].sudo().create({values!r})"


def run_action(on, values):
    """A deed: make a server action and run it on what waits."""

    def deed():
        model = on.env["ir.model"]._get_id(on.model)
        row = values | {"name": "Bypass", "model_id": model}
        ids = on.me.call("ir.actions.server", "create", [row])
        for key in on.case.ids(*WAITING) if ids else ():
            context = {"active_model": on.model, "active_id": key, "active_ids": [key]}
            on.me.call("ir.actions.server", "run", ids, context=context)

    return deed


@way("cron")
def cron(on):
    for code in public_code(on.case):
        yield on.at(code, partial(_run_cron, on, code))
    crons = on.env["ir.cron"].search([("model_id.model", "like", "crm.approval.%")])
    for job in crons:
        yield on.at(
            f"the engine's own: {job.name}",
            on.call("ir.cron", "method_direct_trigger", job.ids),
        )


def _run_cron(on, code):
    values = {
        "name": "Bypass",
        "model_id": on.env["ir.model"]._get_id(on.model),
        "state": "code",
        "code": code,
        "user_id": 1,
    }
    ids = on.me.call("ir.cron", "create", [values])
    if ids:
        # The scheduler runs it; a commit in between is the scheduler's own.
        job = on.env["ir.cron"].browse(ids)
        on.me.attempt(job.ir_actions_server_id.with_user(1).sudo().run)


@way("server action")
def server_action(on):
    for code in public_code(on.case):
        yield on.at(code, run_action(on, {"state": "code", "code": code}))
    for name, value in on.case.past_values.items():
        values = {"state": "object_write", "update_path": name}
        field = on.env["ir.model.fields"]._get(on.model, name)
        if field.ttype == "selection":
            choice = field.selection_ids.filtered_domain([("value", "=", value)])
            values["selection_value"] = choice.id
        elif field.ttype == "boolean":
            values["update_boolean_value"] = str(value).lower()
        else:
            values["value"] = str(value)
        yield on.at("an update without code", run_action(on, values))
    yield from _forge_rows(on)
    actions = on.env["ir.actions.server"].search(
        [("model_id.model", "=", on.model), ("usage", "=", "ir_actions_server")]
    )
    for action in actions:
        context = {
            "active_model": on.model,
            "active_ids": on.case.ids("held", "asked"),
            "active_id": on.case.ids("held")[0],
        }
        yield on.at(
            f"one that is there: {action.name}",
            on.call("ir.actions.server", "run", action.ids, context=context),
        )


def _forge_rows(on):
    for model in on.case.engine_rows():
        rows = f"env['{model._name}'].sudo().search([])"
        codes = [f"{rows}.write({values!r})" for values in grant_values(model)]
        codes += [f"{rows}.unlink()", f"{rows}[:1].copy()"]
        for code in codes:
            yield on.at_model(
                model._name, code, run_action(on, {"state": "code", "code": code})
            )


@way("code in the server")
def code_in_the_server(on):
    """Beyond any add-on: said openly, so that nobody believes otherwise."""
    table = on.env[on.model]._table
    for name, value in on.case.sql_values().items():
        code = (
            f"env.cr.execute('UPDATE {table} SET {name} = %s WHERE id = %s',"
            f" ({value!r}, {on.case.ids('held')[0]}))"
        )
        yield on.at("SQL", run_action(on, {"state": "code", "code": code}))
