"""The functions of the sample client, by their names, over the services.

They read settings as the commands do, and log what they do.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import structlog
from pydantic import SecretStr

from ven_daemon.app import build_samples, obtain_token, open_inventory, open_registration
from ven_daemon.app.answering import Response, report_now, respond
from ven_daemon.app.daemon import Daemon
from ven_daemon.app.events import events_of
from ven_daemon.config import Settings, load_settings
from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.domain.events import Event
from ven_daemon.domain.fleet import Resource
from ven_daemon.domain.ids import EventId, VenName
from ven_daemon.domain.outcome import Outcome, VenOutcome
from ven_daemon.domain.registration import Policy, VenPlan
from ven_daemon.ops.reports import report
from ven_daemon.services.registration import Selection

T = TypeVar("T")

DB_PATH = "./config/resources.db"

_log = structlog.get_logger(__name__)


def generate_resources(directory: str = "./samples", db_path: str = DB_PATH) -> Path:
    """Write the sample CSV files and the inventory built from them; give its file.

    Raises:
        StoreError: the inventory cannot be written.
    """
    _run(lambda: build_samples(Path(directory), _url(db_path)))
    return Path(db_path)


def load_vens_from_sqlite(db_path: str = DB_PATH) -> list[str]:
    """List the VENs of an inventory, those with the most resources first.

    Raises:
        InventoryError: there is no usable inventory.
    """

    async def load() -> list[str]:
        async with open_inventory(_url(db_path)) as inventory:
            return [str(name) for name in await inventory.vens()]

    return _run(load)


def load_ven_resources_from_sqlite(ven_id: str, db_path: str = DB_PATH) -> list[Resource]:
    """List the enabled resources of one VEN.

    Raises:
        InventoryError: there is no usable inventory.
    """

    async def load() -> list[Resource]:
        async with open_inventory(_url(db_path)) as inventory:
            rows = await inventory.resources_of(VenName(ven_id))
            return [row for row in rows if row.enabled]

    return _run(load)


def get_access_token() -> str:
    """Obtain a token with the configured client id and secret.

    It may be called from inside a running event loop, which it then holds up.

    Raises:
        ConfigurationError: no client is configured.
        VtnError: the token endpoint gives none.
    """
    return _run(lambda: obtain_token(load_settings())).get_secret_value()


async def sample_registration(
    vtn_url: str = "http://localhost:8000",
    bearer_token: str | None = None,
    db_path: str = DB_PATH,
    limit_vens: int | None = None,
) -> Outcome:
    """Register the first *limit_vens* VENs of an inventory, or all, with their resources.

    Raises:
        VenDaemonError: nothing could be begun. What fails later is in the outcome.
    """
    given = {"vtn_url": vtn_url, "inventory_url": _url(db_path), "credential_mode": "none"}
    bearer = SecretStr(bearer_token) if bearer_token else None
    _log.info("registration.began", vtn=vtn_url, inventory=db_path)
    async with open_registration(load_settings(given), bearer=bearer) as opened:
        outcome = await opened.service.register(
            Selection(limit_vens), Policy(retry_rejected=True), _LogWatcher()
        )
    for line in outcome.summary():
        _log.info(line)
    for failure in outcome.failures:
        _log.error(
            "registration.failed",
            ven=failure.ven,
            resource=failure.resource,
            reason=failure.reason,
        )
    return outcome


async def poll_events(
    ven_id: str,
    vtn_url: str | None = None,
    bearer_token: str | None = None,
    db_path: str | None = None,
) -> list[Event]:
    """Ask the VTN for its events, and give those that mean a VEN and are not over.

    The VEN is one of the inventory, and registered where it has a credential of its own.
    What is read is put on record, as the daemon does; while that runs with the same state
    it polls by itself, and what it has on record is given.

    Raises:
        VenDaemonError: the events cannot be read.
    """
    settings, bearer = _chosen(vtn_url, bearer_token, db_path)
    return await events_of(settings, VenName(ven_id), bearer)


async def create_report(
    ven_id: str,
    event_id: str,
    readings: Sequence[Mapping[str, object]] = (),
    vtn_url: str | None = None,
    bearer_token: str | None = None,
    db_path: str | None = None,
) -> list[dict[str, Any]]:
    """Report to the VTN what an event asks of a VEN: what is due, and what may be said any time.

    *readings* are taken first, in the form of `POST /api/v1/readings`. Gives the reports
    of that VEN and event, the newest first, and how they stand.

    Raises:
        StateInUseError: a daemon is running with the same state; it reports by itself.
        VenDaemonError: a reading is unfit, or the VTN cannot be asked.
    """
    settings, bearer = _chosen(vtn_url, bearer_token, db_path)
    found = await report_now(settings, VenName(ven_id), EventId(event_id), readings, bearer)
    return [report(each) for each in found]


async def respond_to_event(
    ven_id: str,
    event_id: str,
    response: str = "optIn",
    vtn_url: str | None = None,
    bearer_token: str | None = None,
    db_path: str | None = None,
) -> list[dict[str, Any]]:
    """Follow an event (`optIn`) or not (`optOut`, `notParticipating`), from now on.

    OpenADR 3 has no such answer: the decision is kept here, and told to the VTN where the
    event asks for OPERATING_STATE. Gives the reports of that VEN and event, as
    `create_report` does; none where a daemon is running, which reports by itself.

    Raises:
        ConfigurationError: there is no such VEN or response.
        VenDaemonError: the VTN cannot be asked.
    """
    settings, bearer = _chosen(vtn_url, bearer_token, db_path)
    try:
        chosen = Response(response)
    except ValueError:
        raise ConfigurationError(f"response: one of {', '.join(Response)}") from None
    found = await respond(settings, VenName(ven_id), EventId(event_id), chosen, bearer)
    return [report(each) for each in found]


async def startup(
    vtn_url: str | None = None,
    db_path: str | None = None,
) -> None:
    """Register, follow events, take readings and report, until told to stop: `ven-daemon run`.

    Raises:
        VenDaemonError: it cannot start, or a store was lost on the way.
    """
    await Daemon(lambda: _chosen(vtn_url, None, db_path)[0]).run()


def _chosen(
    vtn_url: str | None, bearer_token: str | None, db_path: str | None
) -> tuple[Settings, SecretStr | None]:
    url = _url(db_path) if db_path is not None else None
    settings = load_settings({"vtn_url": vtn_url, "inventory_url": url})
    return settings, SecretStr(bearer_token) if bearer_token else None


class _LogWatcher:
    def planned(self, plans: Sequence[VenPlan]) -> None:
        _log.info("registration.planned", vens=len(plans))

    def resource_done(self, ven: VenName) -> None:
        """A line per VEN is enough."""

    def ven_done(self, outcome: VenOutcome) -> None:
        log = _log.error if outcome.failed else _log.info
        log("registration.ven_done", ven=outcome.ven, resources=outcome.registered)

    def waiting(self, why: str, seconds: float) -> None:
        _log.info("registration.waiting", why=why, seconds=round(seconds, 1))


def _url(db_path: str) -> str:
    return db_path if "://" in db_path else f"sqlite:///{db_path}"


def _run(step: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run *step* to its end, in a thread of its own where a loop is running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(step())
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(step())).result()
