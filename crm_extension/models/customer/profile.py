"""What must be known of a customer before anybody sells to it: values in, gaps out."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Profile(NamedTuple):
    """What must be filled in (FEATURES C03.1: XL-04, GZ-12).

    :param fields: names of fields of the customer
    :param contact_fields: names of fields that one of its contacts has, all of them
    :param landline: regular expression that the customer's phone number matches as it
        is dialled in its own country, without spaces (C03.2); empty for any number
    """

    name: str
    fields: tuple = ()
    contact_fields: tuple = ()
    landline: str = ""


class Gaps(NamedTuple):
    """What is missing.

    :param fields: names of fields of the customer, in the profile's order
    :param contact_fields: names of fields that the contact nearest to complete lacks
    :param is_dialable: the phone number is given as the profile wants it
    """

    fields: tuple = ()
    contact_fields: tuple = ()
    is_dialable: bool = True

    def __bool__(self):
        return bool(self.fields or self.contact_fields or not self.is_dialable)


def find_gaps(
    profile: Profile, customer: Mapping, contacts: Iterable[Mapping], number: str
) -> Gaps:
    """What a customer lacks of a profile.

    :param customer: value by name of field
    :param contacts: the same of each contact
    :param number: the customer's phone number as dialled in its own country; what
        lacks as a field is not called wrong as a number, too
    """
    lacking = (
        tuple(name for name in profile.contact_fields if _is_blank(contact.get(name)))
        for contact in contacts
    )
    return Gaps(
        tuple(name for name in profile.fields if _is_blank(customer.get(name))),
        min(lacking, key=len, default=profile.contact_fields),
        not (profile.landline and number)
        or bool(re.fullmatch(profile.landline, re.sub(r"\s", "", number))),
    )


def _is_blank(value) -> bool:
    """A number is never blank, not even nought."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return False
    return not (value.strip() if isinstance(value, str) else value)
