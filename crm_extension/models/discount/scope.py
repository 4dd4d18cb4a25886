"""Which rule holds for a line of a sale: values in, rules out.

A *ceiling* says how much somebody may give without asking, an *entitlement* what a
customer may claim without anybody giving anything (FEATURES C10.1, C10.5); what has
to be earned stands in a file of its own. Each has a scope; an empty part of it stands
for everything. Of the ceilings that fit, the one of highest priority decides, of
equals the larger; of the entitlements that hold, the best counts, and they do not add
up.

Ids are those of the caller; percentages are percent of a price (25 means 25 %).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import product
from typing import Literal, NamedTuple

Kind = Literal["volume", "customer", "agent"]
# Sums of binary fractions miss the limit they meet by less than this.
_MONEY_DIGITS, _QUANTITY_DIGITS = 2, 6


class Ceiling(NamedTuple):
    """How much may be given without asking, and where that holds.

    :param key: identifies the rule to the caller; ``None`` for what holds without one
    :param priority: the smallest number decides
    :param job: position of the giver
    :param category: product category, what lies below it included
    :param team: a team of the giver
    :param first: first day on which it holds
    :param last: last day on which it holds
    :param tier: what the customer is worth
    """

    key: object
    name: str
    percent: float
    priority: int = 10
    job: int | None = None
    category: int | None = None
    customer_class: int | None = None
    team: int | None = None
    first: date | None = None
    last: date | None = None
    tier: int | None = None


class Giver(NamedTuple):
    """Who gives."""

    job: int | None = None
    teams: frozenset = frozenset()


class Place(NamedTuple):
    """What something is given on.

    :param day: not looked at where no ceiling is of certain days
    :param categories: the product's category and those above it, leaf first
    """

    day: date | None
    categories: tuple = ()
    customer_class: int | None = None
    tier: int | None = None


class RankedRules:
    """Rules in the order in which they come, found by scope: an answer takes time by
    the number of scopes that are asked for, not by the number of rules. Only rules of
    the same scope are gone through."""

    def __init__(self, ranked: Iterable, get_scope: Callable):
        """
        :param ranked: what comes first decides
        :param get_scope: what has to fit, of a rule: something hashable
        """
        by_scope = defaultdict(list)
        for rank, rule in enumerate(ranked):
            by_scope[get_scope(rule)].append((rank, rule))
        self._by_scope = dict(by_scope)

    def __bool__(self):
        return bool(self._by_scope)

    def find_first(self, scopes: Iterable, holds: Callable[[object], bool]):
        """The first rule of any of these scopes that holds, or ``None``."""
        found = None
        for scope in scopes:
            for rank, rule in self._by_scope.get(scope, ()):
                if found and found[0] < rank:
                    break
                if holds(rule):
                    found = (rank, rule)
                    break
        return found[1] if found else None

    def _get_parts(self, part: int) -> set:
        """What the rules say of one part of their scope."""
        return {scope[part] for scope in self._by_scope} - {None}


class Ceilings(RankedRules):
    """The ceilings of a policy, ordered for the question which one holds.

    Found by scope: some thirty looks into a table, by the depth of the product's
    category and the teams of the giver.
    """

    def __init__(self, rules: Iterable[Ceiling], default: Ceiling):
        """
        :param default: what holds where no rule fits
        """
        self.default = default
        ranked = sorted(rules, key=lambda rule: (rule.priority, -rule.percent))
        super().__init__(
            ranked,
            lambda rule: (
                *(rule.job, rule.team),
                *(rule.category, rule.customer_class, rule.tier),
            ),
        )
        self._jobs, self._categories = self._get_parts(0), self._get_parts(2)
        self.by_job, self.by_team = bool(self._jobs), bool(self._get_parts(1))
        self.by_category = bool(self._categories)
        self.by_class = bool(self._get_parts(3))
        self.by_tier = bool(self._get_parts(4))
        self.by_day = any(rule.first or rule.last for rule in ranked)

    def find(self, giver: Giver, place: Place) -> Ceiling:
        """The ceiling of a giver at a place."""
        scopes = product(
            {giver.job, None} if self.by_job else (None,),
            {*giver.teams, None} if self.by_team else (None,),
            (*(key for key in place.categories if key in self._categories), None),
            {place.customer_class, None} if self.by_class else (None,),
            {place.tier, None} if self.by_tier else (None,),
        )
        found = self.find_first(scopes, lambda rule: is_in_force(rule, place.day))
        return found or self.default

    def find_decider(self, place: Place, percent: float) -> int | None:
        """The position that may give a percentage at a place; of several the one that
        may give least. ``None`` where no position may, or rules know of none."""
        enough = (
            (ceiling.percent, job)
            for job in self._jobs
            if (ceiling := self.find(Giver(job), place)).percent >= percent
        )
        return min(enough, default=(None, None))[1]


class Entitlement(NamedTuple):
    """What a customer may claim, and when.

    :param percent: off the price before any discount
    :param min_quantity: of the line, in the product's own unit
    :param min_amount: of everything in the sale that the rule speaks of, before any
        discount
    :param currency: of that amount
    :param category: product category, what lies below it included
    :param tag: a tag of the customer
    :param tier: what the customer is worth
    """

    key: object
    name: str
    percent: float
    kind: Kind = "volume"
    min_quantity: float = 0
    min_amount: float = 0
    currency: object = None
    product: int | None = None
    category: int | None = None
    customer_class: int | None = None
    partner: int | None = None
    tag: int | None = None
    first: date | None = None
    last: date | None = None
    tier: int | None = None


class Customer(NamedTuple):
    """Who buys, and on which day.

    :param partners: the customer, and the company it belongs to
    """

    day: date
    customer_class: int | None = None
    partners: frozenset = frozenset()
    tags: frozenset = frozenset()
    tier: int | None = None


class Purchase(NamedTuple):
    """What one line buys.

    :param categories: the product's category and those above it, leaf first
    :param quantity: in the product's own unit
    :param amount: before any discount, in the currency of the sale
    """

    product: int
    categories: tuple = ()
    quantity: float = 1
    amount: float = 0


class Basket:
    """What a sale buys in all, summed up by product and by category."""

    def __init__(
        self, purchases: Iterable[Purchase], rates: Mapping[object, float] | None = None
    ):
        """
        :param rates: what one unit of the sale's currency is worth in others; 1 in
            those that are not named
        """
        self._rates = rates or {}
        self._total = 0.0
        self._by_product = defaultdict(float)
        self._by_category = defaultdict(float)
        for purchase in purchases:
            if purchase.amount <= 0:
                continue  # what is taken back makes no claim smaller or larger
            self._total += purchase.amount
            self._by_product[purchase.product] += purchase.amount
            for category in purchase.categories:
                self._by_category[category] += purchase.amount

    def amount(self, rule: Entitlement) -> float:
        """Of what a rule speaks of, in the rule's currency."""
        if rule.product is not None:
            amount = self._by_product.get(rule.product, 0.0)
        elif rule.category is not None:
            amount = self._by_category.get(rule.category, 0.0)
        else:
            amount = self._total
        return round(amount * self._rates.get(rule.currency, 1), _MONEY_DIGITS)


