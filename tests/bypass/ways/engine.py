"""At the approval system's own rows: directly, and through other records.

Rows are chosen by their standing (:meth:`..engines.Engine.get_standing`), so that a
draft, a version in force and one's own proposal are attacked each.
"""

from itertools import product

from odoo.models import MAGIC_COLUMNS

from .attempt import arguments, public_methods, way

GRANTS = ("granted", "approved", "passed", "published", "active")


def grant_values(model):
    """The values that would grant something."""
    for name in ("state", "status"):
        if name in model._fields and model._fields[name].store:
            for value in GRANTS:
                if value in model._fields[name].get_values(model.env):
                    yield {name: value}


def forge_by_context(on, label, context):
    """Grants written with a forged context."""
    for model, rows in on.case.get_rows(on.me):
        for values in grant_values(model):
            yield on.at_model(
                model._name,
                f"{label}{values}",
                on.call(model._name, "write", rows, values, context=context),
            )


def forge_by_default(on):
    """Rows all of whose values are defaults."""
    for model, rows in on.case.get_rows(on.me):
        for values in _forged_rows(on, model, rows):
            context = {f"default_{name}": value for name, value in values.items()}
            yield on.at_model(
                model._name,
                "a row all of whose values are defaults",
                on.call(model._name, "create", [{}], context=context),
            )


def _forged_rows(on, model, rows):
    """Plausible values of forged rows; by default taken from one that is there."""
    if forged := on.case.engine.forged_rows(model, on.case.people, on.me):
        return forged
    row = model.sudo().browse(rows[0])
    values = {}
    for name, field in model._fields.items():
        if not field.store or name in MAGIC_COLUMNS:
            continue
        if field.type in ("one2many", "many2many", "date", "datetime"):
            continue
        value = row[name]
        values[name] = field.convert_to_write(value, row) if value else False
        if field.type == "many2one" and field.comodel_name == "res.users":
            values[name] = on.me.user.id
    for grant in grant_values(model):
        values |= grant
    if "verb" in values:
        values["verb"] = "approve"
    return [values]


def _hostile_values(on, model):
    """One value after the other, for every stored field."""
    for name, field in model._fields.items():
        if not field.store or name in ("id", "create_date", "write_date", "write_uid"):
            continue
        if field.type == "selection":
            yield from ({name: value} for value in field.get_values(model.env))
        elif field.type == "many2one":
            mine = on.me.user.id if field.comodel_name == "res.users" else False
            if mine or not field.required:
                yield {name: mine}
        elif field.type in _HOSTILE:
            yield from ({name: value} for value in _HOSTILE[field.type])
        else:
            yield {name: "[]" if "domain" in name else "forged"}


_HOSTILE = {
    "one2many": [[[5, 0, 0]]],
    "many2many": [[[5, 0, 0]]],
    "boolean": [True, False],
    "json": [{}],
    "datetime": ["2020-01-01 00:00:00"],
    "date": ["2020-01-01"],
} | dict.fromkeys(("integer", "float", "monetary", "many2one_reference"), [0])


def engine_way(name):
    """A way that makes attempts per model of the engine: ``function(on, model, rows)``
    yields ``(label, deed, ...)``, or a reason alone."""

    def register(function):
        @way(name)
        def each_model(on):
            for model, rows in on.case.get_rows(on.me):
                for found in function(on, model, rows):
                    if isinstance(found, str):
                        yield on.not_there(found, model._name)
                    else:
                        yield on.at_model(model._name, *found)

        return each_model

    return register


@engine_way("engine create")
def engine_create(on, model, rows):
    for values in _forged_rows(on, model, rows):
        yield "a forged row", on.call(model._name, "create", [values])


@engine_way("engine write")
def engine_write(on, model, rows):
    for values, row in product(_hostile_values(on, model), rows):
        yield f"{values} on {row}", on.call(model._name, "write", [row], values)


@engine_way("engine unlink")
def engine_unlink(on, model, rows):
    for row in rows:
        yield f"row {row}", on.call(model._name, "unlink", [row])


@engine_way("engine copy")
def engine_copy(on, model, rows):
    defaults = ({}, *grant_values(model))
    for default, row in product(defaults, rows):
        yield f"{row} with {default}", on.call(model._name, "copy", [row], default)


@engine_way("engine import by load")
def engine_import(on, model, rows):
    for values in grant_values(model):
        for name, value in values.items():
            table = [[str(row), value] for row in rows]
            yield f"{values}", on.call(model._name, "load", [".id", name], table)
    if "name" in model._fields:
        yield "a new row", on.call(model._name, "load", ["name"], [["Forged"]])
        table = [[str(row), "Forged"] for row in rows]
        yield "a name", on.call(model._name, "load", [".id", "name"], table)


@engine_way("engine web_save")
def engine_web_save(on, model, rows):
    for values, row in product([*grant_values(model), {"active": False}], rows):
        if values.keys() <= model._fields.keys():
            yield (
                f"{values} on {row}",
                on.call(model._name, "web_save", [row], values, specification={}),
            )


