"""A clock that does not jump, beside one that does."""

from dataclasses import dataclass

from ven_daemon.runtime.clock import BELIEVE_AFTER, SteadyClock


@dataclass
class Hands:
    """Both clocks of a machine, moved by hand."""

    wall: float = 1_000_000.0
    ticks: float = 50.0

    def clock(self) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.ticks)

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds


def test_it_follows_a_wall_clock_that_is_slewed() -> None:
    hands = Hands()
    clock = hands.clock()

    for _ in range(100):
        hands.pass_(1)
        hands.wall += 0.125
        assert clock().timestamp() == hands.wall


def test_a_jump_changes_nothing_for_as_long_as_it_may_be_taken_back() -> None:
    for jump in (3600.0, -3600.0):
        hands = Hands()
        clock = hands.clock()
        clock()
        hands.wall += jump
        clock()

        hands.pass_(BELIEVE_AFTER - 1)

        assert clock().timestamp() == hands.wall - jump


def test_a_jump_that_lasts_is_followed() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.wall += 3600
    clock()

    hands.pass_(BELIEVE_AFTER)

    assert clock().timestamp() == hands.wall


def test_a_jump_that_is_taken_back_is_forgotten() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.wall += 3600
    clock()
    hands.wall -= 3600
    clock()
    hands.wall += 3600
    hands.pass_(BELIEVE_AFTER)

    assert clock().timestamp() == hands.wall - 3600
