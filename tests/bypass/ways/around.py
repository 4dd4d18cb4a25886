"""At what the document stands on: who is asked, what is sold to whom, property fields.

Everything here is changed first; then somebody tries to pass.
"""

import json

from .attempt import WAITING, Then, way

# A definition that looks like fields of the model, and a value for each.
FORGED = {"state": "sale", "stage_id": "1", "crm_released": "1", "active": "1"}
FORGED_DEFINITION = [
    {"name": name, "type": "char", "string": name.title()} for name in FORGED
]


@way("archive")
def archive(on):
    """The document, and what it stands on: a rule, a person, a customer, a product."""
    case = on.case
    if "active" in on.env[on.model]._fields:
        for kind in ("held", "asked"):
            ids = case.ids(kind)
            yield on.at(
                f"and back, one that is {kind}",
                on.do("action_archive", ids),
                on.go_past(ids),
                on.do("action_unarchive", ids),
                on.go_past(ids),
            )
        yield on.at(
            "by writing it with the state",
            on.do("write", case.ids("held"), {"active": False} | case.past_values),
        )
    else:
        yield on.not_there("the document cannot be archived")
    for label, records in case.foundations():
        yield on.at_model(
            records._name,
            label,
            on.call(records._name, "action_archive", records.ids),
            on.call(records._name, "write", records.ids, {"active": False}),
            *_then_pass(on),
        )


def _then_pass(on):
    """Try all that waits."""
    return [on.go_past(on.case.ids(kind)) for kind in WAITING]


@way("property fields")
def property_fields(on):
    """Fields whose definition another record keeps, and fields with a value per
    company."""
    models = [on.env[on.model]]
    if on.line:
        models.append(on.env[on.line])
    for model in (*models, *on.case.engine_rows()):
        fields = [name for name, f in model._fields.items() if f.type == "properties"]
        if not fields:
            yield on.not_there("the model has no property fields", model._name)
        for name in fields:
            yield from _forge_properties(on, model, name)
    for label, model, ids, values in on.case.company_values():
        yield on.at(
            f"{label}: {values}",
            on.call(model, "write", ids, values),
            *map(Then, on.case.refresh_deeds(on)),
            *_then_pass(on),
        )
        other = {"allowed_company_ids": on.env["res.company"].search([]).ids[::-1]}
        yield on.at(
            f"{label} in all companies: {values}",
            on.call(model, "write", ids, values, context=other),
            on.call(model, "web_save", ids, values, specification={}),
            *map(Then, on.case.refresh_deeds(on)),
            *_then_pass(on),
        )


def _forge_properties(on, model, name):
    """A value, then the definition by way of the document and of its keeper."""
    document = on.case.documents["held"]
    ids = on.case.ids(*WAITING)
    if model._name == on.line:
        ids = on.case.line_ids("past")
    yield on.at_model(
        model._name,
        f"{name}: values named like fields",
        on.call(model._name, "write", ids, {name: FORGED}),
        on.call(model._name, "web_save", ids[:1], {name: FORGED}, specification={}),
        *_then_pass(on),
    )
    changed = [
        each | {"value": FORGED[each["name"]], "definition_changed": True}
        for each in FORGED_DEFINITION
    ]
    yield on.at_model(
        model._name,
        f"{name}: a definition sent along",
        on.call(model._name, "write", ids, {name: changed}),
        *_then_pass(on),
    )
    owner = document._fields[name].definition_record if model._name == on.model else ""
    keeper = document[owner] if owner else document.browse()
    if not keeper:
        return
    yield on.at_model(
        model._name,
        f"{name}: the definition itself, on {keeper._name}",
        on.call(
            keeper._name,
            "write",
            keeper.ids,
            {document._fields[name].definition_record_field: FORGED_DEFINITION},
        ),
        on.call(model._name, "write", ids, {name: FORGED}),
        *_then_pass(on),
    )


@way("the record that is its state")
def state_record(on):
    """Where a state is a record: let the one in which it waits mean the other."""
    found = on.case.state_records()
    for records, values in found:
        model, ids = records._name, records.ids
        names = [".id", *values]
        row = [str(value) for value in (*ids, *values.values())]
        yield on.at_model(model, "by write", on.call(model, "write", ids, values))
        yield on.at_model(
            model,
            "by web_save",
            on.call(model, "web_save", ids, values, specification={}),
        )
        yield on.at_model(model, "by load", on.call(model, "load", names, [row]))
    if not found:
        yield on.not_there("its state is no record")


@way("own defaults")
def own_defaults(on):
    """What new documents start with, for oneself."""
    yield from _set_defaults(on, everybody=False)


@way("defaults for everybody")
def defaults_for_everybody(on):
    yield from _set_defaults(on, everybody=True)


def _set_defaults(on, everybody):
    case = on.case
    bad = case.bad_values() | case.past_values
    for name, value in case.past_values.items():
        field = on.env["ir.model.fields"]._get(on.model, name)
        row = {"field_id": field.id, "json_value": json.dumps(value)}
        row["user_id"] = False if everybody else on.me.user.id
        setting = on.call("ir.default", "set", on.model, name, value, not everybody)
        settings = {"set": setting, "create": on.call("ir.default", "create", [row])}
        for method, deed in settings.items():
            yield on.at(
                f"{name} by {method}, then a new one",
                deed,
                Then(on.do("create", [case.bad_values()])),
            )
        yield on.at(
            f"{name}, then a new one that says it too",
            setting,
            Then(on.do("create", [bad])),
            Then(on.do("web_save", [], bad, specification={})),
        )
