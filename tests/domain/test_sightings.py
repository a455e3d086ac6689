"""What becomes of an event with a reader: each case a row."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ven_daemon.domain.durations import ZERO, Duration
from ven_daemon.domain.events import Event, Interval, IntervalPeriod, Payload
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.registration import Target
from ven_daemon.domain.sightings import (
    Glimpse,
    Lost,
    Reading,
    Revision,
    Sighting,
    Standing,
    compare,
    goes_back,
    lose,
    oversee,
    revises,
    sight,
    why_gone,
)

THEN = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOW = THEN + timedelta(hours=1)
ID = EventId("e")
HOUR = Duration(length=timedelta(hours=1))
SHOWN = Glimpse("e", "v1", THEN)
HELD = Sighting(ID, "v1", Standing.SEEN, THEN, THEN, THEN, THEN, "v1", THEN)
GOOD = Reading(None, ProgramId("p"))
BAD = Reading("priority: a whole number was expected")
UNREADABLE = SHOWN._replace(digest="bad")
READINGS = {"v1": GOOD, "v2": GOOD, "bad": BAD}


def event(start: datetime | None, duration: Duration) -> Event:
    interval = Interval(0, payloads=(Payload("SIMPLE", (1,)),))
    period = IntervalPeriod(start, duration)
    return Event(ID, ProgramId("p"), period=period, intervals=(interval,))


@pytest.mark.parametrize(
    ("held", "glimpse", "is_news"),
    [
        (None, SHOWN, True),
        (HELD, SHOWN, False),
        (HELD, SHOWN._replace(digest="v2"), True),
        (replace(HELD, standing=Standing.DELETED), SHOWN, True),
        (replace(HELD, standing=Standing.TARGET_LOST), SHOWN, True),
        (replace(HELD, standing=Standing.UNCONFIRMED), SHOWN, True),
        (replace(HELD, standing=Standing.QUARANTINED, digest="bad"), UNREADABLE, False),
        (replace(HELD, standing=Standing.QUARANTINED), SHOWN, True),
        (replace(HELD, standing=Standing.QUARANTINED, digest=""), SHOWN, True),
    ],
)
def test_what_is_new_changed_or_back_is_news(
    held: Sighting | None, glimpse: Glimpse, is_news: bool
) -> None:
    known = {} if held is None else {ID: held}

    assert compare(known, {"e": glimpse}, READINGS).shown == ((glimpse,) if is_news else ())


@pytest.mark.parametrize(
    ("standing", "is_absent"),
    [
        (Standing.SEEN, True),
        (Standing.UNCONFIRMED, True),
        (Standing.QUARANTINED, True),
        (Standing.DELETED, False),
        (Standing.TARGET_LOST, False),
    ],
)
def test_what_is_not_listed_is_absent_until_it_is_known_to_be_gone(
    standing: Standing, is_absent: bool
) -> None:
    held = replace(HELD, standing=standing)

    assert bool(compare({ID: held}, {}, READINGS).absent) is is_absent


def test_a_new_event_is_first_seen_now() -> None:
    assert sight(SHOWN, None, NOW, GOOD) == Sighting(
        ID, "v1", Standing.SEEN, NOW, NOW, NOW, NOW, "v1", THEN
    )


def test_a_new_event_that_takes_itself_back_is_cancelled() -> None:
    assert sight(SHOWN, None, NOW, GOOD._replace(void=True)).cancelled


def test_t_16_zeroing_a_known_event_cancels_it_and_keeps_first_sight() -> None:
    """T-16."""
    revision = Revision(event(None, ZERO), event(THEN, HOUR))
    glimpse = SHOWN._replace(digest="v2")

    seen = sight(glimpse, HELD, NOW, GOOD, revision)

    assert revises(HELD, glimpse, GOOD)
    assert seen.cancelled
    assert (seen.first_seen, seen.read) == (THEN, "v2")


def test_an_unreadable_version_quarantines_and_remembers_the_last_readable_one() -> None:
    seen = sight(SHOWN._replace(digest="v2"), HELD, NOW, BAD)

    assert seen.standing is Standing.QUARANTINED
    assert seen.reason == BAD.reason
    assert (seen.digest, seen.read, seen.seen) == ("v2", "v1", THEN)
    assert not seen.is_live


def test_a_readable_version_after_an_unreadable_one_revises_the_last_readable_one() -> None:
    held = replace(HELD, digest="v2", standing=Standing.QUARANTINED)

    assert revises(held, SHOWN._replace(digest="v3"), GOOD)
    assert not revises(held, SHOWN, GOOD), "it is the one that was read"
    assert not revises(replace(held, read=""), SHOWN._replace(digest="v3"), GOOD)
    assert not revises(held, SHOWN._replace(digest="v3"), BAD)


@pytest.mark.parametrize(("digest", "seen"), [("v1", THEN), ("v2", NOW)])
def test_f_26_an_id_used_again_after_a_deletion_begins_anew_unless_it_is_unchanged(
    digest: str, seen: datetime
) -> None:
    """F26, F27."""
    held = replace(HELD, standing=Standing.DELETED)
    glimpse = SHOWN._replace(digest=digest)

    assert not revises(held, glimpse, GOOD)
    assert sight(glimpse, held, NOW, GOOD).seen == seen
    assert sight(glimpse, held, NOW, GOOD).first_seen == THEN


@pytest.mark.parametrize(
    ("held", "glimpse", "back"),
    [
        (None, SHOWN, False),
        (HELD, SHOWN, False),
        (HELD, SHOWN._replace(modified=NOW), False),
        (HELD, SHOWN._replace(modified=THEN - timedelta(seconds=1)), True),
        (HELD, SHOWN._replace(modified=None), False),
        (replace(HELD, modified=None), SHOWN, False),
        (replace(HELD, standing=Standing.DELETED), SHOWN, True),
    ],
)
def test_f_27_an_older_version_goes_backwards(
    held: Sighting | None, glimpse: Glimpse, back: bool
) -> None:
    """F27."""
    assert goes_back(held, glimpse) is back


@pytest.mark.parametrize(
    ("targets", "granted", "standing"),
    [
        ((), frozenset(), Standing.DELETED),
        (("a",), frozenset({"a", "b"}), Standing.DELETED),
        (("a",), frozenset({"b"}), Standing.TARGET_LOST),
        (("a",), frozenset(), Standing.TARGET_LOST),
        (("a", "b"), frozenset({"b"}), Standing.DELETED),
    ],
)
def test_t_14_targets_lost_are_told_from_a_deletion(
    targets: tuple[str, ...], granted: frozenset[str], standing: Standing
) -> None:
    """T-14."""
    assert why_gone([Target(each) for each in targets], granted).standing is standing


def test_losing_and_overseeing_change_nothing_twice() -> None:
    lost = Lost(Standing.UNCONFIRMED, "busy")

    once = lose(HELD, lost, NOW)
    too_large = oversee(ID, HELD, NOW, "too large")

    assert lose(once, lost, NOW + timedelta(1)) is once
    assert once.is_live
    assert oversee(ID, too_large, NOW + timedelta(1), "too large") is too_large
    assert (too_large.read, too_large.digest) == ("v1", "")
