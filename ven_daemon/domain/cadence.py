"""When something that repeats is due next: on a grid, never by adding to the last time."""


def next_due(now: float, period: float, phase: float = 0.0) -> float:
    """Give the first instant of the grid after *now* (seconds since the epoch).

    However far a clock jumps, this is one division: nothing is caught up on.
    """
    due = phase + period * ((now - phase) // period + 1)
    # Rounding may leave it at *now*, where a scheduler would turn on the spot.
    return due if due > now else due + period
