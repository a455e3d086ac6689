"""One VEN answers one event, for the Python functions: it reports, or says that it opts out."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import SecretStr

from ven_daemon.app.connection import exchange_of, people_of
from ven_daemon.app.dispatching import FleetBooks, open_dispatch
from ven_daemon.app.events import PATIENCE, readers
from ven_daemon.app.events import reading as event_reading
from ven_daemon.app.registration import open_inventory, open_state
from ven_daemon.app.reporting import Reporting, reporting
from ven_daemon.config import Settings
from ven_daemon.domain.errors import ConfigurationError, StateInUseError
from ven_daemon.domain.fleet import Fleet
from ven_daemon.domain.ids import EventId, VenName
from ven_daemon.domain.readings import Gate
from ven_daemon.services.dispatch import Wish
from ven_daemon.services.events import EVERYBODY
from ven_daemon.services.reporting.subjects import FOLLOWING
from ven_daemon.store.outbox_listing import Asked
from ven_daemon.store.outbox_rows import Filed
from ven_daemon.store.readings import ReadingStore
from ven_daemon.store.registrations import RegistrationStore

PAGE = 1000
"""Reports of one VEN and event that are given, the newest first."""

PAUSE = 0.2

SENDING = 10.0
"""Seconds for which reports are waited for; those that are not sent by then stay in the outbox."""


class Response(StrEnum):
    """What the sample client answered events with."""

    OPT_IN = "optIn"
    OPT_OUT = "optOut"
    NOT_PARTICIPATING = "notParticipating"


class _Others:
    """Everybody but one VEN: they are left to the daemon."""

    def __init__(self, ven: VenName) -> None:
        self._ven = ven

    def __contains__(self, ven: object) -> bool:
        return ven != self._ven


async def report_now(
    settings: Settings,
    ven: VenName,
    event: EventId,
    given: Iterable[object] = (),
    bearer: SecretStr | None = None,
) -> Sequence[Filed]:
    """Take readings, build what is due by now or may be reported at any time, and send it.

    Raises:
        ConfigurationError: there is no such VEN, nobody speaks for it, or a reading is unfit.
        StateInUseError: a daemon is running with the same state.
        VtnError: the VTN does not show its events.
    """
    async with _answering(settings, ven, bearer) as (opened, readings, fleet):
        known = {row.resource_id for each in fleet.vens for row in each.resources}
        gate = Gate.at(datetime.now(UTC), known, retention=settings.readings_retention)
        sifted = gate.sift(given)
        for refused in sifted.refused:
            raise ConfigurationError(f"reading {refused.index}: {refused.reason}")
        if sifted.accepted:
            await readings.write(sifted.accepted)
        await opened.owing.step()
        await opened.completing.step()
        await opened.owing.ad_hoc([ven], None, event)
        return await _send(opened, ven, event)


async def respond(
    settings: Settings,
    ven: VenName,
    event: EventId,
    response: Response,
    bearer: SecretStr | None = None,
) -> Sequence[Filed]:
    """Follow an event from now on, or no longer; tell the VTN where the event asks for it.

    A daemon that is running tells it by itself.

    Raises:
        ConfigurationError: there is no such VEN.
        VtnError: the VTN does not show its events.
    """
    async with open_dispatch(settings) as front:
        standing = [each.out for each in await front.opt_outs()]
        held = [out for out in standing if (out.ven, out.event) == (ven, event)]
        if response is Response.OPT_IN:
            for out in held:
                await front.opt_in(out.id)
        elif not held:
            await front.opt_out(Wish(ven, event=event, reason=response.value))
    try:
        async with _answering(settings, ven, bearer) as (opened, _, _):
            await opened.owing.step()
            await opened.owing.ad_hoc([ven], FOLLOWING, event)
            return await _send(opened, ven, event)
    except StateInUseError:
        return ()


@asynccontextmanager
async def _answering(
    settings: Settings, ven: VenName, bearer: SecretStr | None
) -> AsyncIterator[tuple[Reporting, ReadingStore, Fleet]]:
    """Open what reports for one VEN, with the events that the VTN shows it now."""
    async with AsyncExitStack() as stack:
        inventory = await stack.enter_async_context(open_inventory(settings.inventory_url))
        database = await stack.enter_async_context(open_state(settings))
        exchange = await stack.enter_async_context(exchange_of(settings))
        people = await people_of(settings, exchange, PATIENCE)
        connected = await people.connected(database, bearer)
        found = readers(connected, await RegistrationStore(database, connected.vtn).bearers())
        reader = found.get(ven) or found.get(EVERYBODY)
        fleet = await inventory.fleet()
        if reader is None or ven not in {each.name for each in fleet.vens}:
            raise ConfigurationError(f"{ven} is no VEN of the inventory, or nobody speaks for it")
        events, readings = event_reading(settings, database).service, ReadingStore(database)
        await events.poll(reader)
        others = _Others(ven)
        book = FleetBooks(inventory, database).of(connected.vtn)
        opened = reporting(
            lambda: settings, connected, database, inventory, book, readings, events, others
        )
        yield opened, readings, fleet


async def _send(opened: Reporting, ven: VenName, event: EventId) -> Sequence[Filed]:
    """Send what one VEN has, as far as it goes in a few seconds; give what became of it."""
    deadline = time.monotonic() + SENDING
    while True:
        await opened.draining.begin()
        await opened.draining.settle()
        if not await opened.outbox.next_of(ven, 1) or time.monotonic() > deadline:
            return await opened.listing.find(Asked(ven, event, limit=PAGE))
        await asyncio.sleep(PAUSE)
