"""At the document and its lines: every way that Odoo has to change a record."""

from functools import partial
from itertools import product

from .attempt import (
    DECIDED,
    WAITING,
    arguments,
    pass_gate,
    public_methods,
    way,
)
from .engine import forge_by_context, forge_by_default

# Every key that opened something in some Odoo add-on, or might.
FORGED_KEYS = (
    *("crm_approval_engine", "crm_approval_outer", "bypass_approval", "su", "sudo"),
    *("crm_approval_apply", "crm_accepted", "_force_unlink", "force_company"),
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
NO_LINES = "the document has no lines"


def worse_lines(case, kind):
    """Changes to try on a line; those sent along with forged values once only."""
    return case.worse_line_values()[: None if kind == "granted" else 3]


@way("create with the state")
def create_with_the_state(on):
    bad, past = on.case.bad_values(), on.case.past_values
    yield on.at("in the values", on.do("create", [bad | past]))
    yield on.at("in a batch, a good one first", on.do("create", [bad, bad | past]))

    def create_empty_then_write():
        content = {on.case.line_field} & bad.keys()
        empty = {name: value for name, value in bad.items() if name not in content}
        ids = on.me.call(on.model, "create", [empty | past]) or []
        on.me.call(on.model, "write", ids, {name: bad[name] for name in content})

    yield on.at("without its lines, and then they are written", create_empty_then_write)


@way("write")
def write(on):
    for kind in WAITING:
        ids = on.case.ids(kind)
        yield on.at(
            f"the state of a document that is {kind}",
            on.do("write", ids, on.case.past_values),
        )
        yield on.at(f"the button on a document that is {kind}", on.go_past(ids))
    for kind, values in product(DECIDED, on.case.worse_values()):
        ids = on.case.ids(kind)
        yield on.at(
            f"{sorted(values)} of a document that is {kind}",
            on.do("write", ids, values),
            on.go_past(ids),
        )


@way("write through commands of its own")
def write_through_own_commands(on):
    case = on.case
    if not case.line_field:
        yield on.not_there(NO_LINES)
        return
    for kind in (*DECIDED, "free"):
        ids, line = case.ids(kind), case.line_ids(kind)[0]
        commands = [[1, line, values] for values in worse_lines(case, kind)]
        commands += [[0, 0, values] for values in case.new_line_values()]
        if kind == "free":
            commands = [commands[0], commands[-1]]
        for number, command in enumerate(commands):
            # With the state in the same write too; once of each kind is enough.
            twice = kind == "granted" and number in (0, len(commands) - 1)
            for also in ({}, case.past_values)[: 2 if twice else 1]:
                yield on.at(
                    f"{command} with {also} on {kind}",
                    on.do("write", ids, also | {case.line_field: [command]}),
                    on.go_past(ids),
                )
    held = case.line_ids("held")
    for command in ([4, held[0], 0], [6, 0, held]):
        yield on.at(
            f"lines of another by command {command[0]}",
            on.do("write", case.ids("free"), {case.line_field: [command]}),
        )


@way("line create")
def line_create(on):
    case = on.case
    if not on.line:
        yield on.not_there(NO_LINES)
        return
    for kind in (*DECIDED, "free"):
        ids = case.ids(kind)
        for values in case.new_line_values()[: None if kind == "granted" else 2]:
            yield on.at_line(
                f"{values} on {kind}",
                on.do_line("create", [values | {case.parent_field: ids[0]}]),
                on.go_past(ids),
            )


@way("line write")
def line_write(on):
    case = on.case
    if not on.line:
        yield on.not_there(NO_LINES)
        return
    methods = {"write": {}, "web_save": {"specification": {}}}
    for kind in (*DECIDED, "free"):
        for values, method in product(worse_lines(case, kind), methods):
            if method == "web_save" and kind != "granted":
                continue
            yield on.at_line(
                f"{method} {values} on {kind}",
                on.do_line(method, case.line_ids(kind), values, **methods[method]),
                on.go_past(case.ids(kind)),
            )
    yield on.at_line(
        "a line moved from a held document to one past the gate",
        on.do_line(
            "write", case.line_ids("held"), {case.parent_field: case.ids("free")[0]}
        ),
    )


@way("line unlink")
def line_unlink(on):
    case = on.case
    if not on.line:
        yield on.not_there(NO_LINES)
        return
    for kind in DECIDED:
        ids = case.ids(kind)
        worse = case.new_line_values()[0] | {case.parent_field: ids[0]}
        yield on.at_line(
            f"and a worse one instead, on {kind}",
            on.do_line("unlink", case.line_ids(kind)),
            on.do_line("create", [worse]),
            on.go_past(ids),
        )


@way("copy")
def copy(on):
    def copy_and_go_past(ids, default):
        copied = on.me.call(on.model, "copy", ids, default) or []
        pass_gate(on.case, on.me, copied)

    for kind, default in product(("held", *DECIDED), ({}, on.case.past_values)):
        deed = partial(copy_and_go_past, on.case.ids(kind), default)
        yield on.at(f"{kind} with {default}", deed)


@way("import by load")
def import_by_load(on):
    case = on.case
    names, rows = case.import_table()
    if names:
        yield on.at("a new one", on.do("load", names, rows))
    for kind, (name, value) in product(WAITING, case.past_values.items()):
        row = [str(case.ids(kind)[0]), str(value)]
        yield on.at(
            f"the state of one that is {kind}",
            on.do("load", [".id", _column(name)], [row]),
        )
    if not on.line:
        return
    for kind, values in product(DECIDED, case.worse_line_values()[:3]):
        table = {".id": case.line_ids(kind)[0]} | values
        yield on.at_line(
            f"lines {values} of {kind}",
            on.do_line(
                "load",
                [_column(name) for name in table],
                [[str(value) for value in table.values()]],
            ),
            on.go_past(case.ids(kind)),
        )


def _column(name):
    return f"{name}/.id" if name.endswith("_id") else name


def _web(name):
    def web(on):
        case = on.case
        if name not in case.portal_deeds(on.me, case.documents["held"]):
            yield on.not_there("customers cannot do that to this document")
            return
        for kind in WAITING:
            yield on.at(
                f"one that is {kind}",
                lambda kind=kind: on.me.attempt(
                    case.portal_deeds(on.me, case.documents[kind])[name]
                ),
            )

    return web


for _name in ("portal sign", "portal pay", "portal button"):
    way(_name)(_web(_name))


@way("onchange save")
def onchange_save(on):
    case = on.case
    for kind in WAITING:
        yield on.at(
            f"the state of one that is {kind}",
            on.save(on.model, case.ids(kind), case.past_values),
        )
    yield on.at(
        "a new one", on.save(on.model, [], case.bad_values() | case.past_values)
    )


@way("web_save")
def web_save(on):
    case, no_more = on.case, {"specification": {}}
    for kind in WAITING:
        yield on.at(
            f"one that is {kind}",
            on.do("web_save", case.ids(kind), case.past_values, **no_more),
        )
    lines = case.worse_line_values()[:2] if case.line_field else ()
    for kind, values in product(DECIDED, lines):
        command = [1, case.line_ids(kind)[0], values]
        yield on.at(
            f"lines {values} of {kind}",
            on.do("web_save", case.ids(kind), {case.line_field: [command]}, **no_more),
            on.go_past(case.ids(kind)),
        )


@way("mass edit")
def mass_edit(on):
    case = on.case
    ids, past = case.ids("granted", *WAITING), case.past_values
    yield on.at("the state of many, a granted one first", on.do("write", ids, past))
    yield on.at("the button on many", on.go_past(ids))
    yield on.at(
        "web_save_multi",
        on.do("web_save_multi", ids, [past for _id in ids], specification={}),
    )
    if not on.line:
        return
    lines = case.line_ids("free") + case.line_ids("past")
    for values in case.worse_line_values():
        yield on.at_line(
            f"{values} on lines of many", on.do_line("write", lines, values)
        )


@way("cancel and reset")
def cancel_and_reset(on):
    case = on.case
    if not case.back_methods and not case.back_values:
        yield on.not_there("nothing leads back from where this document goes")
        return
    for kind in ("asked", "rejected", *DECIDED):
        ids = case.ids(kind)
        back = [on.do(method, ids) for method in case.back_methods]
        if case.back_values:
            back.append(on.do("write", ids, case.back_values))
        if kind not in DECIDED:
            yield on.at(f"one that is {kind}", *back, on.go_past(ids))
            continue
        changes = worse_lines(case, kind)[: None if kind == "granted" else 1]
        for values in changes if on.line else ():
            yield on.at(
                f"{kind}, then {values}",
                *back,
                on.do_line("write", case.line_ids(kind), values),
                on.go_past(ids),
            )
        for values in case.worse_values():
            yield on.at(
                f"{kind}, then {values}",
                *back,
                on.do("write", ids, values),
                on.go_past(ids),
            )


@way("further buttons")
def further_buttons(on):
    """Its other public methods, then the gate."""
    documents = on.env[on.model]
    own = [name for name in public_methods(documents) if "approval" in name]
    methods = [
        name for name in (*on.case.more_methods, *own) if hasattr(documents, name)
    ]
    for kind, method in product(WAITING, methods):
        ids = on.case.ids(kind)
        words = arguments(on.me, getattr(type(documents), method))
        yield on.at(f"{method} on {kind}", on.do(method, ids, *words), on.go_past(ids))


@way("unlink")
def unlink(on):
    for kind in ("asked", "rejected", "granted"):
        yield on.at(f"one that is {kind}", on.do("unlink", on.case.ids(kind)))


@way("merge")
def merge(on):
    """Partners are the one thing that stock Odoo merges: the document itself, or the
    customer below it."""
    case = on.case
    pairs = case.merge_pairs()
    if not pairs:
        yield on.not_there("nothing of the document can be merged")
    for one, other in pairs:
        yield on.at(
            f"{one.name} ({one.id}) into {other.name} ({other.id})",
            lambda one=one, other=other: _merge_partners(on.me, one, other),
            on.go_past(case.ids(*WAITING)),
            on.go_past(case.ids("granted")),
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
def forged_context(on):
    case, past = on.case, on.case.past_values
    for number, context in enumerate(FORGED_CONTEXTS):
        for kind in WAITING:
            ids = case.ids(kind)
            yield on.at(
                f"{number}: the state of {kind}",
                on.do("write", ids, past, context=context),
                on.go_past(ids, context),
            )
        yield on.at(
            f"{number}: a new one",
            on.do("create", [case.bad_values() | past], context=context),
        )
        if on.line:
            worse = case.worse_line_values()[0]
            yield on.at_line(
                f"{number}: lines past the gate",
                on.do_line("write", case.line_ids("past"), worse, context=context),
            )
        yield from forge_by_context(on, f"{number}: ", context)


@way("forged default_ keys")
def forged_default_keys(on):
    case = on.case
    context = {f"default_{name}": value for name, value in case.past_values.items()}
    yield on.at("the state", on.do("create", [case.bad_values()], context=context))
    yield on.at(
        "the state, by copy", on.do("copy", case.ids("granted"), context=context)
    )
    if on.line:
        key = f"default_{case.parent_field}"
        for values, kind in product(case.new_line_values(), ("past", "free")):
            yield on.at_line(
                f"{key} of {kind}",
                on.do_line("create", [values], context={key: case.ids(kind)[0]}),
            )
    yield from forge_by_default(on)
