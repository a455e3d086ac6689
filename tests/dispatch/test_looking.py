"""When a step looks whether fleet and opt-outs changed, when it plans without, and where."""

import threading
from collections.abc import Iterator

import pytest

from tests.dispatch.rig import SHED, VEJLE, Rig, at, event
from ven_daemon.domain.dispatching.selectors import Route
from ven_daemon.domain.errors import LeaseLostError
from ven_daemon.domain.optouts import OptOut
from ven_daemon.services.dispatch import Choices
from ven_daemon.services.dispatch.layout import AT_ONCE
from ven_daemon.services.dispatch.service import LOOK_AGE


async def test_a_new_event_looks_at_no_fleet_until_what_was_seen_of_it_is_old(rig: Rig) -> None:
    await rig.turn(0)
    rig.fleet.change("pool", enabled=False)
    rig.book.publish(event())
    rig.service.events_changed()
    early = await rig.service.step()

    rig.now += LOOK_AGE
    rig.service.events_changed()
    late = await rig.service.step()

    assert {each.place.resource for each in early.created} == {"cafe", "charger", "pool"}
    assert [each.place.resource for each in late.changed] == ["pool"]


async def test_no_event_overtakes_who_opted_out_before_it(rig: Rig) -> None:
    await rig.turn(0)
    await rig.outs.add(OptOut("1", VEJLE, at(0)), at(0))
    rig.book.publish(event())
    rig.service.events_changed()

    changes = await rig.service.step()

    assert {each.place.resource for each in changes.created} == {"cafe", "charger"}


async def test_a_step_that_nobody_asked_for_looks_at_everybody(rig: Rig) -> None:
    rig.book.publish(event())
    await rig.service.step()
    await rig.outs.add(OptOut("1", VEJLE, at(0)), at(0))

    changes = await rig.service.step()

    assert [each.place.resource for each in changes.changed] == ["pool"]


async def test_an_event_whose_step_could_not_be_kept_is_taken_up_by_the_next(rig: Rig) -> None:
    await rig.turn(0)
    rig.book.publish(event())
    rig.service.events_changed()
    rig.database.standing.epoch = 7  # of a lease that nobody holds
    with pytest.raises(LeaseLostError):
        await rig.service.step()
    rig.database.standing.epoch = None

    changes = await rig.service.step()

    assert {each.place.resource for each in changes.created} == {"cafe", "charger", "pool"}


class Watched(tuple[Route, ...]):
    """Routes that note which threads read them."""

    readers: set[threading.Thread]

    def __iter__(self) -> Iterator[Route]:
        self.readers.add(threading.current_thread())
        return super().__iter__()


@pytest.mark.parametrize(
    ("windows", "on_the_loop"), [(AT_ONCE // 3, True), (AT_ONCE // 3 + 1, False)]
)
async def test_only_a_plan_of_few_is_made_on_the_event_loop(
    rig: Rig, windows: int, *, on_the_loop: bool
) -> None:
    """Three resources are told something in each window."""
    routes = Watched([Route("log")])
    routes.readers = set()
    rig.choices = Choices(routes=routes)
    rig.book.publish(event("e", 0, 1, *[SHED] * windows))

    changes = await rig.service.step()

    assert len(changes.created) == 3
    assert (routes.readers == {threading.current_thread()}) is on_the_loop
