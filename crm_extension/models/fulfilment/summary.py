"""What an order, or a receipt, is about: the names of its products. Plain values."""

from collections.abc import Iterable


def summarize(names: Iterable[str], most: int | None = None) -> str:
    """Each name once, in the order of the lines.

    :param names: of the products, line by line; empty ones are left out
    :param most: how many characters there is room for; what does not fit is counted
    """
    told = list(dict.fromkeys(filter(None, map(str.strip, names))))
    text = ", ".join(told)
    if most is None or len(text) <= most:
        return text
    for kept in range(len(told) - 1, 0, -1):
        text = f"{', '.join(told[:kept])} +{len(told) - kept}"
        if len(text) <= most:
            return text
    more = f" +{len(told) - 1}" if len(told) > 1 else ""
    return f"{told[0][: max(most - len(more) - 1, 0)]}…{more}"
