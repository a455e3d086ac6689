from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.cadence import next_due, phase_of

PERIODS = st.floats(0.1, 1e6)
NOWS = st.floats(0, 4e9)


@given(NOWS, PERIODS)
def test_the_next_run_is_strictly_later_and_within_one_period(now: float, period: float) -> None:
    due = next_due(now, period)

    assert now < due <= now + period * 1.0001 + 1e-3


@given(st.text(), PERIODS)
def test_a_phase_lies_within_its_period_and_stays(name: str, period: float) -> None:
    phase = phase_of(name, period)

    assert 0 <= phase < period
    assert phase == phase_of(name, period)


def test_a_fleet_is_spread_over_its_period() -> None:
    phases = [phase_of(f"VEN {n}", 30.0) for n in range(1000)]

    busiest = max(
        sum(1 for phase in phases if second <= phase < second + 1) for second in range(30)
    )
    assert busiest < 70
