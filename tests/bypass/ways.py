"""What a hostile employee tries. Each way yields attempts; `matrix.py` makes them.

A way is a generator of :class:`Attempt` for a document case and an attacker. Each
attempt is taken back before the next one. Nothing here raises: what the server refuses
is remembered by the attacker, who goes on as a real one would.
"""

import inspect
from typing import NamedTuple

from odoo.models import MAGIC_COLUMNS

WAYS = {}

# Every key that opened something in some Odoo add-on, or might.
FORGED_KEYS = (
    *("crm_approval_engine", "crm_approval_outer", "bypass_approval", "su", "sudo"),
    *("skip_validation_check", "skip_check_state_condition", "identity_checked"),
    *("tracking_disable", "install_mode", "module", "import_file", "no_validate"),
    *("mail_notrack", "mail_create_nosubscribe", "force_write", "bypass_risk"),
    *("validate_analytic", "no_check", "check_move_validity", "force_delete"),
)
FORGED_CONTEXTS = (
    {key: True for key in FORGED_KEYS},
    {key: "<object object>" for key in FORGED_KEYS},
    {key: {} for key in FORGED_KEYS} | {"active_test": False},
    {"uid": 1, "user_id": 1, "su": True, "allowed_company_ids": [1, 2, 3]},
    {"active_test": False, "prefetch_fields": False, "bin_size": True, "lang": "xx"},
)


class Attempt(NamedTuple):
    """One thing to try.

    :param label: said when it succeeds; the reason when there is nothing to try
    :param target: the model it is aimed at
    :param deed: a function without parameters, or ``None``
    """

    label: str
    target: str
    deed: object = None


def way(name):
    """Make a generator function a way of the matrix."""

    def register(function):
        WAYS[name] = function
        return function

    return register


def pass_gate(case, me, ids, context=None):
    """Press the buttons that lead past the gate, or write past it."""
    for method in case.pass_methods:
        me.call(case.model, method, ids, context=context)
    if not case.pass_methods:
        me.call(case.model, "write", ids, case.past_values, context=context)


def worse_lines(case, kind):
    """Changes to try on a line; those sent along with forged values once only."""
    return case.worse_line_values()[: None if kind == "granted" else 3]


def in_turn(*deeds):
    """All of them, whatever the server says to each."""

    def do():
        for deed in deeds:
            deed()

    return do


# === the document itself === #


@way("create with the state")
def create_with_the_state(case, me):
    bad = case.bad_values()
    yield Attempt(
        "in the values",
        case.model,
        lambda: me.call(case.model, "create", [bad | case.past_values]),
    )
    yield Attempt(
        "in a batch, a good one first",
        case.model,
        lambda: me.call(case.model, "create", [bad, bad | case.past_values]),
    )
    yield Attempt(
        "by name_create and write",
        case.model,
        lambda: _create_empty_then(case, me, bad),
    )


def _create_empty_then(case, me, bad):
    lines = {case.line_field}
    empty = {name: value for name, value in bad.items() if name not in lines}
    ids = me.call(case.model, "create", [empty | case.past_values]) or []
    me.call(case.model, "write", ids, {name: bad[name] for name in lines if name})


@way("write")
def write(case, me):
    for kind in ("held", "asked", "rejected"):
        ids = case.ids(kind)
        yield Attempt(
            f"the state of a document that is {kind}",
            case.model,
            lambda ids=ids: me.call(case.model, "write", ids, case.past_values),
        )
        yield Attempt(
            f"the button on a document that is {kind}",
            case.model,
            lambda ids=ids: pass_gate(case, me, ids),
        )
    for kind in ("granted", "past"):
        ids = case.ids(kind)
        for values in case.worse_values():
            yield Attempt(
                f"{sorted(values)} of a document that is {kind}",
                case.model,
                in_turn(
                    lambda ids=ids, values=values: me.call(
                        case.model, "write", ids, values
                    ),
                    lambda ids=ids: pass_gate(case, me, ids),
                ),
            )