class Entitlements(RankedRules):
    """The entitlements of a policy, ordered for the question which is best.

    Found by product and customer; only those that speak of both are gone through, and
    from the largest down, until one holds.
    """

    def __init__(self, rules: Iterable[Entitlement]):
        ranked = sorted(rules, key=lambda rule: -rule.percent)
        super().__init__(ranked, lambda rule: (_customer_key(rule), _product_key(rule)))
        self._customers = self._get_parts(0) | {None}
        self.currencies = {rule.currency for rule in ranked if rule.min_amount}
        self.by_category = any(rule.category is not None for rule in ranked)
        self.by_tier = any(rule.tier is not None for rule in ranked)

    @property
    def by_amount(self) -> bool:
        """Whether what one line may claim can depend on the others."""
        return bool(self.currencies)

    def best(
        self, customer: Customer, purchase: Purchase, basket: Basket
    ) -> Entitlement | None:
        """The largest entitlement that holds, or ``None``."""
        scopes = product(
            self._get_customer_keys(customer),
            (
                None,
                ("product", purchase.product),
                *(("category", key) for key in purchase.categories),
            ),
        )
        return self.find_first(
            scopes, lambda rule: _holds(rule, customer, purchase, basket)
        )

    def _get_customer_keys(self, customer):
        keys = {
            None,
            ("class", customer.customer_class),
            ("tier", customer.tier),
            *(("partner", key) for key in customer.partners),
            *(("tag", key) for key in customer.tags),
        }
        return keys & self._customers


