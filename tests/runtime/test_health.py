"""What health says of the event loop."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.runtime import health
from ven_daemon.runtime.health import RECENT, Health


@given(st.lists(st.tuples(st.floats(0.01, 30), st.floats(0, 5)), min_size=1, max_size=50))
def test_the_recent_stall_is_the_worst_of_the_last_minute(
    steps: list[tuple[float, float]],
) -> None:
    watched, now, seen = Health(), time.monotonic() - 2000, list[tuple[float, float]]()
    for pause, stall in steps:
        now += pause
        watched._note_stall(now, stall)
        seen.append((now, stall))

        expected = max(each for at, each in seen if at >= now - RECENT)
        assert watched._stalls[0][1] == expected
    assert watched.worst_stall == max(each for _, each in seen)


def test_a_loop_without_a_beat_for_half_a_minute_is_not_alive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched = Health()
    assert watched.alive

    monkeypatch.setattr(health, "ALIVE_WITHIN", -1.0)

    assert not watched.alive