@way("write through commands of its own")
def write_through_own_commands(case, me):
    if not case.line_field:
        yield Attempt("the document has no lines", case.model)
        return
    for kind in ("granted", "past", "free"):
        ids = case.ids(kind)
        line = case.line_ids(kind)[0]
        commands = [[1, line, values] for values in worse_lines(case, kind)]
        commands += [[0, 0, values] for values in case.new_line_values()]
        if kind == "free":
            commands = [commands[0], commands[-1]]
        for number, command in enumerate(commands):
            # With the state in the same write too; once of each kind is enough.
            twice = kind == "granted" and number in (0, len(commands) - 1)
            for also in ({}, case.past_values)[: 2 if twice else 1]:
                values = also | {case.line_field: [command]}
                yield Attempt(
                    f"{command} with {also} on {kind}",
                    case.model,
                    in_turn(
                        lambda ids=ids, values=values: me.call(
                            case.model, "write", ids, values
                        ),
                        lambda ids=ids: pass_gate(case, me, ids),
                    ),
                )
    held = case.line_ids("held")
    for code in (4, 6):
        command = [6, 0, held] if code == 6 else [4, held[0], 0]
        yield Attempt(
            f"lines of another by command {code}",
            case.model,
            in_turn(
                lambda command=command: me.call(
                    case.model, "write", case.ids("free"), {case.line_field: [command]}
                ),
            ),
        )


@way("line create")
def line_create(case, me):
    if not case.line_model:
        yield Attempt("the document has no lines", case.model)
        return
    for kind in ("granted", "past", "free"):
        ids = case.ids(kind)
        for values in case.new_line_values()[: None if kind == "granted" else 2]:
            yield Attempt(
                f"{values} on {kind}",
                case.line_model,
                in_turn(
                    lambda ids=ids, values=values: me.call(
                        case.line_model,
                        "create",
                        [values | {case.parent_field: ids[0]}],
                    ),
                    lambda ids=ids: pass_gate(case, me, ids),
                ),
            )


@way("line write")
def line_write(case, me):
    if not case.line_model:
        yield Attempt("the document has no lines", case.model)
        return
    for kind in ("granted", "past", "free"):
        ids, lines = case.ids(kind), case.line_ids(kind)
        for values in worse_lines(case, kind):
            for method, more in (("write", {}), ("web_save", {"specification": {}})):
                if method == "web_save" and kind != "granted":
                    continue
                yield Attempt(
                    f"{method} {values} on {kind}",
                    case.line_model,
                    in_turn(
                        lambda lines=lines, values=values, method=method, more=more: (
                            me.call(case.line_model, method, lines, values, **more)
                        ),
                        lambda ids=ids: pass_gate(case, me, ids),
                    ),
                )
    yield Attempt(
        "a line moved from a held document to one past the gate",
        case.line_model,
        lambda: me.call(
            case.line_model,
            "write",
            case.line_ids("held"),
            {case.parent_field: case.ids("free")[0]},
        ),
    )


@way("line unlink")
def line_unlink(case, me):
    if not case.line_model:
        yield Attempt("the document has no lines", case.model)
        return
    for kind in ("granted", "past"):
        ids, lines = case.ids(kind), case.line_ids(kind)
        yield Attempt(
            f"and a worse one instead, on {kind}",
            case.line_model,
            in_turn(
                lambda lines=lines: me.call(case.line_model, "unlink", lines),
                lambda ids=ids: me.call(
                    case.line_model,
                    "create",
                    [
                        values | {case.parent_field: ids[0]}
                        for values in case.new_line_values()[:1]
                    ],
                ),
                lambda ids=ids: pass_gate(case, me, ids),
            ),
        )


@way("copy")
def copy(case, me):
    for kind in ("held", "granted", "past"):
        ids = case.ids(kind)
        for default in ({}, case.past_values):
            yield Attempt(
                f"{kind} with {default}",
                case.model,
                lambda ids=ids, default=default: pass_gate(
                    case, me, me.call(case.model, "copy", ids, default) or []
                ),
            )


@way("import by load")
def import_by_load(case, me):
    names, rows = case.import_table()
    if names:
        yield Attempt(
            "a new one",
            case.model,
            lambda: me.call(case.model, "load", names, rows),
        )
    for kind in ("held", "asked", "rejected"):
        for name, value in case.past_values.items():
            row = [[str(case.ids(kind)[0]), str(value)]]
            yield Attempt(
                f"the state of one that is {kind}",
                case.model,
                lambda row=row, name=name: me.call(
                    case.model, "load", [".id", _column(name)], row
                ),
            )
    if case.line_model:
        for kind in ("granted", "past"):
            for values in case.worse_line_values()[:3]:
                table = {".id": case.line_ids(kind)[0]} | values
                columns = [_column(name) for name in table]
                row = [[str(value) for value in table.values()]]
                yield Attempt(
                    f"lines {values} of {kind}",
                    case.line_model,
                    in_turn(
                        lambda columns=columns, row=row: me.call(
                            case.line_model, "load", columns, row
                        ),
                        lambda kind=kind: pass_gate(case, me, case.ids(kind)),
                    ),
                )


