"""Steps of dispatch, and sinks that are away, refuse, break, are full or chosen."""

import asyncio
from datetime import datetime
from itertools import count

import pytest
from structlog.testing import capture_logs

from tests.dispatch.rig import Rig, at, event
from tests.dispatch.told import EVERYBODY
from ven_daemon.domain.dispatches import Answer, Verdict
from ven_daemon.domain.dispatching.selectors import Route, Selector
from ven_daemon.services.dispatch import Choices, Courier

pytestmark = pytest.mark.usefixtures("charger_like_the_others")


async def test_an_unreachable_sink_is_asked_again_until_it_answers(rig: Rig) -> None:
    rig.book.publish(event())
    rig.sink.answer = lambda _: Answer(Verdict.UNREACHABLE, "refused")
    await rig.turn(0)

    rig.sink.answer = type(rig.sink).answer
    told = await rig.turn(1)

    assert told == EVERYBODY
    assert [c.repeated for c in rig.sink.commands] == [False] * 3 + [True] * 3
    assert len({c.key for c in rig.sink.commands}) == 3


async def test_a_sink_in_trouble_is_told_of_in_its_words_and_so_is_its_return(rig: Rig) -> None:
    rig.book.publish(event())
    rig.sink.answer = lambda _: Answer(Verdict.UNREACHABLE, "no route to the gateway")
    with capture_logs() as lost:
        await rig.turn(0)
    was_unreachable = rig.courier.tally.unreachable

    rig.sink.answer = lambda _: Answer(Verdict.FAILED, "no such device")
    with capture_logs() as back:
        await rig.turn(1)

    assert was_unreachable
    assert not rig.courier.tally.unreachable
    [line] = [each for each in lost if each["event"] == "courier.sink_unreachable"]
    assert line["error"].endswith("no route to the gateway")
    assert line["commands"] == 3
    told = [each["event"] for each in back if each["event"].startswith("courier")]
    assert told == ["courier.sink_refused", "courier.sink_reached"]


async def test_what_never_got_through_expires(rig: Rig) -> None:
    rig.book.publish(event())
    rig.sink.answer = lambda _: Answer(Verdict.UNREACHABLE, "refused")
    await rig.turn(0)
    rig.sink.answer = type(rig.sink).answer

    assert await rig.turn(61) == []


async def test_what_a_sink_refuses_is_not_offered_again(rig: Rig) -> None:
    rig.book.publish(event())
    rig.sink.answer = lambda _: Answer(Verdict.FAILED, "no")
    await rig.turn(0)

    rig.start()

    assert await rig.turn(5) == []
    assert await rig.turn(61) == []


async def test_a_sink_that_breaks_is_a_sink_that_cannot_be_reached(rig: Rig) -> None:
    def broken(_: object) -> Answer:
        raise ZeroDivisionError

    rig.book.publish(event())
    rig.sink.answer = broken
    await rig.turn(0)
    rig.sink.answer = type(rig.sink).answer

    assert rig.courier.tally.verdicts[Verdict.UNREACHABLE] == 3
    assert await rig.turn(1) == EVERYBODY


async def test_resources_are_reached_by_the_sink_that_is_set_for_them(rig: Rig) -> None:
    rig.choices = Choices(routes=(Route("log"), Route("mqtt", Selector(resource="pool"))))
    rig.book.publish(event())

    assert await rig.turn(0) == EVERYBODY[:2]
    assert len(await rig.store.hand("mqtt", at(0), at(9), 10)) == 1


async def test_a_full_sink_is_waited_for_without_haste(rig: Rig) -> None:
    rig.book.publish(event())
    await rig.service.step()
    rig.sink.batch, rig.sink.in_flight, rig.sink.gate = 1, 1, asyncio.Event()
    looks = count()

    def clock() -> datetime:
        next(looks)
        return rig.now

    courier = Courier(rig.sink, rig.store, lambda: 0.5, clock)
    running = asyncio.create_task(courier.run())
    try:
        await rig.sink.holds(1)
        await asyncio.sleep(0.2)
        during = next(looks)
        rig.sink.gate.set()
        await rig.sink.holds(3)
    finally:
        running.cancel()
        await asyncio.wait([running])

    assert during < 10
