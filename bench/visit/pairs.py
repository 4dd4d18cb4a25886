"""Two ways to the same, in turn."""

from statistics import median

from approval.company import measure

ROUNDS = 11


def compare(deeds, rounds=ROUNDS):
    """What two deeds take, each round one after the other, and the other way round in
    the next, so that a drift of the machine favours none.

    :param deeds: ``{name: (env, deed)}``, ours the last
    :return: ``{name: (seconds, queries), "ratio": of the seconds}``, medians, the ratio
        that of neighbours
    """
    found = {name: [] for name in deeds}
    for number in range(rounds + 2):
        for name, (env, deed) in list(deeds.items())[:: (1, -1)[number % 2]]:
            found[name].append(measure(env, deed))
    return sum_up(found)


def sum_up(found):
    """Of rounds by name, without the first two, which warm."""
    rounds = {name: figures[2:] for name, figures in found.items()}
    beside, ours = rounds.values()
    pairs = zip(beside, ours, strict=True)
    return {
        name: (median(f[0] for f in figures), median(f[1] for f in figures))
        for name, figures in rounds.items()
    } | {"ratio": median(mine[0] / other[0] for other, mine in pairs)}
