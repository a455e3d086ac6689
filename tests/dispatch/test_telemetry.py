"""Fail-safe: what becomes of what a resource follows when its readings stop (decision 10)."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from tests.dispatch.rig import Rig, at, event
from tests.dispatch.told import APPLY, RELEASE
from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.readings import Quality, Quantity, Reading
from ven_daemon.services.dispatch import Choices

RELEASING = Choices(measured_within=timedelta(minutes=15))

pytestmark = pytest.mark.usefixtures("charger_like_the_others")


async def measure(rig: Rig, resource: str, minutes: float, quality: Quality = Quality.OK) -> None:
    value = None if quality is Quality.MISSING else 5.0
    key = ResourceKey(resource)
    await rig.readings.write([Reading(key, Quantity.POWER, value, at(minutes), quality)])


async def test_unless_it_is_chosen_events_hold_to_their_end_whatever_is_measured(rig: Rig) -> None:
    rig.book.publish(event(lasts=120))
    await measure(rig, "pool", -1)
    await rig.turn(0)

    assert await rig.turn(60) == []


async def test_who_brings_no_readings_any_more_is_released_and_nobody_else(rig: Rig) -> None:
    rig.choices = RELEASING
    rig.book.publish(event(lasts=120))
    await measure(rig, "pool", 0)
    await measure(rig, "cafe", 0)
    await rig.turn(0)
    await measure(rig, "cafe", 14)

    early = await rig.turn(14)
    with capture_logs() as logs:
        late = await rig.turn(15)
        again = await rig.turn(16)

    assert early == []
    assert late == [(RELEASE, "pool", 12.5)]  # the charger never brought any
    assert again == []
    assert [each for each in logs if each["event"] == "dispatch.telemetry_gone"] == [
        {
            "event": "dispatch.telemetry_gone",
            "log_level": "warning",
            "resources": 1,
            "among_them": ["pool"],
        }
    ]


async def test_who_is_heard_again_follows_what_holds_then(rig: Rig) -> None:
    rig.choices = RELEASING
    rig.book.publish(event(lasts=120))
    await measure(rig, "pool", 0)
    await rig.turn(0)
    await rig.turn(20)
    await measure(rig, "pool", 21)

    assert await rig.turn(22) == [(APPLY, "pool", 12.5)]
    assert [each.kw for each in rig.sink.commands if each.resource == "pool"] == [12.5] * 3


async def test_what_is_said_to_be_missing_was_not_measured(rig: Rig) -> None:
    rig.choices = RELEASING
    rig.book.publish(event(lasts=120))
    await measure(rig, "pool", 0)
    await rig.turn(0)
    await measure(rig, "pool", 10, Quality.MISSING)

    assert await rig.turn(15) == [(RELEASE, "pool", 12.5)]


async def test_after_a_restart_nobody_is_released_before_it_could_be_heard(rig: Rig) -> None:
    rig.choices = RELEASING
    rig.book.publish(event(lasts=600))
    await measure(rig, "pool", 0)
    await rig.turn(0)
    rig.now = at(60)
    rig.start()

    assert await rig.turn(61) == []
    assert await rig.turn(75) == [(RELEASE, "pool", 12.5)]


async def test_who_is_silent_is_to_be_seen(rig: Rig) -> None:
    rig.choices = RELEASING
    await measure(rig, "pool", 0)
    await rig.turn(0)

    await rig.turn(20)

    assert rig.service.planned is not None
    assert rig.service.planned.quiet.resources.keys() == {"pool"}
