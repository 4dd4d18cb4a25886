from odoo import fields


class SharedValue(fields.Json):
    """A value that is worked out once and read by many: neither copied nor checked.

    Odoo copies a JSON value at every reading, which a long order feels. Whoever reads
    this one leaves it as it is. It is computed and not stored; where it is sent to a
    client it has to be plain JSON, elsewhere it may be any Python value.
    """

    def convert_to_cache(self, value, record, validate=True):
        return value or None

    def convert_to_record(self, value, record):
        return False if value is None else value
