"""Steps of dispatch: whom an event means, and who has opted out."""

from dataclasses import replace

import pytest

from tests.dispatch.rig import AALBORG, VEJLE, Rig, at, event
from tests.dispatch.told import APPLY, EVERYBODY, RELEASE, SMALL
from ven_daemon.domain.events import Program
from ven_daemon.domain.ids import ProgramId
from ven_daemon.domain.optouts import OptOut
from ven_daemon.domain.registration import Target
from ven_daemon.services.dispatch import Known

pytestmark = pytest.mark.usefixtures("charger_like_the_others")


async def test_targets_choose_resources_and_vens(rig: Rig) -> None:
    """Emulated privacy: one credential reads all, and each gets what means it."""
    await rig.target(AALBORG, "north", cafe=("DSR",), charger=("EV",))
    await rig.target(VEJLE, "south", pool=("DSR",))
    rig.book.publish(
        event("south", 0, 60, targets=(Target("south"),)),
        event("ev", 0, 60, SMALL, targets=(Target("EV"),)),
    )

    assert await rig.turn(0) == [(APPLY, "charger", 0.0), (APPLY, "pool", 12.5)]


async def test_a_program_and_its_event_choose_together(rig: Rig) -> None:
    await rig.target(AALBORG, "north", cafe=("DSR",), charger=("EV",))
    program = Program(ProgramId("p"), "p", targets=(Target("north"),))
    asked = event(targets=(Target("DSR"),))
    rig.book.events = [Known(asked, "1", at(0), program=program)]

    assert await rig.turn(0) == [(APPLY, "cafe", 12.5)]


async def test_targets_that_were_taken_away_end_what_they_meant(rig: Rig) -> None:
    """T-14: for a resource it is the same as a deletion."""
    await rig.target(VEJLE, "south", pool=("DSR",))
    rig.book.publish(event(targets=(Target("south"),)))
    await rig.turn(0)

    rig.now = at(1)
    await rig.target(VEJLE, pool=())

    assert await rig.turn(5) == [(RELEASE, "pool", 12.5)]


async def test_each_reader_obeys_what_it_was_shown(rig: Rig) -> None:
    """T-37: the same event in two versions, by target hiding, is obeyed by each in its own."""
    shared = event()
    rig.book.events = [
        Known(shared, "a", at(0), readers=frozenset({AALBORG})),
        Known(replace(shared, targets=(Target("pool"),)), "b", at(0), readers=frozenset({VEJLE})),
    ]

    assert await rig.turn(0) == EVERYBODY


async def test_opting_out_releases_and_opting_in_again_resumes(rig: Rig) -> None:
    rig.book.publish(event())
    await rig.turn(0)

    await rig.outs.add(OptOut("1", AALBORG, at(5)), at(5))
    out = await rig.turn(5)
    await rig.outs.end("1", at(10))
    back = await rig.turn(10)

    assert out == [(RELEASE, "cafe", 12.5), (RELEASE, "charger", 12.5)]
    assert back == [(APPLY, "cafe", 12.5), (APPLY, "charger", 12.5)]
    keys = [command.key for command in rig.sink.commands if command.do is APPLY]
    assert len(keys) == len(set(keys)) == 5


async def test_a_change_of_the_inventory_is_followed(rig: Rig) -> None:
    rig.book.publish(event())
    await rig.turn(0)

    rig.fleet.capacity("cafe", 10)
    rig.fleet.change("pool", enabled=False)

    assert await rig.turn(5) == [(APPLY, "cafe", 5.0), (RELEASE, "pool", 12.5)]


async def test_targets_of_somebody_else_are_counted(rig: Rig) -> None:
    """F45: ignored, and to be seen."""
    rig.book.publish(event(targets=tuple(Target(f"t{n}") for n in range(1000))))

    assert await rig.turn(0) == []
    assert rig.service.planned is not None
    assert rig.service.planned.unknown_targets == 1000
