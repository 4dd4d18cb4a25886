"""Fields of foreign models that the system alone writes."""


def take_out_kept(records, vals, name, refuse):
    """What is written without a kept field.

    A merge of records writes what is there already, and that is let pass.

    :param name: of the field
    :param refuse: raises, where something else would be written
    :return: the values without it
    """
    if name not in vals:
        return vals
    field, value = records._fields[name], vals[name] or False
    # Superuser mode: whoever may read it.
    for record in records.sudo():
        if field.convert_to_write(record[name], record) != value:
            refuse()
    return {key: kept for key, kept in vals.items() if key != name}


def leave_empty(vals_list, name, refuse):
    """What is created with a kept field that is empty: said, so that no default says
    something else.

    :param refuse: raises, where it would be anything
    """
    if any(vals.get(name) for vals in vals_list):
        refuse()
    return [vals | {name: False} for vals in vals_list]
