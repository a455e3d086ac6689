"""Registration inside the test's own process: the wiring of the program, without its command."""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from pydantic import SecretStr

from tests.registration.fleet import SmallFleet
from tests.sandbox.rig import Sandbox
from ven_daemon.app import open_registration, open_state
from ven_daemon.config import Settings
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.outcome import Outcome
from ven_daemon.domain.registration import Kind, Policy, VenPlan
from ven_daemon.services.registration import Selection
from ven_daemon.store.credentials import ClientSecret, CredentialStore

OWN = {"Aalborg": "c-aalborg", "Brande": "c-brande", "Corsør": "c-corsoer"}
"""The client of each VEN; its secret is `s-` and its id."""


def business(client: str = "operator", mode: str = "shared") -> dict[str, str]:
    """The settings of a credential that all VENs have in common."""
    return {"credential_mode": mode, "client_id": client, "client_secret": f"s-{client}"}


class Registrar:
    """One installation: every call opens everything anew, as a run of the command does."""

    def __init__(self, fleet: SmallFleet, vtn: str, **settings: Any) -> None:
        self.fleet = fleet
        self.state = fleet.file.with_name("state.db")
        self.settings = {
            "vtn_url": vtn,
            "inventory_url": fleet.url,
            "state_url": f"sqlite:///{self.state}",
            "request_timeout": timedelta(seconds=1),
            "credential_mode": "none",
            "credentials_key": Fernet.generate_key().decode(),
        } | settings

    async def register(
        self, *names: str, wait: float = 10, limit: int | None = None, **policy: bool
    ) -> Outcome:
        """Register as the command does."""
        chosen = Policy(**{"retry_rejected": True, **policy})
        async with open_registration(self._settings, wait=timedelta(seconds=wait)) as opened:
            return await opened.service.register(Selection(limit, names), chosen)

    async def plan(self, **policy: bool) -> list[VenPlan]:
        """Say what would be done."""
        async with open_registration(self._settings, wait=timedelta(seconds=10)) as opened:
            return await opened.service.plan(Selection(), Policy(**policy))

    async def give_credentials(self, clients: Mapping[str, str], **secrets: str) -> None:
        """Store a credential for each VEN; *secrets* are those that are not as usual."""
        found = {
            VenName(ven): ClientSecret(client, SecretStr(secrets.get(ven, f"s-{client}")))
            for ven, client in clients.items()
        }
        settings = self._settings
        async with open_state(settings) as database:
            await CredentialStore(database, settings.credentials_key).replace(found)

    def tamper(self, statement: str) -> None:
        """Change the state behind the program's back."""
        with closing(sqlite3.connect(self.state)) as connection, connection:
            assert connection.execute(statement).rowcount == 1

    def settles_at(self) -> datetime:
        """From when on, by what is on record, the VTN accepts nothing that was sent."""
        with closing(sqlite3.connect(self.state)) as connection, suppress(sqlite3.Error):
            for (until,) in connection.execute("SELECT settled_at FROM ven_registrations"):
                return datetime.fromisoformat(until or "0001-01-01").replace(tzinfo=UTC)
        return datetime.min.replace(tzinfo=UTC)

    def lose_state(self) -> None:
        """Lose the state database, its marker and its companions."""
        for file in self.state.parent.glob(f"{self.state.name}*"):
            file.unlink()

    @property
    def _settings(self) -> Settings:
        return Settings(_env_file=None, **self.settings)


def reasons(outcome: Outcome) -> dict[tuple[str, str | None], str]:
    """What failed, and why."""
    return {(each.ven, each.resource): each.reason for each in outcome.failures}


def did(outcome: Outcome) -> dict[Kind, int]:
    """How many resources were treated how."""
    return dict(outcome.kinds)


def marker(state: Path) -> Path:
    """The file that says that a state database existed."""
    return state.with_name(f"{state.name}.id")


async def resources(vtn: Sandbox) -> list[Any]:
    """Everything that stands under vens at the VTN."""
    return [each async for each in _listing(vtn, "/resources")]


async def vens(vtn: Sandbox) -> dict[str, Any]:
    """The vens at the VTN, by name."""
    return {each["venName"]: each async for each in _listing(vtn, "/vens")}


async def of_ven(vtn: Sandbox, ven: str) -> dict[str, Any]:
    """The first fifty resources of one VEN, by name."""
    ven_id = (await vens(vtn))[ven]["id"]
    listed = (await vtn.get(f"/resources?venID={ven_id}&limit=50")).json
    return {each["resourceName"]: each for each in listed}


async def writes(vtn: Sandbox, after: int = 0) -> list[tuple[str, str]]:
    """Method and path of every accepted write, in order, of behind line *after* of the ledger."""
    lines = (await vtn.ledger())[after:]
    return [(each["method"], each["path"]) for each in lines if each["accepted"]]


async def _listing(vtn: Sandbox, path: str) -> AsyncIterator[Any]:
    skip = 0
    while page := (await vtn.get(f"{path}?skip={skip}&limit=50")).json:
        for each in page:
            yield each
        skip += len(page)


def attribute(shown: Any, kind: str) -> list[Any]:
    """The values of one attribute of an object."""
    (found,) = [each["values"] for each in shown["attributes"] if each["type"] == kind]
    values: list[Any] = found
    return values
