"""When something that is done again and again is due next."""

from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.cadence import next_due


@given(st.floats(0, 4e9), st.floats(0.1, 1e6))
def test_the_next_run_is_strictly_later_and_within_one_period(now: float, period: float) -> None:
    due = next_due(now, period)

    assert now < due <= now + period * 1.0001 + 1e-3
