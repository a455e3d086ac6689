"""The installed command as an operator has it: a folder, an environment, an exit code."""

import csv
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from tests.rig.openleadr_users import Client
from tests.rig.processes import Program

COMMAND = Path(sys.executable).with_name("ven-daemon")
_TAIL = 4_000


@dataclass(frozen=True)
class Done:
    """How one run of the command ended, and what it wrote."""

    command: str
    exit_code: int
    stdout: str
    stderr: str

    def summary(self) -> dict[str, Any]:
        """Read standard output as the one JSON document it must be."""
        document: dict[str, Any] = json.loads(self.stdout)
        return document

    def __str__(self) -> str:
        said = f"--- stdout ---\n{self.stdout[-_TAIL:]}\n--- stderr ---\n{self.stderr[-_TAIL:]}"
        return f"{self.command} ended with {self.exit_code}\n{said}"


@dataclass(frozen=True)
class InventoryRow:
    """A resource as the inventory's own table has it."""

    resource_id: str
    name: str
    type: str
    sub_type: str
    meter_point: str
    ven: str
    address: str
    capacities: dict[str, float] = field(hash=False)
    location: dict[str, float] = field(hash=False)


class Installation:
    """One installation in a folder of its own; it is configured by the environment alone."""

    def __init__(self, folder: Path, inventory: Path | None = None, **settings: str) -> None:
        self.folder = folder
        self.inventory = folder / "resources.db"
        self.state = folder / "state.db"
        if inventory is not None:
            shutil.copyfile(inventory, self.inventory)
        self.settings = {
            "VEN_INVENTORY_URL": f"sqlite:///{self.inventory}",
            "VEN_STATE_URL": f"sqlite:///{self.state}",
            "VEN_CREDENTIALS_KEY": Fernet.generate_key().decode(),
        } | settings

    def run(self, *arguments: str | Path, within: float = 120) -> Done:
        """Run the command to its end."""
        argv = [str(part) for part in (COMMAND, *arguments)]
        done = subprocess.run(
            argv,
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=within,
        )
        return Done(" ".join(argv[1:]), done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str | Path, log: str = "command.log") -> Program:
        """Start the command and let it run."""
        argv = [COMMAND, *arguments]
        return Program(argv, self.folder / log, env=self._environment(), cwd=self.folder)

    def succeed(self, *arguments: str | Path, within: float = 120) -> Done:
        """Run the command; anything but exit code 0 fails the test with all it said."""
        done = self.run(*arguments, within=within)
        assert done.exit_code == 0, str(done)
        return done

    def register(self, *arguments: str, within: float = 120) -> dict[str, Any]:
        """Register the fleet and give the summary."""
        return self.succeed("register", "--json", *arguments, within=within).summary()

    def import_credentials(self, clients: Mapping[str, Client]) -> None:
        """Hand the command each VEN's own client."""
        file = self.folder / "credentials.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(("ven", "client_id", "client_secret"))
            rows.writerows((ven, client.id, client.secret) for ven, client in clients.items())
        self.succeed("credentials", "import", file)

    def lose_state(self) -> None:
        """Lose the state database, its marker and its companions."""
        for file in self.folder.glob(f"{self.state.name}*"):
            file.unlink()

    def rows(self) -> list[InventoryRow]:
        """Read the enabled resources, past the command."""
        columns = "resource_id, resource_name, resource_type, resource_sub_type, meter_point_id"
        with closing(sqlite3.connect(self.inventory)) as connection:
            found = connection.execute(
                f"SELECT {columns}, ven, address, capacities, location FROM resources WHERE enabled"
            ).fetchall()
        return [_row(*columns) for columns in found]

    def vens(self) -> list[str]:
        """Name the VENs in the order of the registration: most resources first, then by name."""
        count: dict[str, int] = {}
        for row in self.rows():
            count[row.ven] = count.get(row.ven, 0) + 1
        return sorted(count, key=lambda ven: (-count[ven], ven))

    def change_capacity(self, resource_id: str, **limits: float) -> None:
        """Edit one resource's capacities in the inventory, as its owner would."""
        with closing(sqlite3.connect(self.inventory)) as connection, connection:
            ((text,),) = connection.execute(
                "SELECT capacities FROM resources WHERE resource_id = ?", (resource_id,)
            ).fetchall()
            connection.execute(
                "UPDATE resources SET capacities = ? WHERE resource_id = ?",
                (json.dumps(json.loads(text) | limits), resource_id),
            )

    def _environment(self) -> dict[str, str]:
        """Nothing of the machine that runs the tests but what every program needs."""
        plain = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "LANG": "C.UTF-8"}
        return plain | self.settings


def _row(*columns: str) -> InventoryRow:
    key, name, kind, sub_type, meter_point, ven, address, capacities, location = columns
    texts = (key, name, kind, sub_type, meter_point, ven, address)
    return InventoryRow(*texts, json.loads(capacities), json.loads(location))
