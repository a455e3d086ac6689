"""Where a process can be made to die: the crash points of a life, by name (F66).

The product knows nothing of them. Its methods are wrapped and its connections watched
by the process that is to die, which then sends itself SIGKILL.
"""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, Protocol

from alembic.runtime.migration import HeadMaintainer
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from ven_daemon.services.reporting.draining import Draining
from ven_daemon.services.telemetry.intake import Intake
from ven_daemon.store.dispatches import DispatchStore
from ven_daemon.store.outbox import OutboxStore
from ven_daemon.store.readings import ReadingStore
from ven_daemon.store.registrations import RegistrationStore
from ven_daemon.store.versions import VersionStore
from ven_daemon.vtn.client import VtnClient
from ven_daemon.vtn.oauth import TokenEndpoint
from ven_daemon.vtn.sweeping import Pages


def die() -> NoReturn:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives that")


class Countdown:
    """Dies the n-th time that it is reached."""

    def __init__(self, hit: int) -> None:
        self._left = hit

    def reached(self) -> None:
        self._left -= 1
        if self._left == 0:
            die()


class Point(Protocol):
    """A place in the product."""

    def arm(self, countdown: Countdown) -> None:
        """Count whenever it is reached."""
        ...


def _always(*_: Any, **__: Any) -> bool:
    return True


@dataclass(frozen=True)
class Before:
    """A method is about to be called."""

    owner: type
    method: str

    def arm(self, countdown: Countdown) -> None:
        called = getattr(self.owner, self.method)

        @wraps(called)
        def counted(*arguments: Any, **named: Any) -> Any:
            countdown.reached()
            return called(*arguments, **named)

        setattr(self.owner, self.method, counted)


@dataclass(frozen=True)
class After:
    """A coroutine of the product has ended well, where *when* says so of its arguments."""

    owner: type
    method: str
    when: Callable[..., bool] = _always

    def arm(self, countdown: Countdown) -> None:
        called = getattr(self.owner, self.method)

        @wraps(called)
        async def counted(*arguments: Any, **named: Any) -> Any:
            result = await called(*arguments, **named)
            if self.when(*arguments, **named):
                countdown.reached()
            return result

        setattr(self.owner, self.method, counted)


@dataclass(frozen=True)
class Amid:
    """A coroutine of the product has been under way for some seconds."""

    owner: type
    method: str
    seconds: float

    def arm(self, countdown: Countdown) -> None:
        called = getattr(self.owner, self.method)

        @wraps(called)
        async def counted(*arguments: Any, **named: Any) -> Any:
            timer = threading.Timer(self.seconds, countdown.reached)
            timer.start()
            try:
                return await called(*arguments, **named)
            finally:
                timer.cancel()

        setattr(self.owner, self.method, counted)


@dataclass(frozen=True)
class AtCommit:
    """A transaction that executed *words* is about to be committed."""

    words: str

    def arm(self, countdown: Countdown) -> None:
        _watch(_Transactions(self.words, countdown.reached))


@dataclass(frozen=True)
class Checkpoint:
    """SQLite writes what the log holds into the file, some while after *words* were executed."""

    words: str
    pages: int = 400

    def arm(self, countdown: Countdown) -> None:
        def spied() -> None:
            watcher = threading.Thread(target=self._await_writing, args=(countdown,), daemon=True)
            watcher.start()

        event.listen(Pool, "connect", self._sooner)
        _watch(_Transactions(self.words, spied, only_once=True))

    def _sooner(self, connection: Any, _: Any) -> None:
        connection.cursor().execute(f"PRAGMA wal_autocheckpoint={self.pages}")

    def _await_writing(self, countdown: Countdown) -> None:
        """In this mode of SQLite nothing but a checkpoint writes into the file itself."""
        file = Path(os.environ["VEN_STATE_URL"].removeprefix("sqlite:///"))
        before = file.stat().st_mtime_ns
        while file.stat().st_mtime_ns == before:
            pass
        countdown.reached()