@engine_way("engine onchange save")
def engine_onchange_save(on, model, rows):
    for values, row in product(grant_values(model), rows):
        yield f"{values} on {row}", on.save(model._name, [row], values)


@engine_way("engine archive")
def engine_archive(on, model, rows):
    if "active" not in model._fields:
        yield "the model cannot be archived"
        return
    yield "all rows", on.call(model._name, "action_archive", rows)
    for row in rows:
        yield f"row {row}", on.call(model._name, "action_archive", [row])


@engine_way("engine methods")
def engine_methods(on, model, rows):
    """Every public method of every engine model, on rows that are not one's own."""
    for name in public_methods(model):
        method = getattr(type(model), name)
        words = arguments(on.me, method)
        if getattr(method, "_api_model", False):
            yield name, on.call(model._name, name, *words)
            continue
        for row in rows:
            yield f"{name} on {row}", on.call(model._name, name, [row], *words)


@way("engine dialogs")
def engine_dialogs(on):
    """Every dialog of the engine, opened on rows that are not one's own."""
    rows = {model._name: ids for model, ids in on.case.get_rows(on.me)}
    dialogs = [model for model in on.case.engine.models() if model._transient]
    if not dialogs:
        yield on.not_there("the engine has no dialogs")
    for dialog in dialogs:
        for name in public_methods(dialog):
            yield on.at_model(
                dialog._name,
                name,
                lambda dialog=dialog, name=name: _use_dialog(on, dialog, name, rows),
            )


def _use_dialog(on, dialog, name, rows):
    """Fill in a dialog as one pleases, in every kind that it has, and press on."""
    values = {"res_model": on.model, "res_id": on.case.ids("asked")[0]}
    choices = [{}]
    for field in dialog._fields.values():
        if field.name in MAGIC_COLUMNS or (field.compute and field.readonly):
            continue
        ids = rows.get(getattr(field, "comodel_name", None))
        if field.type == "selection" and field.required:
            options = dict(field._description_selection(on.env))
            choices = [one | {field.name: key} for one in choices for key in options]
        elif field.type == "many2one" and field.comodel_name == "res.users":
            values[field.name] = on.me.user.id
        elif field.type == "many2one" and ids:
            values[field.name] = ids[0]
        elif field.type == "many2many" and ids:
            values[field.name] = [[6, 0, ids]]
        elif field.type in ("char", "text"):
            values.setdefault(field.name, "forged")
    values = {key: value for key, value in values.items() if key in dialog._fields}
    words = arguments(on.me, getattr(type(dialog), name))
    for choice in choices:
        if ids := on.me.call(dialog._name, "create", [values | choice]):
            on.me.call(dialog._name, name, ids, *words)


@way("commands of another document")
def commands_of_another_document(on):
    """Every relation of every model that leads to the document, its lines or the
    engine's rows: found in the registry, so new ones are tried too."""
    case = on.case
    hostile = {on.model: case.past_values}
    targets = {on.model: case.ids("held", "asked")}
    if on.line:
        hostile[on.line] = case.worse_line_values()[0]
        targets[on.line] = case.line_ids("past")
    new = {on.model: [case.bad_values() | case.past_values]}
    if on.line:
        key = {case.parent_field: case.ids("past")[0]}
        new[on.line] = [case.new_line_values()[0] | key]
    for model, rows in case.get_rows(on.me):
        name = model._name
        targets[name] = rows
        new[name] = _forged_rows(on, model, rows)
    relations = list(_relations_to(on.env, targets))
    if not relations:
        yield on.not_there("no other record leads to the document")
    for parent, field in relations:
        target = field.comodel_name
        values = hostile.get(target) or next(
            grant_values(on.env[target]), {"name": "forged"}
        )
        commands = [[1, row, values] for row in targets[target]]
        if target not in hostile:  # deleting a document past nothing gains nothing
            commands += [[2, row, 0] for row in targets[target]]
        commands += [[0, 0, values] for values in new[target]]
        for command in commands:
            yield on.at_model(
                target,
                f"{parent._name}.{field.name} {command}",
                on.call(parent._name, "write", parent.ids, {field.name: [command]}),
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


@way("answering what one is asked")
def answering(on):
    """One yes at the own point is allowed; that alone opens no gate."""
    for model, ids in on.case.engine.own_items(on.me.user).items():
        if not ids:
            yield on.not_there("nothing is asked of this role", model)
        elif hasattr(on.env[model], "action_approve"):
            yield on.at_model(
                model,
                "action_approve",
                on.call(model, "action_approve", ids),
                on.go_past(on.case.ids("asked")),
            )
        else:
            yield on.at(
                "validate_tier",
                on.do("validate_tier", on.case.ids("asked")),
                on.go_past(on.case.ids("asked")),
            )