def to_path(stored: str) -> tuple[int, ...]:
    """A category and those above it, leaf first, from how a tree is stored:
    ``"1/5/7/"`` is ``(7, 5, 1)``."""
    return tuple(int(part) for part in reversed(stored.split("/")) if part)


def find_conflicts(
    rules: Iterable[Ceiling], paths: Mapping[int, tuple]
) -> Iterator[tuple[Ceiling, Ceiling]]:
    """Pairs of ceilings that contradict: one line can fit both, neither comes first,
    and they do not say the same. The larger, which counts, is named first.

    Goes through the pairs of one priority and position, so it is asked when rules are
    looked at, not when a sale is.

    :param paths: ``{category: (itself, and those above it)}``
    """
    groups = defaultdict(lambda: defaultdict(list))
    for rule in rules:
        groups[rule.priority][rule.job].append(rule)
    for _priority, by_job in sorted(groups.items()):
        everybody = by_job.get(None, [])
        for job, own in by_job.items():
            for index, rule in enumerate(own):
                others = own[index + 1 :]
                if job is not None:
                    others = others + everybody
                for other in others:
                    if _overlap(rule, other, paths):
                        yield from contradiction(rule, other)


def contradiction(one, other) -> Iterator[tuple]:
    """Two rules as a pair, the larger first; nothing when they say the same."""
    if one.percent != other.percent:
        yield (one, other) if one.percent > other.percent else (other, one)


def find_idle(
    rules: Iterable[Entitlement], paths: Mapping[int, tuple]
) -> Iterator[tuple[Entitlement, Entitlement]]:
    """Entitlements that change nothing, each with one that is always at least as good:
    pairs ``(idle, better)``. Of two that say the same the later one is idle.

    :param paths: ``{category: (itself, and those above it)}``
    """
    ranked = sorted(rules, key=lambda rule: -rule.percent)
    for index, rule in enumerate(ranked):
        equals = [
            other for other in ranked[index + 1 :] if other.percent == rule.percent
        ]
        for other in (*ranked[:index], *equals):
            if _includes(other, rule, paths) and not (
                other in equals and _includes(rule, other, paths)
            ):
                yield rule, other
                break


def find_hidden(rules: Iterable, paths: Mapping[int, tuple]) -> Iterator[tuple]:
    """Ceilings or margin floors that never decide, each with one that comes before it
    wherever it holds: pairs ``(hidden, before)``.

    Found by scope, as the rules themselves are: it takes no time by pairs.

    :param paths: ``{category: (itself, and those above it)}``
    """
    by_scope = defaultdict(list)
    for rule in rules:
        by_scope[_get_scope(rule)].append(rule)
    for rule in (rule for equals in list(by_scope.values()) for rule in equals):
        job, team, category, customer_class, tier = _get_scope(rule)
        wider = product(
            {job, None},
            {team, None},
            {*paths.get(category, (category,)), None},
            {customer_class, None},
            {tier, None},
        )
        others = (other for scope in wider for other in by_scope.get(scope, ()))
        before = next((other for other in others if _hides(other, rule)), None)
        if before:
            yield rule, before


