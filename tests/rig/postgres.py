"""A real PostgreSQL for one test session, from the binaries that the pgserver package ships.

The package is looked up and not imported: as root its own start-up code opens
every folder above the virtual environment to everybody. Here a private copy of
the binaries runs as an unprivileged user, and nobody's permissions change.
"""

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.rig.processes import Account, Program

_UNPRIVILEGED = "nobody"
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(frozen=True)
class Database:
    """Where one empty database of the rig is reached: a unix socket, never a port."""

    folder: Path
    name: str

    @property
    def url(self) -> str:
        """The form SQLAlchemy and our settings take."""
        return f"postgresql+psycopg://postgres@/{self.name}?host={self.folder}"

    @property
    def libpq_url(self) -> str:
        """The form a libpq-like driver takes: the folder, percent-encoded, as the host."""
        return f"postgresql://postgres@{quote(str(self.folder), safe='')}/{self.name}"

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Connect with autocommit, for a look or a touch from outside."""
        return psycopg.connect(
            host=str(self.folder),
            user="postgres",
            dbname=self.name,
            autocommit=True,
            connect_timeout=5,
        )


class Postgres:
    """One server in a temporary folder; databases are made in it as tests ask."""

    def __init__(self, *, durable: bool = False) -> None:
        """With *durable* it syncs as a server does that is not made for tests."""
        self._settings = ("listen_addresses=", *(() if durable else _FAST))
        self._root = Path(tempfile.mkdtemp(prefix="ven-pg-", dir="/tmp"))
        self._data = self._root / "data"
        self._account = _unprivileged() if os.geteuid() == 0 else None
        self._bin = self._binaries()
        self._numbers = itertools.count(1)
        self._server: Program | None = None

    def start(self) -> None:
        """Create the cluster and wait until it answers."""
        self._create_cluster()
        self._run()

    def crash_and_restart(self) -> None:
        """End it without a word to those connected, and start it again."""
        assert self._server is not None
        self._server.stop(within=20, by=signal.SIGQUIT)  # PostgreSQL's immediate shutdown
        self._run()

    def _run(self) -> None:
        settings = [part for setting in self._settings for part in ("-c", setting)]
        self._server = Program(
            [self._bin / "postgres", "-D", self._data, "-k", self._root, *settings],
            self._root / "postgres.log",
            cwd=self._root,
            account=self._account,
        )
        self._server.wait_until(self._answers, "accepts connections", within=30)

    def fresh_database(self) -> Database:
        """Make an empty database of its own name."""
        database = Database(self._root, f"fresh_{next(self._numbers)}")
        with self._maintenance().connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database.name)))
        return database

    def drop(self, database: Database) -> None:
        """Drop a database, whoever is still connected."""
        name = sql.Identifier(database.name)
        with self._maintenance().connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def stop(self) -> None:
        """End the server by its id and remove everything it kept."""
        if self._server is not None:
            self._server.stop(within=20, by=signal.SIGINT)  # PostgreSQL's fast shutdown
        shutil.rmtree(self._root, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:  # half started is still to be ended
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _maintenance(self) -> Database:
        return Database(self._root, "postgres")

    def _answers(self) -> bool:
        try:
            self._maintenance().connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _binaries(self) -> Path:
        """Find the shipped binaries; for another user, copy them where it may read them."""
        spec = importlib.util.find_spec("pgserver")
        assert spec is not None, "pgserver is missing: pip install -r requirements-dev.lock"
        assert spec.origin is not None
        package = Path(spec.origin).parent
        if self._account:
            copy = self._root / "package"
            for part in ("pgserver/pginstall", "pgserver.libs"):
                shutil.copytree(package.parent / part, copy / part, symlinks=True)
            package = copy / "pgserver"
        return package / "pginstall" / "bin"

    def _create_cluster(self) -> None:
        self._data.mkdir(mode=0o700)
        if self._account:
            for folder in (self._root, self._data):
                os.chown(folder, self._account.uid, self._account.gid)
        subprocess.run(
            [
                *(self._bin / "initdb", "-D", self._data, "-U", "postgres", "--auth=trust"),
                *("--encoding=UTF8", "--no-locale", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            timeout=60,
            cwd=self._root,
            **(self._account.options() if self._account else {}),
        )


def _unprivileged() -> Account:
    """PostgreSQL refuses to run as root: give the account to run as instead."""
    entry = pwd.getpwnam(_UNPRIVILEGED)
    return Account(entry.pw_uid, entry.pw_gid)
