"""What the credit of a customer comes to; no database."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_extension.models.credit.exposure import (
    FREE,
    Account,
    Bill,
    Debt,
    Exposure,
    OpenOrder,
    add_up,
    find_limit,
    find_overdue,
    judge,
    judge_bills,
    settle,
)

TODAY = date(2026, 6, 30)
amounts = st.decimals(-100_000, 100_000, places=2)
sums = st.decimals(0, 100_000, places=2)
orders = st.builds(
    OpenOrder,
    key=st.integers(1, 5),
    delivered=amounts,
    awaited=sums,
    prepaid=amounts,
)
accounts = st.builds(
    Account,
    limit=st.none() | sums,
    owed=amounts,
    overdue=sums,
    days=st.integers(0, 400),
    orders=st.lists(orders, max_size=5).map(tuple),
)
debts = st.lists(
    st.builds(
        Debt,
        st.dates(TODAY - timedelta(days=400), TODAY),
        st.decimals("0.01", 100_000, places=2),
    ),
    max_size=6,
)


def order(key=1, delivered=0, awaited=0, prepaid=0):
    return OpenOrder(key, *map(Decimal, (delivered, awaited, prepaid)))


def account(limit=None, owed=0, *orders, **values):
    limit = limit if limit is None else Decimal(limit)
    return Account(limit, Decimal(owed), orders=orders, **values)


class TestExposure:
    def test_all_that_was_agreed_on_counts_once(self):
        found = add_up(account(None, 100, order(1, 20, 30), order(2, 0, 7)))
        assert found == Exposure(Decimal(100), Decimal(20), Decimal(37))
        assert found.total == 157

    @pytest.mark.parametrize(
        ("prepaid", "parts"),
        [(0, (20, 30)), (5, (15, 30)), (20, (0, 30)), (45, (0, 5)), (60, (0, 0))],
    )
    def test_what_is_invoiced_ahead_is_taken_off_the_deliveries_first(
        self, prepaid, parts
    ):
        assert settle(order(1, 20, 30, prepaid)) == parts

    def test_what_comes_back_makes_no_room_before_it_is_credited(self):
        found = add_up(account(None, 100, order(1, -500), order(2, 0, 10)))
        assert found.total == 110

    def test_within_an_order_it_does(self):
        assert settle(order(1, -20, 50)) == (0, 30)

    def test_credit_notes_make_room(self):
        assert add_up(account(None, -80, order(1, 0, 100))).total == 20

    @given(accounts)
    def test_promises_never_make_room(self, found):
        exposure = add_up(found)
        assert exposure.delivered >= 0
        assert exposure.awaited >= 0
        assert exposure.total >= found.owed

    @given(accounts, st.sets(st.integers(1, 5)))
    def test_leaving_orders_out_never_adds(self, found, without):
        assert add_up(found, without).total <= add_up(found).total

    @given(orders)
    def test_an_order_takes_up_what_is_left_of_it(self, found):
        left = found.delivered + found.awaited - found.prepaid
        assert sum(settle(found)) == max(left, 0)


class TestLimit:
    """By hand first, then by grade or tier, the lower of the two, then for all."""

    def limit(self, own, everybody, **granted):
        granted = {source: Decimal(value) for source, value in granted.items()}
        return find_limit(Decimal(own), Decimal(everybody), granted)

    def test_what_somebody_set_counts(self):
        assert self.limit(5, 0, grade=9) == (5, "own")
        assert self.limit(50, 0, grade=9, tier=20) == (50, "own")

    def test_0_by_hand_is_no_limit_as_in_odoo(self):
        assert self.limit(0, 7, grade=9) == (None, "own")

    def test_the_grade_speaks_where_nobody_has_set_one(self):
        assert self.limit(7, 7, grade=9) == (9, "grade")
        assert self.limit(0, 0, grade=9) == (9, "grade")

    def test_so_does_the_tier(self):
        assert self.limit(7, 7, tier=9) == (9, "tier")

    def test_of_grade_and_tier_the_lower_counts(self):
        assert self.limit(0, 0, grade=9, tier=20) == (9, "grade")
        assert self.limit(0, 0, grade=90, tier=20) == (20, "tier")
        assert self.limit(0, 0, grade=20, tier=20) == (20, "grade")

    def test_0_by_grade_is_nothing_on_credit(self):
        assert self.limit(7, 7, grade=0) == (0, "grade")
        assert self.limit(7, 7, grade=0, tier=20) == (0, "grade")

    def test_without_a_grade_what_holds_for_everybody(self):
        assert self.limit(7, 7) == (7, "everybody")
        assert self.limit(0, 0) == (None, "everybody")

    def test_less_than_nothing_is_nothing_on_credit(self):
        assert self.limit(-1, 0) == (0, "own")
        assert self.limit(0, 0, tier=-1) == (0, "tier")


class TestBills:
    """Invoices: what was ordered before does not ask again."""

    def asked(self, found, *bills):
        return [standing.asked for standing in judge_bills(found, bills)]

    def test_without_an_order_it_asks_as_an_order_does(self):
        (standing,) = judge_bills(account(100, 80), [Bill(Decimal(30))])
        assert (standing.asked, standing.over) == (30, 10)
        (standing,) = judge_bills(account(110, 80), [Bill(Decimal(30))])
        assert standing.is_fine

    def test_what_was_ordered_asks_for_nothing_again(self):
        found = account(100, 80, order(awaited=60))
        (standing,) = judge_bills(found, [Bill(Decimal(60), {1: Decimal(60)})])
        assert standing == FREE

    def test_what_goes_beyond_the_order_does(self):
        found = account(100, 0, order(awaited=60))
        assert self.asked(found, Bill(Decimal(100), {1: Decimal(100)})) == [40]
        assert self.asked(found, Bill(Decimal(80), {1: Decimal(60)})) == [20]
        assert self.asked(found, Bill(Decimal(80), {2: Decimal(80)})) == [80]

    def test_cents_of_rounding_do_not(self):
        found = account(100, 0, order(awaited=60))
        bill = Bill(Decimal("60.02"), {1: Decimal("60.02")}, Decimal("0.02"))
        assert self.asked(found, bill) == [0]
        # There is nothing to round where nothing was ordered.
        assert self.asked(found, bill._replace(parts={})) == [Decimal("60.02")]
        bill = bill._replace(amount=Decimal("60.03"))
        assert self.asked(found, bill) == [Decimal("0.03")]

    def test_two_invoices_do_not_use_an_order_twice(self):
        found = account(100, 0, order(awaited=60))
        bill = Bill(Decimal(40), {1: Decimal(40)})
        assert self.asked(found, bill, bill) == [0, 20]

    def test_of_two_at_once_the_second_counts_with_the_first(self):
        first, second = judge_bills(account(100), [Bill(Decimal(60))] * 2)
        assert (first.over, second.over) == (0, 20)

    def test_who_is_late_is_asked_about_for_what_is_new_alone(self):
        found = account(None, 50, order(awaited=60), overdue=Decimal(50), days=40)
        bills = [Bill(Decimal(60), {1: Decimal(60)}), Bill(Decimal(1))]
        assert [s.late for s in judge_bills(found, bills, 30)] == [0, 10]

    @given(accounts, st.lists(sums, max_size=4), st.lists(sums, max_size=4))
    def test_what_it_asks_is_between_nothing_and_all_of_it(self, found, some, others):
        bills = [Bill(a + b, {1: a}) for a, b in zip(some, others, strict=False)]
        for bill, asked in zip(bills, self.asked(found, *bills), strict=True):
            assert 0 <= asked <= bill.amount
        covered = sum(b.amount for b in bills) - sum(self.asked(found, *bills))
        assert covered <= sum(sum(settle(order)) for order in found.orders)


class TestOverdue:
    def test_what_is_paid_for_nothing_in_particular_pays_the_oldest_debt(self):
        old, new = Debt(date(2026, 1, 1), Decimal(50)), Debt(TODAY, Decimal(20))
        assert find_overdue([new, old], Decimal(0)) == (70, old.due)
        assert find_overdue([new, old], Decimal(49)) == (21, old.due)
        assert find_overdue([new, old], Decimal(50)) == (20, new.due)
        assert find_overdue([new, old], Decimal(100)) == (0, None)

    @given(debts, sums)
    def test_nobody_owes_more_than_the_debts_nor_less_than_nothing(self, found, credit):
        total = sum((debt.amount for debt in found), Decimal(0))
        amount, since = find_overdue(found, credit)
        assert amount == max(total - credit, 0)
        assert (since is None) == (amount == 0)
        assert since is None or since in [debt.due for debt in found]

    @given(debts, sums, sums)
    def test_who_pays_more_is_overdue_for_less_and_not_longer(self, found, less, more):
        some, since_some = find_overdue(found, less)
        rest, since_rest = find_overdue(found, less + more)
        assert rest <= some
        assert since_rest is None or since_rest >= since_some


class TestStanding:
    @pytest.mark.parametrize(("asked", "over"), [(40, 0), (50, 0), (50.01, 0.01)])
    def test_at_the_limit_is_within(self, asked, over):
        found = judge(account(100, 50), Decimal(str(asked)))
        assert found.over == Decimal(str(over))
        assert found.is_fine == (not over)

    def test_room_is_what_is_left_with_it(self):
        assert judge(account(100, 50), Decimal(20)).room == 30
        assert judge(account(100, 50), Decimal(70)).room == 0
        assert judge(account(None, 50), Decimal(70)).room is None

    def test_without_a_limit_nothing_is_over(self):
        assert judge(account(None, 10**9), Decimal(10**9)).is_fine

    def test_a_limit_of_0_gives_nothing_on_credit(self):
        assert judge(account(0), Decimal(1)).over == 1

    @pytest.mark.parametrize(
        ("days", "tolerated", "late"),
        [(30, 30, 0), (31, 30, 1), (1, 0, 1), (0, 0, 0), (900, None, 0)],
    )
    def test_late_is_what_is_overdue_longer_than_tolerated(self, days, tolerated, late):
        found = account(overdue=Decimal(1), days=days)
        assert judge(found, Decimal(1), tolerated).late == late

    def test_of_two_at_once_the_second_counts_with_the_first(self):
        found = account(100, 0, order(1, 0, 60), order(2, 0, 60))
        first = judge(found, Decimal(60), without=(1, 2))
        second = judge(found, Decimal(60), ahead=Decimal(60), without=(1, 2))
        assert (first.over, second.over) == (0, 20)

    def test_nothing_asked_is_fine(self):
        assert FREE.is_fine

    @given(accounts, sums, sums)
    def test_asking_for_more_is_never_better(self, found, asked, more):
        assert judge(found, asked).over <= judge(found, asked + more).over

    @given(accounts, sums)
    def test_over_is_what_it_takes_to_be_within(self, found, asked):
        standing = judge(found, asked)
        if standing.over:
            enough = found._replace(limit=found.limit + standing.over)
            assert not judge(enough, asked).over

    @given(accounts, sums, sums)
    def test_the_order_of_two_does_not_change_where_both_end(self, found, one, other):
        used = judge(found, one, ahead=other)
        turned = judge(found, other, ahead=one)
        assert used.over == turned.over
