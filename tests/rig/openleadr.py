"""A real VTN as a program: openleadr-vtn over a database of its own."""

import base64
import hashlib
import itertools
import secrets
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from tests.rig import openleadr_users as users
from tests.rig.openleadr_install import Release, installed
from tests.rig.openleadr_users import BUSINESS, Client
from tests.rig.postgres import Database
from tests.rig.processes import Program, free_port, port_is_taken
from tests.rig.rest import call, expect

_FIXED_SECRET = base64.b64encode(hashlib.sha256(b"a secret that outlives restarts").digest())


@dataclass(frozen=True)
class HeldResource:
    """A resource as the VTN's own tables hold it."""

    id: str
    ven: str
    name: str
    attributes: dict[str, list[Any]]
    modified: datetime


@dataclass(frozen=True)
class HeldVen:
    """A VEN as the VTN's own tables hold it."""

    id: str
    name: str
    client: str | None
    modified: datetime


class OpenleadrVtn:
    """One VTN; it can be restarted, emptied, and asked what it really holds."""

    def __init__(self, release: Release, database: Database) -> None:
        self.release = release
        self.database = database
        self.port = release.fixed_port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder: Path | None = None
        self._secret = _FIXED_SECRET.decode()
        self._program: Program | None = None

    def start(self) -> None:
        """Start it, on the tables it makes itself, and add the business client."""
        self._run()
        with self.database.connect() as connection:
            users.add_first_user(connection, is_30=self.release.is_30)

    def restart(self, *, new_secret: bool = False) -> None:
        """Stop and start it; with a new secret every token given so far is void."""
        self._end()
        if new_secret:
            self._secret = base64.b64encode(secrets.token_bytes(32)).decode()
        self._run()

    def stop(self) -> None:
        """End it by its id."""
        self._end()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def output(self) -> str:
        """What it has logged since it was started last."""
        return self._program.output() if self._program else ""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:  # half started is still to be ended
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def business(self) -> Client:
        """The client that may do everything (3.0: VEN manager, user manager, any business)."""
        return BUSINESS

    def token(self, client: Client) -> str:
        """Obtain a token."""
        return users.token(self.url, client)

    def ven_clients(self, names: list[str]) -> dict[str, Client]:
        """Give every named VEN a client of its own (3.1)."""
        return users.add_ven_clients(self.url, names)

    def ven_user(self) -> Client:
        """Give one client the roles of all VENs that are registered (3.0)."""
        return users.add_ven_user(self.url, [ven.id for ven in self.vens()])

    def register(self, ven: str, resource: str) -> None:
        """Register one VEN with one resource, as another business client than ours would."""
        bearer = self.token(self.business)
        body: dict[str, object] = {"venName": ven}
        if not self.release.is_30:
            body |= {"objectType": "BL_VEN_REQUEST", "clientID": f"client-{len(self.vens())}"}
        created = expect(201, call("POST", f"{self.url}/vens", body=body, token=bearer))
        ven_id = created.json()["id"]
        body = {"resourceName": resource, "attributes": [{"type": "ROOMS", "values": [25.0]}]}
        path = f"/vens/{ven_id}/resources"
        if not self.release.is_30:
            body |= {"objectType": "BL_RESOURCE_REQUEST", "venID": ven_id}
            path = "/resources"
        expect(201, call("POST", f"{self.url}{path}", body=body, token=bearer))

    def wipe(self) -> None:
        """Forget every VEN and resource; users and programs stay."""
        with self.database.connect() as connection:
            connection.execute("SET lock_timeout = '10s'")
            connection.execute("TRUNCATE ven, resource CASCADE")

    def vens(self) -> list[HeldVen]:
        """Read the VENs back, past the API."""
        client = "NULL" if self.release.is_30 else "client_id"
        rows = self._rows(f"SELECT id, ven_name, {client}, modification_date_time FROM ven")
        return [HeldVen(*row) for row in rows]

    def resources(self) -> list[HeldResource]:
        """Read the resources back, past the API."""
        rows = self._rows(
            "SELECT r.id, v.ven_name, r.resource_name, r.attributes, r.modification_date_time"
            " FROM resource r JOIN ven v ON v.id = r.ven_id"
        )
        return [HeldResource(i, v, n, _by_type(attrs), m) for i, v, n, attrs, m in rows]

    def counts(self) -> tuple[int, int]:
        """Count VENs and resources."""
        ((vens, resources),) = self._rows(
            "SELECT (SELECT count(*) FROM ven), (SELECT count(*) FROM resource)"
        )
        return vens, resources

    def duplicates(self) -> list[str]:
        """Name what stands there more than once: a VEN's name, a name under one VEN."""
        names = Counter(
            itertools.chain(
                (ven.name for ven in self.vens()),
                (f"{resource.ven}/{resource.name}" for resource in self.resources()),
            )
        )
        return [name for name, times in names.items() if times > 1]

    def modifications(self) -> dict[str, datetime]:
        """Tell when each VEN and resource was written last, by its id."""
        vens = {ven.id: ven.modified for ven in self.vens()}
        return vens | {resource.id: resource.modified for resource in self.resources()}

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.connect() as connection:
            return connection.execute(query).fetchall()

    def _run(self) -> None:
        assert not port_is_taken(self.port), (
            f"openleadr-vtn {self.release.version} always listens on port {self.port}, "
            "and another program has it: end that one first"
            if self.release.fixed_port
            else f"port {self.port} was taken in the meantime"
        )
        program = installed(self.release)
        if self._folder is None:  # nobody's .env is in it
            self._folder = Path(tempfile.mkdtemp(prefix="ven-vtn-"))
        log = self._folder / "vtn.log"
        self._program = Program([program], log, env=self._environment(), cwd=self._folder)
        self._program.wait_for_url(f"{self.url}/health", within=60)

    def _end(self) -> None:
        if self._program is not None:
            self._program.stop()

    def _environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database.libpq_url,
            "PORT": str(self.port),
            "OAUTH_TYPE": "INTERNAL",
            "OAUTH_BASE64_SECRET": self._secret,
            "OAUTH_TOKEN_URL": f"{self.url}/auth/token",
            "RUST_LOG": "openleadr_vtn=warn",
            "NO_COLOR": "1",
        }


def _by_type(attributes: list[dict[str, Any]] | None) -> dict[str, list[Any]]:
    return {entry["type"]: entry["values"] for entry in attributes or ()}