class _Transactions:
    """Follows what each connection executes, and says when one commits that did certain things."""

    def __init__(self, words: str, found: Callable[[], None], *, only_once: bool = False) -> None:
        self._words = words
        self._found = found
        self._only_once = only_once
        self._marked: set[int] = set()

    def executes(self, connection: int, statement: str) -> None:
        if self._words in statement:
            self._marked.add(connection)
        elif statement.startswith("COMMIT"):
            self.commits(connection)
        elif statement.startswith("ROLLBACK"):
            self._marked.discard(connection)

    def commits(self, connection: int) -> None:
        if connection in self._marked:
            self._marked.discard(connection)
            if self._only_once:
                self._words = "\0"
            self._found()


def _watch(transactions: _Transactions) -> None:
    """Follow the connections of both databases; SQLite tells its statements itself."""

    def connected(connection: Any, _: Any) -> None:
        raw = getattr(connection, "driver_connection", None)
        if hasattr(raw, "set_trace_callback"):
            number = id(raw)
            connection.run_async(
                lambda each: each.set_trace_callback(
                    lambda statement: transactions.executes(number, statement)
                )
            )

    def executes(connection: Connection, _: Any, statement: str, *__: Any) -> None:
        if connection.dialect.name != "sqlite":
            transactions.executes(id(connection), statement)

    def commits(connection: Connection) -> None:
        if connection.dialect.name != "sqlite":
            transactions.commits(id(connection))

    event.listen(Pool, "connect", connected)
    event.listen(Engine, "before_cursor_execute", executes)
    event.listen(Engine, "commit", commits)


def _ven_is_there(_: Any, __: Any, vens: Mapping[Any, Any] | None = None, *___: Any) -> bool:
    """Whether what was written is what came of a ven, and not the intent to create it."""
    return any(record.vtn_id for record in (vens or {}).values())


POINTS: Mapping[str, Point] = {
    "token_got": After(TokenEndpoint, "fetch"),
    "ven_before_post": Before(VtnClient, "create_ven"),
    "ven_after_post": After(VtnClient, "create_ven"),
    "ven_after_commit": After(RegistrationStore, "save", _ven_is_there),
    "res_before_post": Before(VtnClient, "create_resource"),
    "res_after_post_before_commit": After(VtnClient, "create_resource"),
    "res_mid_batch_commit": AtCommit("INSERT INTO resource_registrations"),
    "sweep_page_k": After(Pages, "look"),
    "event_parsed": After(VersionStore, "keep"),
    "dispatch_before_commit": AtCommit("INSERT INTO dispatches"),
    "dispatch_after_commit_before_device": After(DispatchStore, "step"),
    "ingest_before_commit": AtCommit("UPDATE reading_totals SET accepted"),
    "ingest_after_commit_before_202": After(ReadingStore, "write"),
    "report_named": After(OutboxStore, "file"),
    "report_mid_post": Amid(VtnClient, "create_report", 0.05),
    "report_after_post_before_mark": After(VtnClient, "create_report"),
    "report_mid_put": Amid(VtnClient, "replace_report", 0.05),
    "report_halved": After(OutboxStore, "halve"),
    "report_shrunk_before_mark": Before(OutboxStore, "shrink"),
    "report_shrunk_before_rest": After(OutboxStore, "shrink"),
    "trim_mid_delete": AtCommit("DELETE FROM readings"),
    "trim_mid_delete_of_reports": AtCommit("DELETE FROM report_bodies"),
    "migrate_step_k": Before(HeadMaintainer, "update_to_step"),
    "migrate_before_commit": AtCommit("INSERT INTO instance"),
    "checkpoint": Checkpoint("UPDATE reading_totals SET accepted"),
    "shutdown_drain": Before(Intake, "_drain"),
    "shutdown_drain_of_reports": Before(Draining, "rest"),
}


def arm(name: str, hit: int = 1) -> None:
    """Let this process die the n-th time that it reaches a point."""
    POINTS[name].arm(Countdown(hit))
