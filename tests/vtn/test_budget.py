"""The retry budget: what is sent again is a tenth of what is sent, over a minute (P7)."""

from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.vtn.budget import LEAST, SHARE, WINDOW, RetryBudget


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_few_may_be_sent_again_however_few_there_were() -> None:
    budget = RetryBudget(Clock())
    budget.first()

    taken = [budget.take() for _ in range(LEAST + 5)]

    assert taken == [True] * LEAST + [False] * 5
    assert (budget.retries, budget.refused) == (LEAST, 5)


def test_of_many_a_tenth_may_be() -> None:
    budget = RetryBudget(Clock())
    for _ in range(1000):
        budget.first()

    assert sum(budget.take() for _ in range(500)) == 100


def test_what_is_over_a_minute_ago_is_forgotten() -> None:
    clock = Clock()
    budget = RetryBudget(clock)
    while budget.take():
        pass
    clock.now = WINDOW + 1

    assert budget.take()


@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=200))
def test_in_no_minute_is_more_sent_again_than_the_budget_gives(
    steps: list[tuple[float, bool]],
) -> None:
    clock = Clock()
    budget = RetryBudget(clock)
    firsts: list[float] = []
    again: list[float] = []
    for pause, is_first in steps:
        clock.now += pause
        if is_first:
            budget.first()
            firsts.append(clock.now)
        elif budget.take():
            again.append(clock.now)
            since = int(clock.now) - WINDOW + 1
            recent = sum(at >= since for at in again)
            assert recent <= max(LEAST, SHARE * sum(at >= since for at in firsts)) + 1
