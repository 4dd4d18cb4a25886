"""Conditions in the words of the screen: labels from the models, phrases translated."""

import ast

from .core.words import PHRASES, Label, leaves, parse, tell


def tell_condition(env, model_name, condition):
    """A stored condition as part of a sentence, in the reader's language.

    :param condition: the stored text of a domain
    :return: text; empty when it holds always. What cannot be read is shown as it is
    """
    try:
        domain = ast.literal_eval(condition or "[]")
        if not domain:
            return ""
        tree = parse(domain)
        labels = _get_labels(env, model_name, list(leaves(tree)))
        return tell(tree, labels, _get_phrases(env))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return condition


def tell_problem(env, model_name, condition):
    """What is wrong with a stored condition, for people.

    :return: text without a full stop; empty when nothing is to be seen that people
        have a word for
    """
    try:
        tree = parse(ast.literal_eval(condition or "[]"))
        paths = [leaf.field for leaf in leaves(tree) if isinstance(leaf.field, str)]
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return env._("“%s” is no condition", condition)
    for path in paths:
        model = env.get(model_name)
        for name in path.split("."):
            if model is None:
                break
            field = model._fields.get(name)
            if not field:
                return env._(
                    "the field “%(field)s” of “%(document)s” no longer exists",
                    field=name,
                    document=env["ir.model"]._get(model._name).name,
                )
            model = env.get(field.comodel_name) if field.relational else None
    return ""


def _get_labels(env, model_name, found):
    """``{field path: Label}`` of the comparisons."""
    labels = {}
    for path in {leaf.field for leaf in found}:
        values = [leaf.value for leaf in found if leaf.field == path]
        if label := _get_label(env, model_name, path, values):
            labels[path] = label
    return labels


def _get_label(env, model_name, path, values):
    texts, field = [], None
    for name in path.split("."):
        model = env.get(model_name) if model_name else None
        field = model is not None and model._fields.get(name)
        if not field:
            return None
        texts.append(field._description_string(env) or name)
        model_name = field.comodel_name if field.relational else None
    choices = {}
    if field.type == "selection":
        choices = dict(field._description_selection(env))
    elif field.relational:
        ids = {one for value in values for one in _get_ids(value)}
        # A rule's reader may not be allowed to read all it names.
        records = env[field.comodel_name].sudo().browse(ids).exists()
        choices = {record.id: record.display_name for record in records}
    return Label(" › ".join(texts), choices, field.type == "boolean")


def _get_ids(value):
    values = value if isinstance(value, list | tuple) else [value]
    return [one for one in values if type(one) is int]


def _get_phrases(env):
    """:data:`.core.words.PHRASES` in the language of ``env``."""
    # Literal texts, so that they are found by the translation export.
    translated = {
        "=": env._("%(field)s is %(value)s"),
        "!=": env._("%(field)s is not %(value)s"),
        ">": env._("%(field)s over %(value)s"),
        ">=": env._("%(field)s at least %(value)s"),
        "<": env._("%(field)s under %(value)s"),
        "<=": env._("%(field)s at most %(value)s"),
        "in": env._("%(field)s is one of %(value)s"),
        "not in": env._("%(field)s is none of %(value)s"),
        "ilike": env._("%(field)s contains %(value)s"),
        "not ilike": env._("%(field)s does not contain %(value)s"),
        "=ilike": env._("%(field)s looks like %(value)s"),
        "not =ilike": env._("%(field)s does not look like %(value)s"),
        "child_of": env._("%(field)s is or lies below %(value)s"),
        "parent_of": env._("%(field)s is or lies above %(value)s"),
        "any": env._("%(field)s has %(value)s"),
        "not any": env._("%(field)s has none with %(value)s"),
        "set": env._("%(field)s is set"),
        "not set": env._("%(field)s is not set"),
        "no": env._("not %(field)s"),
        "and": env._("and"),
        "or": env._("or"),
        "not": env._("not (%(part)s)"),
        "true": env._("yes"),
        "false": env._("no"),
        "always": env._("always"),
        "never": env._("never"),
    }
    return {**PHRASES, **translated}
