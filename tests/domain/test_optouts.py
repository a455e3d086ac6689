"""Opting out: who is away when, by whose clock."""

from datetime import UTC, datetime, time, timedelta

import pytest

from ven_daemon.domain.ids import EventId, ResourceKey, VenName
from ven_daemon.domain.optouts import Absence, OptOut, Weekly, absences, opted_out
from ven_daemon.domain.targets import Place

VEN = VenName("Aalborg")
ONE, OTHER = EventId("e"), EventId("f")
CAFE, POOL = Place(VEN, ResourceKey("cafe")), Place(VEN, ResourceKey("pool"))
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
EVENINGS = Weekly(frozenset({0, 1, 2, 3, 4}), time(17), time(21), "Europe/Copenhagen")


def at(day: int = 0, hour: float = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour)


@pytest.mark.parametrize(
    ("out", "place", "when", "event", "away"),
    [
        pytest.param(OptOut("1", VEN, at()), CAFE, at(3), None, True, id="a whole VEN, for good"),
        pytest.param(
            OptOut("1", VEN, at(), resource=CAFE.resource), CAFE, at(), None, True, id="a resource"
        ),
        pytest.param(
            OptOut("1", VEN, at(), resource=CAFE.resource), POOL, at(), None, False, id="another"
        ),
        pytest.param(OptOut("1", VEN, at(1)), CAFE, at(), None, False, id="not yet"),
        pytest.param(OptOut("1", VEN, at(), at(1)), CAFE, at(1), None, False, id="no longer"),
        pytest.param(
            OptOut("1", VEN, at(), event=ONE), CAFE, at(), ONE, True, id="one event"
        ),
        pytest.param(
            OptOut("1", VEN, at(), event=ONE), CAFE, at(), OTHER, False, id="another"
        ),
        pytest.param(
            OptOut("1", VEN, at(), event=ONE), CAFE, at(), None, False, id="just one event"
        ),
        pytest.param(
            OptOut("1", VEN, at(), weekly=EVENINGS), CAFE, at(0, 15), None, True, id="17 in summer"
        ),
        pytest.param(
            OptOut("1", VEN, at(), weekly=EVENINGS), CAFE, at(0, 19), None, False, id="21 in summer"
        ),
        pytest.param(
            OptOut("1", VEN, at(), weekly=EVENINGS), CAFE, at(5, 16), None, False, id="Saturday"
        ),
        pytest.param(
            OptOut("1", VEN, at(), weekly=EVENINGS), CAFE, at(183, 16.5), None, True,
            id="17 in winter, an hour later",
        ),
        pytest.param(
            OptOut("1", VEN, at(), at(7), weekly=EVENINGS), CAFE, at(7, 16), None, False,
            id="no more weeks",
        ),
    ],
)  # fmt: skip
def test_who_has_opted_out(
    out: OptOut, place: Place, when: datetime, event: EventId | None, away: bool
) -> None:
    assert (opted_out([out], place, when, event) is out) == away


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    night = Weekly(frozenset({6}), time(22), time(6))
    out = OptOut("1", VEN, at(-30), weekly=night)

    found = absences(out, at(0, 1), at(7))

    assert found == (Absence(at(-1, 22), at(0, 6)), Absence(at(6, 22), at(7, 6)))


def test_a_weekly_opt_out_begins_and_ends_with_itself() -> None:
    out = OptOut("1", VEN, at(0, 16), at(1, 16), weekly=EVENINGS)

    assert absences(out, at(), at(7)) == (
        Absence(at(0, 16), at(0, 19)),
        Absence(at(1, 15), at(1, 16)),
    )


@pytest.mark.parametrize(
    ("text", "days", "begin", "end"),
    [
        ("mon-fri 17:00-21:00", {0, 1, 2, 3, 4}, time(17), time(21)),
        ("Sat,SUN 00:00-24:00", {5, 6}, time(0), time(0)),
        ("fri-mon 22:00 - 06:30", {4, 5, 6, 0}, time(22), time(6, 30)),
    ],
)
def test_weekly_hours_are_read(text: str, days: set[int], begin: time, end: time) -> None:
    read = Weekly.parse(text, "Europe/Copenhagen")

    assert read == Weekly(frozenset(days), begin, end, "Europe/Copenhagen")
    assert Weekly.parse(str(read), read.zone) == read


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("mon 17-21", "UTC"),
        ("noday 17:00-21:00", "UTC"),
        ("xyz 17:00-21:00", "UTC"),
        ("mon 25:00-26:00", "UTC"),
        ("", "UTC"),
        ("mon 17:00-21:00", "Mars/Olympus"),
        ("mon 17:00-21:00", "../etc"),
    ],
)
def test_what_are_no_weekly_hours_is_refused(text: str, zone: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Weekly.parse(text, zone)


def test_a_whole_day_is_a_day() -> None:
    whole = Weekly.parse("sat 00:00-24:00")
    out = OptOut("1", VEN, at(), weekly=whole)

    assert absences(out, at(), at(7)) == (Absence(at(5), at(6)),)
