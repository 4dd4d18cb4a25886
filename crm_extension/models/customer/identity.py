"""When two names of customers mean the same: values in, keys out."""

import re
import unicodedata

_LEGAL_FORMS = frozenset(
    "ab ag as bv co company corp corporation gmbh inc incorporated kg limited llc llp"
    " ltd nv oy plc pte pty sa sarl sas spa srl".split()
)
# The longest first, for they contain each other.
_CHINESE_FORMS = ("股份有限公司", "有限责任公司", "有限公司", "公司", "集团")
_SHORTEST = 2  # letters that a name keeps, whatever it ends with


def name_key(name: str) -> str:
    """What two spellings of a customer's name have in common.

    Case, width of letters, spaces and signs do not count, nor does the legal form at
    the end: ``"ACME, Inc."`` and ``"Acme"`` are the same, ``"深圳市华强有限公司"`` and
    ``"深圳市华强集团"`` are, ``"Acme Nord"`` and ``"Acme Süd"`` are not
    (FEATURES C03.5, TM-07).

    :return: empty for a name without letters or digits
    """
    text = unicodedata.normalize("NFKC", name or "").casefold().replace(".", "")
    words = re.findall(r"[^\W_]+", text)
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    return _without_chinese_forms("".join(words))


def _without_chinese_forms(key: str) -> str:
    for form in _CHINESE_FORMS:
        if key.endswith(form) and len(key) - len(form) >= _SHORTEST:
            return _without_chinese_forms(key.removesuffix(form))
    return key
