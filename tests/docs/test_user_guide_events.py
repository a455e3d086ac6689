"""The timing of the User Guide's examples, from JSON as a VTN shows it to windows.

Each keeps an example's periods and values and leaves the rest out.
"""

from typing import Any

import pytest

from tests.domain.times import placed, windows
from ven_daemon.domain.events import Event
from ven_daemon.domain.timeline import first_seen, is_cancelled
from ven_daemon.domain.windows import Window
from ven_daemon.wire.events import read_event

NOW = {"start": "0001-01-01", "duration": "PT0H"}
MIDNIGHT = "2023-02-10T00:00:00.000Z"


def read(intervals: list[dict[str, Any]], **more: Any) -> Event:
    shape = {"id": "e", "programID": "p", "intervals": intervals, **more}
    return read_event(shape, intervals_most=100)


def one(kind: str, *values: Any, **period: str) -> dict[str, Any]:
    said = {"intervalPeriod": period} if period else {}
    return {"id": 0, "payloads": [{"type": kind, "values": list(values)}], **said}


def said(window: Window) -> str:
    begin = f"{window.start:%d %H:%M}"
    end = f"{window.end:%d %H:%M}" if window.end else "..."
    return f"{begin} to {end}: {','.join(map(str, window.payloads[0].values))}"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(
            read(
                [
                    one(
                        "PRICE",
                        *(0.17, 0.03, 0.11),
                        start="2025-06-25T00:00:00.000Z",
                        duration="PT3H",
                    )
                ]
            ),
            [
                "25 00:00 to 25 01:00: 0.17",
                "25 01:00 to 25 02:00: 0.03",
                "25 02:00 to 25 03:00: 0.11",
            ],
            id="7.3-1 multi-valued payload",
        ),
        pytest.param(
            read(
                [one("PRICE", 0.17), one("PRICE", 0.22, duration="PT2H")],
                intervalPeriod={"start": MIDNIGHT, "duration": "PT1H"},
            ),
            ["10 00:00 to 10 01:00: 0.17", "10 01:00 to 10 03:00: 0.22"],
            id="7.4-1 variable intervals",
        ),
        pytest.param(
            read(
                [one("DISPATCH_SETPOINT", 0.5)],
                intervalPeriod={"start": MIDNIGHT, "duration": "P9999Y"},
            ),
            ["10 00:00 to ...: 0.5"],
            id="8.9.3 fast DR",
        ),
        pytest.param(
            read([one("CAPACITY_RESERVATION", 242, **NOW)], intervalPeriod=NOW),
            ["04 06:30 to 04 06:30: 242"],
            id="8.10.2-4 capacity reservation",
        ),
        pytest.param(
            read(
                [one("CAPACITY_AVAILABLE", 242, start=MIDNIGHT, duration="PT1H")],
                intervalPeriod=NOW,
            ),
            ["10 00:00 to 10 01:00: 242"],
            id="8.10.2-5 capacity available",
        ),
    ],
)
def test_an_example_of_the_user_guide_has_the_windows_it_means(
    given: Event, expected: list[str]
) -> None:
    assert [said(window) for window in windows(placed(given))] == expected


def test_an_update_while_it_runs_shortens_one_interval_and_adds_another() -> None:
    """Example 8.12-2: its first version's start has a space in it (T-08)."""
    words = ["load_reduction", "combustion_gen_standby"]
    before = read([one("DISPATCH_INSTRUCTION", *words, start="2025-02-13 19:00Z", duration="PT2H")])
    after = read(
        [
            one("DISPATCH_INSTRUCTION", *words, start="2025-02-13T19:00:00.000Z", duration="PT1H"),
            one("DISPATCH_INSTRUCTION", "load_reduction", "combustion_gen", duration="PT2H"),
        ]
    )
    (begun,) = windows(placed(before))
    assert begun.end is not None

    seen = first_seen(after, before, begun.start, begun.end)
    found = windows(placed(after, seen))

    assert not is_cancelled(after, before)
    assert seen == begun.start
    assert [said(window) for window in found] == [
        "13 19:00 to 13 20:00: load_reduction,combustion_gen_standby",
        "13 20:00 to 13 22:00: load_reduction,combustion_gen",
    ]
