"""One event's windows as a timeline of text, a line for each type of payload.

    2026-05-04 06:00 to 2026-05-04 12:00 UTC
                            06:00       08:00       10:00
    PRICE                   |0.17-|0.22-|0.31-------
    SIMPLE                  <2=================

`|` a window begins, `<` it began before, `>` it goes on or has no end, `!` done once,
`~` cut short: `listed` writes out what does not fit.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice, takewhile
from typing import NamedTuple

from ven_daemon.domain.attributes import Opaque, Point, Value
from ven_daemon.domain.windows import Window

WINDOW_LIMIT = 5_000
"""Windows that are drawn: many more than a terminal has columns."""

LANE_LIMIT = 6
"""Lines for windows of one type that overlap."""

LISTED = 100
"""Windows that are listed where their values do not fit into the drawing."""

NAME_WIDTH = 24
TICK_WIDTH = 12
"""Columns that a label of the ruler needs."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEPS = [
    *(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 180, 360, 720)),
    *(timedelta(days=days) for days in (1, 2, 7, 14, 28, 91, 364, 3_640, 36_400, 364_000)),
]


class _Canvas(NamedTuple):
    """The columns of a range of time."""

    since: datetime
    until: datetime
    width: int

    def column(self, instant: datetime) -> int:
        """Find the column of an instant, the nearest one for those out of range."""
        inside = min(max(instant, self.since), self.until) - self.since
        return inside * self.width // (self.until - self.since)


class _Bar(NamedTuple):
    """One payload of one window."""

    window: Window
    label: str


def draw(windows: Iterable[Window], since: datetime, until: datetime, width: int = 80) -> list[str]:
    """Draw *windows*, in order as a timeline gives them, between two instants (UTC)."""
    canvas = _canvas(since, until, width)
    begun = takewhile(lambda w: min(w.start, w.nominal_start) < until, windows)
    found = list(islice(begun, WINDOW_LIMIT + 1))
    lines = [f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC", _ruler(canvas)]
    for kind, bars in _bars(found[:WINDOW_LIMIT], since, until).items():
        lines += _rows(kind, bars, canvas)
    if len(found) > WINDOW_LIMIT:
        lines.append(f"{'':{NAME_WIDTH}}... more from {found[-1].start:%Y-%m-%d %H:%M} on")
    return [line.rstrip() for line in lines]


def listed(
    windows: Iterable[Window], since: datetime, until: datetime, width: int = 80
) -> list[str]:
    """Write out the windows whose values do not fit into the drawing."""
    canvas = _canvas(since, until, width)
    begun = takewhile(lambda w: min(w.start, w.nominal_start) < until, windows)
    lines: list[str] = []
    for kind, bars in _bars(list(islice(begun, WINDOW_LIMIT)), since, until).items():
        cut = [bar for bar in bars if len(bar.label) > _room(bar.window, canvas)]
        lines += map(partial(_line, kind), cut[:LISTED])
        if len(cut) > LISTED:
            lines.append(f"... {len(cut) - LISTED} more: --json --limit N")
    return lines


def _line(kind: str, bar: _Bar) -> str:
    window, label = bar
    end = f"{window.end:%Y-%m-%d %H:%M:%S}" if window.end else "open"
    return f"{window.start:%Y-%m-%d %H:%M:%S}  {end:19}  {kind}  {label}"


def _canvas(since: datetime, until: datetime, width: int) -> _Canvas:
    return _Canvas(since, until, max(TICK_WIDTH, width - NAME_WIDTH))


def _bars(windows: list[Window], since: datetime, until: datetime) -> dict[str, list[_Bar]]:
    bars: dict[str, list[_Bar]] = {}
    for window in windows:
        if window.start < until and not window.is_over_at(since):
            for kind, values in window.payloads:
                label = ",".join(map(_text, values))
                bars.setdefault(_printable(kind), []).append(_Bar(window, label))
    return bars


def _rows(kind: str, bars: list[_Bar], canvas: _Canvas) -> Iterator[str]:
    """Draw the windows of one type, those that overlap on lines of their own."""
    lanes: list[list[_Bar]] = []
    left_out = 0
    for bar in sorted(bars, key=lambda bar: bar.window.start):
        lane = next((lane for lane in lanes if lane[-1].window.is_over_at(bar.window.start)), None)
        if lane is not None:
            lane.append(bar)
        elif len(lanes) < LANE_LIMIT:
            lanes.append([bar])
        else:
            left_out += 1
    for number, lane in enumerate(lanes):
        name = kind if number == 0 else ""
        yield f"{name[: NAME_WIDTH - 1]:{NAME_WIDTH}}{_row(lane, canvas)}"
    if left_out:
        yield f"{'':{NAME_WIDTH}}... {left_out} more at the same time"


def _row(lane: list[_Bar], canvas: _Canvas) -> str:
    row = [" "] * (canvas.width + 1)
    for bar in lane:
        left, text = canvas.column(bar.window.start), _bar(bar, canvas)
        row[left : left + len(text)] = text
    return "".join(row[: canvas.width])


def _bar(bar: _Bar, canvas: _Canvas) -> str:
    window, label = bar
    if window.is_instant:
        return "!"
    room, last = _room(window, canvas), ">" if _goes_on(window, canvas) else ""
    if len(label) > room:  # half a number would be another number
        label = f"{label[: room - 1]}~" if room > 0 else ""
    first = "<" if window.start < canvas.since else "|"
    return first + label.ljust(room, "-") + last if room >= 0 else last


def _room(window: Window, canvas: _Canvas) -> int:
    """Count the columns that a window leaves for its value; fewer than none: for `>` alone."""
    if window.is_instant:
        return 0
    right = canvas.width if window.end is None else canvas.column(window.end)
    return max(right - canvas.column(window.start), 1) - 1 - _goes_on(window, canvas)


def _goes_on(window: Window, canvas: _Canvas) -> bool:
    return window.end is None or window.end > canvas.until


def _ruler(canvas: _Canvas) -> str:
    least = (canvas.until - canvas.since) * TICK_WIDTH / canvas.width
    step = next((step for step in _STEPS if step >= least), _STEPS[-1])
    form = "%H:%M" if step < timedelta(days=1) else "%Y-%m-%d"
    row = [" "] * (canvas.width + TICK_WIDTH)
    tick = _EPOCH + -((_EPOCH - canvas.since) // step) * step
    while tick < canvas.until:
        column = canvas.column(tick)
        label = tick.strftime(form if tick.strftime("%H:%M") != "00:00" else "%Y-%m-%d")
        row[column : column + len(label)] = label
        if canvas.until - tick <= step:
            break
        tick += step
    return " " * NAME_WIDTH + "".join(row)


def _text(value: Value) -> str:
    match value:
        case Point(x, y):
            return f"({x:g} {y:g})"
        case Opaque(json):
            return _printable(json)
        case bool():
            return str(value).lower()
        case str():
            return _printable(value)
        case _:
            return str(value).removesuffix(".0")


def _printable(text: str) -> str:
    """Keep a VTN's words from steering the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
