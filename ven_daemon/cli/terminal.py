"""What every command shares: running a coroutine, two consoles, JSON, exit codes."""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import orjson
import structlog
import typer

from ven_daemon.domain.errors import VenDaemonError
from ven_daemon.runtime import event_loop
from ven_daemon.runtime.memory import share_one_arena

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")


@cache
def notes() -> "Console":
    """Give where progress, warnings and errors go."""
    return _console(stderr=True)


@cache
def output() -> "Console":
    """Give where what was asked for goes."""
    return _console(stderr=False)


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console  # three megabytes, for a daemon that writes to none

    return Console(stderr=stderr, soft_wrap=True, highlight=False)


_log = structlog.get_logger(__name__)


def run(step: Callable[[], Coroutine[Any, Any, T]], *, serves: bool = False) -> T:
    """Run *step* to its end; our own errors become one clear line and an exit code.

    *serves* says that others wait for answers meanwhile.
    """
    spare_the_collector(serves=serves)
    if serves:
        share_one_arena()
    try:
        with asyncio.Runner(loop_factory=event_loop.factory()) as runner:
            return runner.run(step())
    except VenDaemonError as error:
        fail(error)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except Exception:
        if not serves:
            raise
        _log.exception("daemon.broke")
        raise typer.Exit(1) from None


def spare_the_collector(*, serves: bool = False) -> None:
    """Let the cycle collector look rarely, and never at what the imports left.

    A fleet is many objects and no cycles: by default it is walked again and again while
    it grows, which takes a tenth of a registration. A process that *serves* is looked
    through in small steps, so that none holds anybody up: a middle one walks 20,000 objects.
    """
    gc.freeze()
    gc.set_threshold(*((2_000, 10, 1_000) if serves else (200_000, 20, 50)))


def settings(load: Callable[[], T]) -> T:
    """Load settings; every problem is said at once, as a usage error."""
    try:
        return load()
    except VenDaemonError as error:
        fail(error)


def database_url(given: str | None) -> str | None:
    """Take a path or a URL for a database."""
    if given is None or "://" in given:
        return given
    return f"sqlite:///{given}"


def fail(error: VenDaemonError) -> NoReturn:
    """Say what went wrong and leave with the code of its kind."""
    words = "\n".join(map(plain, str(error).splitlines()))
    notes().print(f"ven-daemon: {words}", style="red", markup=False)
    raise typer.Exit(error.exit_code) from error


def print_json(document: object) -> None:
    """Print one JSON document, and nothing else, on standard output."""
    _say(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")


def _say(text: str) -> None:
    """Write all of *text*: unbuffered, Python writes what fits and forgets the rest."""
    sys.stdout.flush()
    rest = text.encode(sys.stdout.encoding, "backslashreplace")
    while rest:
        rest = rest[sys.stdout.buffer.write(rest) :]
    sys.stdout.buffer.flush()


def print_table(title: str, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    """Draw a table on a terminal; plain tab-separated lines where output is piped."""
    if not output().is_terminal:
        for row in rows:
            _say("\t".join(plain(cell) for cell in row) + "\n")
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[number], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    output().print(table)


def plain(value: object) -> str:
    """Show a value in one line: others' words steer no terminal and end no row."""
    text = str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
