"""A field's value as people read it."""

from odoo.tools import format_amount, format_date, format_datetime
from odoo.tools.misc import formatLang


def in_words(record, name):
    """The value of one field of one record, formatted and translated."""
    if tell := getattr(record, "_approval_tell_value", None):
        # A document may say it in words of its own.
        words = tell(name)
        if words is not None:
            return words
    env, field, value = record.env, record._fields[name], record[name]
    if field.type == "boolean":
        return env._("Yes") if value else env._("No")
    if field.type == "monetary" and (
        currency := record[field.get_currency_field(record)]
    ):
        return format_amount(env, value, currency)
    if field.type in ("float", "monetary"):
        digits = field.get_digits(env) if field.type == "float" else None
        return formatLang(env, value, digits=digits[1] if digits else 2)
    if field.type == "integer":
        return formatLang(env, value, digits=0)
    if not value:
        return "–"
    if field.type == "many2one":
        return value.display_name
    if field.type == "selection":
        return dict(field._description_selection(env)).get(value, "–")
    if field.type == "date":
        return format_date(env, value)
    if field.type == "datetime":
        return format_datetime(env, value, dt_format="short")
    return str(value)


def tell_details(env, verb, details):
    """What else was decided, as people read it.

    :param verb: the decision's verb
    :param details: what the decision keeps beside the comment, see
        ``crm.approval.decision``
    :return: text, a line for each value; empty when there is nothing to tell
    """
    details = details or {}
    lines = [_tell_deed(env, verb, details)]
    lines += [
        env._("by delegation no. %(id)s, from %(from)s to %(to)s", **hop)
        for hop in details.get("hops", ())
    ]
    return "\n".join(filter(None, lines))


def _tell_deed(env, verb, details):
    to = details.get("to")
    if rows := details.get("values"):
        return "\n".join(f"{row['label']}: {row['from']} → {row['to']}" for row in rows)
    if verb == "return":
        return env._("back to “%s”", to) if to else env._("back to whoever asked")
    if to and verb == "ask":
        if details.get("when") == "before":
            return env._("%s is asked before the answer", to)
        return env._("%s is asked after the answer", to)
    if to:
        return env._("to %s", to)
    return ""