def is_in_force(rule, day: date | None) -> bool:
    """Whether a rule holds on a day; without one, where no rule is of certain days."""
    return (not rule.first or rule.first <= day) and (not rule.last or day <= rule.last)


def _customer_key(rule: Entitlement):
    """The narrowest thing that a rule says of the customer."""
    if rule.partner is not None:
        return "partner", rule.partner
    if rule.customer_class is not None:
        return "class", rule.customer_class
    if rule.tier is not None:
        return "tier", rule.tier
    return None if rule.tag is None else ("tag", rule.tag)


def _product_key(rule: Entitlement):
    if rule.product is not None:
        return "product", rule.product
    return None if rule.category is None else ("category", rule.category)


def _holds(
    rule: Entitlement, customer: Customer, purchase: Purchase, basket: Basket
) -> bool:
    return (
        rule.customer_class in (None, customer.customer_class)
        and rule.tier in (None, customer.tier)
        and (rule.partner is None or rule.partner in customer.partners)
        and (rule.tag is None or rule.tag in customer.tags)
        and rule.product in (None, purchase.product)
        and (rule.category is None or rule.category in purchase.categories)
        and is_in_force(rule, customer.day)
        and (not rule.min_quantity or reaches(purchase.quantity, rule.min_quantity))
        and (not rule.min_amount or basket.amount(rule) >= rule.min_amount)
    )


def reaches(quantity: float, least: float) -> bool:
    """Whether a quantity is at least another, which binary fractions may miss."""
    return round(quantity, _QUANTITY_DIGITS) >= least


def _overlap(one: Ceiling, other: Ceiling, paths) -> bool:
    """Whether a line can fit both."""
    return (
        _share(one.job, other.job)
        and _share(one.team, other.team)
        and share_place(one, other, paths)
    )


def share_place(one, other, paths) -> bool:
    """Whether two rules can hold for one product, one customer and one day.

    :param paths: ``{category: (itself, and those above it)}``
    """
    return (
        _share(one.customer_class, other.customer_class)
        and _share(one.tier, other.tier)
        and (
            _is_within(one.category, other.category, paths)
            or _is_within(other.category, one.category, paths)
        )
        and max(one.first or date.min, other.first or date.min)
        <= min(one.last or date.max, other.last or date.max)
    )


def _get_scope(rule) -> tuple:
    """Whom and what a ceiling or margin floor speaks of, dates and quantities left
    out."""
    giver = getattr(rule, "job", None), getattr(rule, "team", None)
    return (*giver, rule.category, rule.customer_class, rule.tier)


def _hides(outer, inner) -> bool:
    """Whether of two rules, of which one is of a scope as wide as the other's or
    wider, that one decides always."""
    return (
        outer.priority < inner.priority
        and (outer.first or date.min) <= (inner.first or date.min)
        and (outer.last or date.max) >= (inner.last or date.max)
        and getattr(outer, "min_quantity", 0) <= getattr(inner, "min_quantity", 0)
    )


def _share(one, other) -> bool:
    return one is None or other is None or one == other


def _is_within(inner, outer, paths) -> bool:
    """Whether a category lies in another; everything lies in none."""
    return outer is None or (inner is not None and outer in paths.get(inner, (inner,)))


def _includes(outer: Entitlement, inner: Entitlement, paths) -> bool:
    """Whether one entitlement holds wherever another does."""
    same_money = not outer.min_amount or outer.currency == inner.currency
    return (
        same_money
        and outer.min_amount <= inner.min_amount
        and outer.min_quantity <= inner.min_quantity
        and outer.product in (None, inner.product)
        and _is_within(inner.category, outer.category, paths)
        and outer.customer_class in (None, inner.customer_class)
        and outer.tier in (None, inner.tier)
        and outer.partner in (None, inner.partner)
        and outer.tag in (None, inner.tag)
        and (outer.first or date.min) <= (inner.first or date.min)
        and (outer.last or date.max) >= (inner.last or date.max)
    )