def _column(name):
    return f"{name}/.id" if name.endswith("_id") else name


def _web(name):
    def web(case, me):
        document = case.documents["held"]
        if name not in case.portal_deeds(me, document):
            yield Attempt("customers cannot do that to this document", case.model)
            return
        for kind in ("held", "asked", "rejected"):
            document = case.documents[kind]
            yield Attempt(
                f"one that is {kind}",
                case.model,
                lambda document=document: me.attempt(
                    case.portal_deeds(me, document)[name]
                ),
            )

    return web


WAYS["portal sign"] = _web("portal sign")
WAYS["portal pay"] = _web("portal pay")


def _codes(case):
    """Public deeds, in superuser mode where that is all it takes."""
    held, past = case.ids("held", "asked", "rejected"), case.ids("past", "free")
    records = f"env['{case.model}'].sudo().browse({held!r})"
    yield f"{records}.write({case.past_values!r})"
    yield (
        f"{records}.with_context(crm_approval_engine=True, crm_approval_outer=True,"
        f" skip_validation_check=True).write({case.past_values!r})"
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


@way("cron")
def cron(case, me):
    for code in _codes(case):
        yield Attempt(code, case.model, lambda code=code: _run_cron(case, me, code))
    crons = case.env["ir.cron"].search([("model_id.model", "like", "crm.approval.%")])
    for job in crons:
        yield Attempt(
            f"the engine's own: {job.name}",
            case.model,
            lambda job=job: me.call("ir.cron", "method_direct_trigger", job.ids),
        )


def _run_cron(case, me, code):
    values = {
        "name": "Bypass",
        "model_id": case.env["ir.model"]._get_id(case.model),
        "state": "code",
        "code": code,
        "user_id": 1,
    }
    ids = me.call("ir.cron", "create", [values])
    if ids:
        # The scheduler runs it; a commit in between is the scheduler's own.
        job = case.env["ir.cron"].browse(ids)
        me.attempt(job.ir_actions_server_id.with_user(1).sudo().run)


@way("server action")
def server_action(case, me):
    for code in _codes(case):
        values = {"state": "code", "code": code}
        yield Attempt(
            code, case.model, lambda values=values: _run_action(case, me, values)
        )
    for name, value in case.past_values.items():
        values = {"state": "object_write", "update_path": name}
        field = case.env["ir.model.fields"]._get(case.model, name)
        if field.ttype == "selection":
            choice = field.selection_ids.filtered_domain([("value", "=", value)])
            values["selection_value"] = choice.id
        else:
            values["value"] = str(value)
        yield Attempt(
            "an update without code",
            case.model,
            lambda values=values: _run_action(case, me, values),
        )
    for model in case.engine.stored_models():
        if "state" not in model._fields:
            continue
        for value in ("granted", "approved"):
            code = (
                f"env['{model._name}'].sudo().search([]).write({{'state': {value!r}}})"
            )
            yield Attempt(
                code,
                model._name,
                lambda code=code: _run_action(
                    case, me, {"state": "code", "code": code}
                ),
            )
    actions = case.env["ir.actions.server"].search(
        [("model_id.model", "=", case.model), ("usage", "=", "ir_actions_server")]
    )
    for action in actions:
        yield Attempt(
            f"one that is there: {action.name}",
            case.model,
            lambda action=action: me.call(
                "ir.actions.server",
                "run",
                action.ids,
                context={
                    "active_model": case.model,
                    "active_ids": case.ids("held", "asked"),
                    "active_id": case.ids("held")[0],
                },
            ),
        )


def _run_action(case, me, values):
    ids = me.call(
        "ir.actions.server",
        "create",
        [
            values
            | {"name": "Bypass", "model_id": case.env["ir.model"]._get_id(case.model)}
        ],
    )
    if ids:
        for key in case.ids("held", "asked", "rejected"):
            context = {"active_model": case.model, "active_id": key}
            context["active_ids"] = [key]
            me.call("ir.actions.server", "run", ids, context=context)


@way("code in the server")
def code_in_the_server(case, me):
    """Beyond any add-on: said openly, so that nobody believes otherwise."""
    table = case.env[case.model]._table
    for name, value in case.past_values.items():
        code = (
            f"env.cr.execute('UPDATE {table} SET {name} = %s WHERE id = %s',"
            f" ({value!r}, {case.ids('held')[0]}))"
        )
        yield Attempt(
            "SQL",
            case.model,
            lambda code=code: _run_action(case, me, {"state": "code", "code": code}),
        )


@way("onchange save")
def onchange_save(case, me):
    """What a form does: ask for the onchange, then save whatever came back."""
    for kind in ("held", "asked", "rejected"):
        yield Attempt(
            f"the state of one that is {kind}",
            case.model,
            lambda kind=kind: _form_save(
                case.model, me, case.ids(kind), case.past_values
            ),
        )
    yield Attempt(
        "a new one",
        case.model,
        lambda: _form_save(case.model, me, [], case.bad_values() | case.past_values),
    )


def _form_save(model, me, ids, values):
    specification = {name: {} for name in values}
    answer = me.call(model, "onchange", ids, values, list(values), specification) or {}
    changed = {
        name: value
        for name, value in answer.get("value", {}).items()
        if name in values and not isinstance(value, (list, dict))
    }
    me.call(model, "web_save", ids, values | changed, specification={})


@way("web_save")
def web_save(case, me):
    for kind in ("held", "asked", "rejected"):
        yield Attempt(
            f"one that is {kind}",
            case.model,
            lambda kind=kind: me.call(
                case.model,
                "web_save",
                case.ids(kind),
                case.past_values,
                specification={},
            ),
        )
    if case.line_field:
        for kind in ("granted", "past"):
            for values in case.worse_line_values()[:2]:
                command = [1, case.line_ids(kind)[0], values]
                yield Attempt(
                    f"lines {values} of {kind}",
                    case.model,
                    in_turn(
                        lambda kind=kind, command=command: me.call(
                            case.model,
                            "web_save",
                            case.ids(kind),
                            {case.line_field: [command]},
                            specification={},
                        ),
                        lambda kind=kind: pass_gate(case, me, case.ids(kind)),
                    ),
                )


@way("mass edit")
def mass_edit(case, me):
    ids = case.ids("granted", "held", "asked", "rejected")
    yield Attempt(
        "the state of many, a granted one first",
        case.model,
        lambda: me.call(case.model, "write", ids, case.past_values),
    )
    yield Attempt(
        "the button on many",
        case.model,
        lambda: pass_gate(case, me, ids),
    )
    yield Attempt(
        "web_save_multi",
        case.model,
        lambda: me.call(
            case.model,
            "web_save_multi",
            ids,
            [case.past_values for _id in ids],
            specification={},
        ),
    )
    if case.line_model:
        lines = case.line_ids("free") + case.line_ids("past")
        for values in case.worse_line_values():
            yield Attempt(
                f"{values} on lines of many",
                case.line_model,
                lambda values=values: me.call(case.line_model, "write", lines, values),
            )


@way("cancel and reset")
def cancel_and_reset(case, me):
    for kind in ("asked", "rejected", "granted", "past"):
        ids = case.ids(kind)
        back = [
            lambda ids=ids, method=method: me.call(case.model, method, ids)
            for method in case.back_methods
        ]
        again = lambda ids=ids: pass_gate(case, me, ids)  # noqa: E731
        if kind in ("asked", "rejected"):
            yield Attempt(f"one that is {kind}", case.model, in_turn(*back, again))
            continue
        changes = (
            worse_lines(case, kind)
            if kind == "granted"
            else case.worse_line_values()[:1]
        )
        for values in changes if case.line_model else ():
            yield Attempt(
                f"{kind}, then {values}",
                case.model,
                in_turn(
                    *back,
                    lambda kind=kind, values=values: me.call(
                        case.line_model, "write", case.line_ids(kind), values
                    ),
                    again,
                ),
            )


@way("further buttons")
def further_buttons(case, me):
    """Its other public methods, then the gate."""
    documents = case.env[case.model]
    own = [name for name in _public_methods(documents) if "approval" in name]
    for kind in ("held", "asked", "rejected"):
        ids = case.ids(kind)
        for method in (*case.more_methods, *own):
            if not hasattr(type(documents), method):
                continue
            words = _arguments(me, getattr(type(documents), method))
            yield Attempt(
                f"{method} on {kind}",
                case.model,
                in_turn(
                    lambda ids=ids, method=method, words=words: me.call(
                        case.model, method, ids, *words
                    ),
                    lambda ids=ids: pass_gate(case, me, ids),
                ),
            )


@way("unlink")
def unlink(case, me):
    for kind in ("asked", "rejected", "granted"):
        yield Attempt(
            f"one that is {kind}",
            case.model,
            lambda kind=kind: me.call(case.model, "unlink", case.ids(kind)),
        )


@way("archive")
def archive(case, me):
    if "active" not in case.env[case.model]._fields:
        yield Attempt("the document cannot be archived", case.model)
        return
    for kind in ("held", "asked"):
        ids = case.ids(kind)
        yield Attempt(
            f"and back, one that is {kind}",
            case.model,
            in_turn(
                lambda ids=ids: me.call(case.model, "action_archive", ids),
                lambda ids=ids: pass_gate(case, me, ids),
                lambda ids=ids: me.call(case.model, "action_unarchive", ids),
                lambda ids=ids: pass_gate(case, me, ids),
            ),
        )


@way("merge")
def merge(case, me):
    """Partners are the one thing that stock Odoo merges below a document."""
    partners = case.env["res.partner"]
    field = next(
        (name for name in ("partner_id",) if name in case.env[case.model]._fields),
        None,
    )
    if not field:
        yield Attempt("nothing of the document can be merged", case.model)
        return
    mine = case.documents["granted"][field]
    spare = partners.search(
        [("id", "!=", mine.id), ("user_ids", "=", False), ("is_company", "=", True)],
        limit=1,
    )
    for one, other in ((spare, mine), (mine, spare)):
        yield Attempt(
            f"{one.name} into {other.name}",
            case.model,
            in_turn(
                lambda one=one, other=other: _merge_partners(me, one, other),
                lambda: pass_gate(case, me, case.ids("held", "asked", "rejected")),
                lambda: pass_gate(case, me, case.ids("granted")),
            ),
        )


def _merge_partners(me, one, other):
    wizard = "base.partner.merge.automatic.wizard"
    values = {
        "partner_ids": [[6, 0, [one.id, other.id]]],
        "dst_partner_id": other.id,
        "state": "selection",
    }
    ids = me.call(wizard, "create", [values])
    if ids:
        me.call(wizard, "action_merge", ids)


@way("forged context")
def forged_context(case, me):
    for number, context in enumerate(FORGED_CONTEXTS):
        for kind in ("held", "asked", "rejected"):
            ids = case.ids(kind)
            yield Attempt(
                f"{number}: the state of {kind}",
                case.model,
                in_turn(
                    lambda ids=ids, context=context: me.call(
                        case.model, "write", ids, case.past_values, context=context
                    ),
                    lambda ids=ids, context=context: pass_gate(case, me, ids, context),
                ),
            )
        yield Attempt(
            f"{number}: a new one",
            case.model,
            lambda context=context: me.call(
                case.model,
                "create",
                [case.bad_values() | case.past_values],
                context=context,
            ),
        )
        if case.line_model:
            yield Attempt(
                f"{number}: lines past the gate",
                case.line_model,
                lambda context=context: me.call(
                    case.line_model,
                    "write",
                    case.line_ids("past"),
                    case.worse_line_values()[0],
                    context=context,
                ),
            )
        for model, rows in representative_rows(case, me):
            for values in _grant_values(model):
                yield Attempt(
                    f"{number}: {values}",
                    model._name,
                    lambda model=model, rows=rows, values=values, context=context: (
                        me.call(model._name, "write", rows, values, context=context)
                    ),
                )


def _grant_values(model):
    """The values that would grant something."""
    for name in ("state", "status"):
        if name in model._fields:
            for value in ("granted", "approved"):
                if value in model._fields[name].get_values(model.env):
                    yield {name: value}


@way("forged default_ keys")
def forged_default_keys(case, me):
    context = {f"default_{name}": value for name, value in case.past_values.items()}
    yield Attempt(
        "the state",
        case.model,
        lambda: me.call(case.model, "create", [case.bad_values()], context=context),
    )
    yield Attempt(
        "the state, by copy",
        case.model,
        lambda: me.call(case.model, "copy", case.ids("granted"), context=context),
    )
    if case.line_model:
        for values in case.new_line_values():
            for kind in ("past", "free"):
                key = f"default_{case.parent_field}"
                yield Attempt(
                    f"{key} of {kind}",
                    case.line_model,
                    lambda values=values, kind=kind, key=key: me.call(
                        case.line_model,
                        "create",
                        [values],
                        context={key: case.ids(kind)[0]},
                    ),
                )
    for model, rows in representative_rows(case, me):
        values = _row_values(case, me, model, rows)
        yield Attempt(
            "a row all of whose values are defaults",
            model._name,
            lambda model=model, values=values: me.call(
                model._name,
                "create",
                [{}],
                context={f"default_{name}": value for name, value in values.items()},
            ),
        )


@way("property fields")
def property_fields(case, me):
    models = [case.env[case.model], *case.engine.stored_models()]
    if case.line_model:
        models.append(case.env[case.line_model])
    for model in models:
        names = [
            field.name
            for field in model._fields.values()
            if field.type in ("properties", "properties_definition")
        ]
        if not names:
            yield Attempt("the model has no property fields", model._name)
        for name in names:
            forged = [
                {
                    "name": "state",
                    "type": "char",
                    "string": "State",
                    "value": "sale",
                    "definition_changed": True,
                }
            ]
            rows = model.search([], limit=3).ids
            yield Attempt(
                name,
                model._name,
                lambda model=model, name=name, rows=rows, forged=forged: me.call(
                    model._name, "write", rows, {name: forged}
                ),
            )


# === rows of the engine, and commands of other documents === #


def representative_rows(case, me):
    """``(model, ids)``: rows of each kept model, one per standing, not one's own."""
    own = case.engine.own_items(me.user)
    for model in case.engine.stored_models():
        rows = model.sudo().with_context(active_test=False).search([])
        rows = rows.filtered(
            lambda row, model=model: row.id not in own.get(model._name, ())
        )
        chosen = {}
        for row in rows:
            standing = next(
                (row[name] for name in ("state", "status", "verb") if name in row), ""
            )
            chosen.setdefault(standing, row.id)
        if chosen:
            yield model, list(chosen.values())


def _row_values(case, me, model, rows):
    """Plausible values of a forged row, taken from one that is there."""
    row = model.sudo().browse(rows[0])
    values = {}
    for name, field in model._fields.items():
        if not field.store or name in MAGIC_COLUMNS:
            continue
        if field.type in ("one2many", "many2many"):
            continue
        value = row[name]
        values[name] = field.convert_to_write(value, row) if value else False
        if field.type == "many2one" and field.comodel_name == "res.users":
            values[name] = me.user.id
        if field.type in ("date", "datetime"):
            values.pop(name)
    for grant in _grant_values(model):
        values |= grant
    if "verb" in values:
        values["verb"] = "approve"
    return values


def _hostile_values(me, model):
    """One value after the other, for every stored field."""
    for name, field in model._fields.items():
        if not field.store or name in ("id", "create_date", "write_date", "write_uid"):
            continue
        if field.type == "selection":
            for value in field.get_values(model.env):
                yield {name: value}
        elif field.type == "many2one":
            mine = me.user.id if field.comodel_name == "res.users" else False
            if mine or not field.required:
                yield {name: mine}
        elif field.type in ("one2many", "many2many"):
            yield {name: [[5, 0, 0]]}
        elif field.type == "boolean":
            yield from ({name: True}, {name: False})
        elif field.type in ("integer", "float", "monetary", "many2one_reference"):
            yield {name: 0}
        elif field.type == "json":
            yield {name: {}}
        elif field.type == "datetime":
            yield {name: "2020-01-01 00:00:00"}
        elif field.type == "date":
            yield {name: "2020-01-01"}
        else:
            yield {name: "[]" if "domain" in name else "forged"}


@way("engine create")
def engine_create(case, me):
    for model, rows in representative_rows(case, me):
        values = _row_values(case, me, model, rows)
        yield Attempt(
            "a forged row",
            model._name,
            lambda model=model, values=values: me.call(model._name, "create", [values]),
        )


@way("engine write")
def engine_write(case, me):
    for model, rows in representative_rows(case, me):
        for values in _hostile_values(me, model):
            for row in rows:
                yield Attempt(
                    f"{values} on {row}",
                    model._name,
                    lambda model=model, row=row, values=values: me.call(
                        model._name, "write", [row], values
                    ),
                )


@way("engine unlink")
def engine_unlink(case, me):
    for model, rows in representative_rows(case, me):
        for row in rows:
            yield Attempt(
                f"row {row}",
                model._name,
                lambda model=model, row=row: me.call(model._name, "unlink", [row]),
            )


@way("engine copy")
def engine_copy(case, me):
    for model, rows in representative_rows(case, me):
        for default in ({}, *_grant_values(model)):
            yield Attempt(
                f"with {default}",
                model._name,
                lambda model=model, rows=rows, default=default: me.call(
                    model._name, "copy", rows[:1], default
                ),
            )


@way("engine import by load")
def engine_import(case, me):
    for model, rows in representative_rows(case, me):
        for values in _grant_values(model):
            for name, value in values.items():
                yield Attempt(
                    f"{values}",
                    model._name,
                    lambda model=model, rows=rows, name=name, value=value: me.call(
                        model._name,
                        "load",
                        [".id", name],
                        [[str(row), value] for row in rows],
                    ),
                )
        if "name" in model._fields:
            yield Attempt(
                "a new row",
                model._name,
                lambda model=model: me.call(
                    model._name, "load", ["name"], [["Forged"]]
                ),
            )


@way("engine web_save")
def engine_web_save(case, me):
    for model, rows in representative_rows(case, me):
        for values in [*_grant_values(model), {"active": False}]:
            if not values.keys() <= model._fields.keys():
                continue
            yield Attempt(
                f"{values}",
                model._name,
                lambda model=model, rows=rows, values=values: me.call(
                    model._name, "web_save", rows[:1], values, specification={}
                ),
            )


@way("engine onchange save")
def engine_onchange_save(case, me):
    for model, rows in representative_rows(case, me):
        for values in _grant_values(model):
            yield Attempt(
                f"{values}",
                model._name,
                lambda model=model, rows=rows, values=values: _form_save(
                    model._name, me, rows[:1], values
                ),
            )


@way("engine archive")
def engine_archive(case, me):
    for model, rows in representative_rows(case, me):
        if "active" not in model._fields:
            yield Attempt("the model cannot be archived", model._name)
            continue
        yield Attempt(
            "all rows",
            model._name,
            lambda model=model, rows=rows: me.call(model._name, "action_archive", rows),
        )


@way("commands of another document")
def commands_of_another_document(case, me):
    """Every relation of every model that leads to the document, its lines or the
    engine's rows: found in the registry, so new ones are tried too."""
    engine = {model._name: rows for model, rows in representative_rows(case, me)}
    targets = {case.model: case.ids("held", "asked")} | engine
    hostile = {case.model: case.past_values}
    if case.line_model:
        targets[case.line_model] = case.line_ids("past")
        hostile[case.line_model] = case.worse_line_values()[0]
    for parent, field in _relations_to(case.env, targets):
        target = field.comodel_name
        values = hostile.get(target) or next(
            iter(_grant_values(case.env[target])), {"name": "forged"}
        )
        for row in targets[target][:3]:
            for command in ([1, row, values], [2, row, 0]):
                if command[0] == 2 and target in hostile:
                    continue  # deleting a document past nothing gains nothing
                yield Attempt(
                    f"{parent._name}.{field.name} {command}",
                    target,
                    lambda parent=parent, field=field, command=command: me.call(
                        parent._name, "write", parent.ids, {field.name: [command]}
                    ),
                )
        if target in hostile:
            new = (
                case.bad_values() | case.past_values
                if target == case.model
                else case.new_line_values()[0]
                | {case.parent_field: case.ids("past")[0]}
            )
        else:
            new = _row_values(case, me, case.env[target], targets[target])
        yield Attempt(
            f"{parent._name}.{field.name} create",
            target,
            lambda parent=parent, field=field, new=new: me.call(
                parent._name, "write", parent.ids, {field.name: [[0, 0, new]]}
            ),
        )


def _relations_to(env, targets):
    """``(one record, field)`` of each One2many and Many2many to the models.

    The record is one that a client can name: any there is.
    """
    for name in sorted(env.registry):
        parent = env[name].sudo()
        if parent._abstract or parent._transient or not parent._auto:
            continue
        fields = [
            field
            for field in parent._fields.values()
            if field.type in ("one2many", "many2many")
            and field.comodel_name in targets
            and (field.store or field.inverse or field.type == "one2many")
            and not (field.compute and not field.inverse)
        ]
        if not fields:
            continue
        record = parent.with_context(active_test=False).search([], limit=1)
        if record:
            for field in fields:
                yield record, field


def _public_methods(model):
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
_WORDS |= {"index": 0}


def _arguments(me, method):
    """What a client that has read the source would send."""
    words = []
    for parameter in list(inspect.signature(method).parameters.values())[1:]:
        if parameter.kind not in (
            parameter.POSITIONAL_ONLY,
            parameter.POSITIONAL_OR_KEYWORD,
        ):
            continue
        if parameter.default is not parameter.empty:
            continue
        if "user" in parameter.name:
            words.append(me.user.id)
        else:
            words.append(_WORDS.get(parameter.name))
    return words


@way("engine methods")
def engine_methods(case, me):
    """Every public method of every engine model, on rows that are not one's own."""
    for model, rows in representative_rows(case, me):
        for name in _public_methods(model):
            method = getattr(type(model), name)
            words = _arguments(me, method)
            if getattr(method, "_api_model", False):
                yield Attempt(
                    name,
                    model._name,
                    lambda model=model, name=name, words=words: me.call(
                        model._name, name, *words
                    ),
                )
                continue
            for row in rows:
                yield Attempt(
                    f"{name} on {row}",
                    model._name,
                    lambda model=model, name=name, row=row, words=words: me.call(
                        model._name, name, [row], *words
                    ),
                )


@way("engine dialogs")
def engine_dialogs(case, me):
    """Every dialog of the engine, opened on rows that are not one's own."""
    rows = {model._name: ids for model, ids in representative_rows(case, me)}
    dialogs = [model for model in case.engine.models() if model._transient]
    if not dialogs:
        yield Attempt("the engine has no dialogs", case.model)
    for dialog in dialogs:
        for name in _public_methods(dialog):
            yield Attempt(
                name,
                dialog._name,
                lambda dialog=dialog, name=name: _use_dialog(
                    case, me, dialog, name, rows
                ),
            )


def _use_dialog(case, me, dialog, name, rows):
    """Fill in a dialog as one pleases, in every kind that it has, and press on."""
    values = {"res_model": case.model, "res_id": case.ids("asked")[0]}
    choices = [{}]
    for field in dialog._fields.values():
        if field.name in MAGIC_COLUMNS or (field.compute and field.readonly):
            continue
        ids = rows.get(getattr(field, "comodel_name", None))
        if field.type == "selection" and field.required:
            options = dict(field._description_selection(case.env))
            choices = [one | {field.name: key} for one in choices for key in options]
        elif field.type == "many2one" and field.comodel_name == "res.users":
            values[field.name] = me.user.id
        elif field.type == "many2one" and ids:
            values[field.name] = ids[0]
        elif field.type == "many2many" and ids:
            values[field.name] = [[6, 0, ids]]
        elif field.type in ("char", "text"):
            values.setdefault(field.name, "forged")
    values = {key: value for key, value in values.items() if key in dialog._fields}
    for choice in choices:
        if ids := me.call(dialog._name, "create", [values | choice]):
            words = _arguments(me, getattr(type(dialog), name))
            me.call(dialog._name, name, ids, *words)


@way("answering what one is asked")
def answering(case, me):
    """One yes at the own point is allowed; that alone opens no gate."""
    for model, ids in case.engine.own_items(me.user).items():
        if not ids:
            yield Attempt("nothing is asked of this role", model)
        for name in ("action_approve",):
            if ids and hasattr(type(case.env[model]), name):
                yield Attempt(
                    name,
                    model,
                    in_turn(
                        lambda model=model, ids=ids, name=name: me.call(
                            model, name, ids
                        ),
                        lambda: pass_gate(case, me, case.ids("asked")),
                    ),
                )
