"""What is concluded from what was seen."""

from datetime import UTC, datetime, timedelta

import pytest

from ven_daemon.domain import diagnosis
from ven_daemon.domain.diagnosis import Level, Sight
from ven_daemon.domain.fleet import Fleet, Resource
from ven_daemon.domain.ids import ResourceKey, VenName

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = frozenset(("a", "b"))


def row(number: int, ven: str | None, **more: object) -> Resource:
    return Resource(number, ResourceKey(f"r{number}"), "bar", ven=ven and VenName(ven), **more)  # type: ignore[arg-type]


def test_an_inventory_of_nothing_is_a_problem() -> None:
    assert diagnosis.inventory("x.db", Fleet(())).level is Level.PROBLEM


def test_rows_to_mend_are_counted_and_the_first_named() -> None:
    fleet = Fleet.of([row(1, "A"), *(row(number, None) for number in range(2, 9))])

    found = diagnosis.inventory("x.db", fleet)

    assert found.level is Level.WARNING
    assert "7 to mend: resource r2: belongs to no VEN" in found.words
    assert found.words.endswith("and 4 more")


def test_a_sound_inventory_is_counted() -> None:
    found = diagnosis.inventory("x.db", Fleet.of([row(1, "A"), row(2, "A"), row(3, "B")]))

    assert (found.level, found.words) == (Level.OK, "x.db: 2 VENs, 3 enabled resources")


@pytest.mark.parametrize(
    ("free", "level"), [(10**10, Level.OK), (10**9, Level.WARNING), (10**7, Level.PROBLEM)]
)
def test_a_disk_is_judged_by_its_free_space(free: int, level: Level) -> None:
    assert diagnosis.disk("/var", free).level is level


@pytest.mark.parametrize(
    ("seconds", "trip", "level"),
    [
        (0, 0, Level.OK),
        (2.4, 0, Level.OK),
        (4, 0, Level.WARNING),
        (-4, 0, Level.WARNING),
        (4, 6, Level.OK),  # it may all have been on the way
        (62, 0, Level.PROBLEM),
        (-3600, 1, Level.PROBLEM),
    ],
)
def test_a_clock_is_judged_by_what_is_sure(seconds: float, trip: float, level: Level) -> None:
    found = diagnosis.clock(NOW + timedelta(seconds=seconds), NOW, timedelta(seconds=trip))

    assert found.level is level
    if level is not Level.OK:
        assert ("ahead of" in found.words) is (seconds > 0)
        assert found.advice


@pytest.mark.parametrize(
    ("days", "trusted", "level"),
    [
        (60, True, Level.OK),
        (60, False, Level.WARNING),
        (13, True, Level.WARNING),
        (-1, True, Level.PROBLEM),
    ],
)
def test_a_certificate_is_judged_by_its_last_day(days: int, trusted: bool, level: Level) -> None:
    found = diagnosis.certificate(NOW + timedelta(days=days), NOW, trusted=trusted)

    assert found.level is level


def test_the_dialect_that_is_set_must_be_the_one_that_is_spoken() -> None:
    assert diagnosis.version("3.0", "auto").level is Level.OK
    assert diagnosis.version("3.0", "3.0").level is Level.OK
    found = diagnosis.version("3.0", "3.1")
    assert (found.level, found.advice) == (Level.PROBLEM, "set VEN_PROFILE to 3.0 or auto")


@pytest.mark.parametrize(
    ("mode", "scopes", "vens", "level"),
    [
        ("shared", {"write_vens_bl"}, 9, Level.OK),
        ("registrar", {"write_vens_bl"}, 9, Level.OK),
        ("per-ven", {"write_vens_bl"}, 9, Level.WARNING),
        ("per-ven", {"write_vens"}, 9, Level.OK),
        ("shared", {"write_vens"}, 9, Level.WARNING),
        ("shared", {"write_vens_ven"}, 1, Level.OK),
        ("registrar", {"write_vens"}, 9, Level.PROBLEM),
        ("shared", {"read_all"}, 9, Level.PROBLEM),
        ("shared", {"VenManager"}, 9, Level.OK),
        ("shared", set(), 9, Level.OK),
    ],
)
def test_scopes_say_which_mode_fits(mode: str, scopes: set[str], vens: int, level: Level) -> None:
    found = diagnosis.credentials(mode, scopes, vens)

    assert found.level is level
    assert (found.advice is None) is (level is Level.OK)


@pytest.mark.parametrize(
    ("sight", "level", "words"),
    [
        (Sight("A", NAMES, on_record=True), Level.PROBLEM, "does not list it"),
        (Sight("A", NAMES, on_record=False), Level.WARNING, "not registered yet"),
        (
            Sight("A", NAMES, on_record=True, listed=True, resources=frozenset("a")),
            Level.WARNING,
            "1 of its 2",
        ),
        (
            Sight("A", NAMES, True, True, False, NAMES, untargeted=2),
            Level.WARNING,
            "the VEN bears no target and 2 resources",
        ),
        (Sight("A", NAMES, True, True, True, NAMES), Level.OK, "2 of its 2"),
    ],
)
def test_what_is_shown_of_a_ven_is_judged(sight: Sight, level: Level, words: str) -> None:
    found = diagnosis.visibility(sight)

    assert found.level is level
    assert words in found.words


def test_warnings_are_no_problems() -> None:
    assert diagnosis.is_well([diagnosis.ok("x", "y"), diagnosis.warning("x", "y")])
    assert not diagnosis.is_well([diagnosis.problem("x", "y")])
