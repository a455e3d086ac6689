"""The event service over a real VTN and a real store, put together in the test's own process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from pydantic import SecretStr

from tests.sandbox.rig import Sandbox
from tests.vtn.servers import transporting
from ven_daemon.domain.events import Event, Program
from ven_daemon.domain.ids import EventId
from ven_daemon.domain.sightings import Sighting
from ven_daemon.services.events import EVERYBODY, Changed, EventService, Reader
from ven_daemon.store.database import Database
from ven_daemon.store.sightings import SightingStore
from ven_daemon.store.versions import VersionStore
from ven_daemon.vtn.client import VtnClient
from ven_daemon.vtn.token import BearerToken, Credential, NoCredential
from ven_daemon.vtn.transport import Transport
from ven_daemon.wire.dialects import PROFILES
from ven_daemon.wire.profile import INTERVALS_MOST, Form

VTN = "http://vtn/"


class Rig:
    """One service; `reopen` makes another on the same store, as a restart does."""

    def __init__(
        self,
        transport: Transport,
        database: Database,
        profile: str = "3.1",
        intervals_most: int = INTERVALS_MOST,
        program_period: timedelta = timedelta(0),
    ) -> None:
        self.transport = transport
        self.database = database
        self.profile = PROFILES[profile]
        self.told: list[Changed] = []
        self._intervals_most = intervals_most
        self._program_period = program_period

    async def reopen(self) -> None:
        """Begin without a memory, as after a restart."""
        self.events = VersionStore(self.database, Event)
        self.programs = VersionStore(self.database, Program)
        self.store = SightingStore(self.database, VTN, self.events)
        self.service = EventService(
            self.store, self.events, self.programs, self._program_period, self._intervals_most
        )
        self.service.listeners.append(self.told.append)
        await self.service.open()

    def reader(
        self, name: str = EVERYBODY, credential: Credential | None = None, *granted: str
    ) -> Reader:
        client = VtnClient(self.transport, self.profile, credential or NoCredential(), Form.VEN)
        return Reader(name, client, granted)

    async def ven(self, sandbox: Sandbox, client: str, *granted: str) -> Reader:
        """A VEN that polls for itself, with its own token."""
        return self.reader(client, BearerToken(SecretStr(await sandbox.token(client))), *granted)

    async def held(self, reader: str = EVERYBODY) -> dict[EventId, Sighting]:
        """What the store says of one reader."""
        return await self.store.of(reader)

    async def standings(self, reader: str = EVERYBODY) -> dict[str, str]:
        return {id_: each.standing.value for id_, each in (await self.held(reader)).items()}


@asynccontextmanager
async def reading(
    url: str, database: Database, profile: str = "3.1", intervals_most: int = INTERVALS_MOST
) -> AsyncIterator[Rig]:
    async with transporting(url, patience=0.5, seconds=5) as transport:
        rig = Rig(transport, database, profile, intervals_most)
        await rig.reopen()
        yield rig
