"""What dispatch needs, put together: for the daemon, and for commands beside it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from yarl import URL

from ven_daemon.app.registration import open_inventory
from ven_daemon.config import Settings
from ven_daemon.devices.port import Sink
from ven_daemon.domain.dispatching.rules import Rules
from ven_daemon.domain.dispatching.schedules import stranger
from ven_daemon.domain.dispatching.selectors import Route
from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.services.dispatch import Choices, Decision, FleetBook, Opting, Wish
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.dispatch_listing import Asked, DispatchListing, Found
from ven_daemon.store.inventory import InventoryStore
from ven_daemon.store.optouts import OptOutStore
from ven_daemon.store.registrations import RegistrationStore


def choices_of(settings: Settings) -> Choices:
    """Give what an operator chose, as dispatch has it; what no route is for goes to `log`."""
    return Choices(
        Rules(tuple(each.rule() for each in settings.dispatch_policies)),
        (Route("log"), *(each.route() for each in settings.sinks)),
        settings.dispatch_horizon,
        settings.failsafe_after,
        settings.failsafe == "release",
        settings.failsafe_telemetry_after if settings.failsafe_telemetry == "release" else None,
    )


def check_routes(settings: Settings, sinks: Mapping[str, Sink]) -> None:
    """See that every sink that is used is open: sinks stay those of the start.

    Raises:
        ConfigurationError: one is not.
    """
    missing = sorted({each.sink for each in settings.sinks} - sinks.keys())
    if missing:
        raise ConfigurationError(f"VEN_SINKS: {', '.join(missing)} needs a restart")


class DispatchFront:
    """Dispatch as operators see it, from the stores alone: a daemon need not be running."""

    def __init__(self, database: Database, fleet: FleetBook, opting: Opting) -> None:
        self._listing = DispatchListing(database)
        self._fleet = fleet
        self._opting = opting

    async def dispatches(self, asked: Asked) -> Found:
        """List dispatches."""
        found = await self._listing.find(asked, datetime.now(UTC))
        if found.dispatches:  # who left the inventory may have been told something before
            return found
        who = await self._fleet.addressees()
        return found._replace(
            unknown=stranger(who.index.vens, who.members, asked.ven, asked.resource)
        )

    async def opt_outs(self) -> Sequence[Decision]:
        """Give the opt-outs that hold now or will."""
        return await self._opting.holding()

    async def opt_out(self, wish: Wish) -> Decision:
        """Opt somebody out.

        Raises:
            ConfigurationError: there is nobody like that.
        """
        return await self._opting.out(wish)

    async def opt_in(self, id_: str) -> bool:
        """Take an opt-out back; False where there is none."""
        return await self._opting.back(id_)


def vtn_of(settings: Settings) -> str:
    """Say what the state database knows the VTN by, before it was ever asked."""
    return str(URL(str(settings.vtn_url).rstrip("/") + "/"))


class FleetBooks:
    """Says who can be told, by what is on record at a VTN: one book for all who ask."""

    def __init__(self, inventory: InventoryStore, database: Database) -> None:
        self._inventory = inventory
        self._database = database
        self._books: dict[str, FleetBook] = {}

    def of(self, vtn: str) -> FleetBook:
        """Give the book of one VTN."""
        if vtn not in self._books:
            records = RegistrationStore(self._database, vtn)
            self._books[vtn] = FleetBook(self._inventory, records)
        return self._books[vtn]


def fleet_book(settings: Settings, inventory: InventoryStore, database: Database) -> FleetBook:
    """Say who can be told, by what is on record at the VTN of the settings."""
    return FleetBooks(inventory, database).of(vtn_of(settings))


def dispatch_front(
    settings: Settings, inventory: InventoryStore, database: Database
) -> DispatchFront:
    """Let operators see dispatch, and opt out."""
    book = fleet_book(settings, inventory, database)
    return DispatchFront(database, book, Opting(OptOutStore(database), book))


@asynccontextmanager
async def open_dispatch(settings: Settings) -> AsyncIterator[DispatchFront]:
    """Open the stores for a command; a daemon that runs sees what changes within seconds.

    Raises:
        StoreError: a database cannot be used.
    """
    database = open_database(settings.state_url)
    try:
        await migrations.prepare(database)
        async with open_inventory(settings.inventory_url) as inventory:
            yield dispatch_front(settings, inventory, database)
    finally:
        await database.dispose()
