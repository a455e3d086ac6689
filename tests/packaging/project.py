"""The compose project as a user has it, and what the VTN in it holds."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from tests.packaging.engine import Engine
from tests.rig.openleadr_users import Client, token
from tests.rig.processes import free_port
from tests.rig.rest import call, expect

_PAGE = 50
_PORTS = {
    "daemon": "OPERATOR_PORT",
    "vtn": "VTN_PORT",
    "sandbox-daemon": "SANDBOX_OPERATOR_PORT",
    "sandbox": "SANDBOX_PORT",
}
"""Which variable moves a service's port."""


@dataclass(frozen=True)
class Holdings:
    """What a VTN holds: name by id, so that a second object of a name shows."""

    vens: Mapping[str, str]
    resources: Mapping[str, tuple[str, str]]

    @property
    def doubled(self) -> int:
        """Objects beyond the first of their name."""
        both = (self.vens, self.resources)
        return sum(len(found) - len(set(found.values())) for found in both)


class Project:
    """One daemon of docker-compose.yml and all that it waits for, on ports of its own."""

    def __init__(self, engine: Engine, daemon: str, vtn: str) -> None:
        self.engine = engine
        self.daemon, self.vtn = daemon, vtn
        self._ports = {name: str(free_port()) for name in _PORTS.values()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.compose("down", "--volumes", "--timeout", "1")

    def compose(self, *arguments: str) -> str:
        """Run one compose command, with every service in sight."""
        return self.engine.compose("--profile", "sandbox", *arguments, env=self._ports)

    def up(self) -> None:
        """Start as docker-compose.yml says at its top; a failure shows what the services said."""
        chosen = [] if self.daemon == "daemon" else [self.daemon]
        try:
            self.engine.compose("up", "--wait", "--wait-timeout", "240", *chosen, env=self._ports)
        except AssertionError as error:
            error.add_note(self.compose("logs", "--tail", "30"))
            raise

    def container(self, service: str) -> str:
        """Give the container of a service."""
        return self.compose("ps", "--all", "--quiet", service).strip()

    def services(self) -> dict[str, str]:
        """Every service and its state."""
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        return {each["Service"]: each["State"] for each in map(json.loads, lines)}

    def secret(self, service: str, name: str) -> str:
        """Read a secret where its service reads it."""
        return self.compose("exec", "-T", service, "cat", f"/run/secrets/{name}")

    def inventory(self, statement: str) -> str:
        """Carry out one statement on the inventory, and give the first value that it gave."""
        script = (
            "import sqlite3; c = sqlite3.connect('resources.db'); "
            f"print(*(c.execute('{statement}').fetchone() or ('',))[:1]); c.commit()"
        )
        return self.compose("exec", "-T", self.daemon, "python3", "-c", script).strip()

    def stop(self, service: str) -> tuple[int, float]:
        """Stop a service's container; give its exit code and how many seconds that took."""
        container, began = self.container(service), time.monotonic()
        self.engine.docker("stop", "--time", "10", container)
        took = time.monotonic() - began
        return self.engine.inspect(container)["State"]["ExitCode"], took

    def reconcile(self) -> None:
        """Have the daemon compare everything once more, and wait for the end of that."""
        before = self._passes()
        bearer = self.secret(self.daemon, "operator_token")
        expect(
            202, call("POST", f"{self._url(self.daemon)}/api/v1/reconcile", body={}, token=bearer)
        )
        deadline = time.monotonic() + 90
        while self._passes() == before:
            assert time.monotonic() < deadline, self.compose("logs", "--tail", "30", self.daemon)
            time.sleep(0.2)

    def holdings(self) -> Holdings:
        """Read everything back from the VTN, over its API."""
        business = Client("business", self.secret(self.vtn, "business_secret"))
        bearer = token(self._url(self.vtn), business)
        vens = self._listed("vens", bearer)
        resources = self._listed("resources", bearer)
        return Holdings(
            {ven["id"]: ven["venName"] for ven in vens},
            {each["id"]: (each["venID"], each["resourceName"]) for each in resources},
        )

    def _listed(self, what: str, bearer: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            url = f"{self._url(self.vtn)}/{what}?skip={len(found)}&limit={_PAGE}"
            page = expect(200, call("GET", url, token=bearer)).json()
            found += page
            if len(page) < _PAGE:
                return found

    def _passes(self) -> float:
        metrics = expect(200, call("GET", f"{self._url(self.daemon)}/metrics")).body.decode()
        name = 'ven_daemon_loop_runs_total{loop="registration"} '
        return next(
            float(line.removeprefix(name)) for line in metrics.splitlines() if line.startswith(name)
        )

    def _url(self, service: str) -> str:
        return f"http://127.0.0.1:{self._ports[_PORTS[service]]}"
