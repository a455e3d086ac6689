"""What every test gets: nothing left behind, no skip in CI, a PostgreSQL, figures at the end."""

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from typing import TypeVar

import pytest
import structlog
from pytest_asyncio import is_async_test

from tests.rig.postgres import Database, Postgres
from ven_daemon.logs.bridge import Bridge

_TURNS_TO_FINISH = 10
_Report = TypeVar("_Report", pytest.TestReport, pytest.CollectReport)
_FIGURES = pytest.StashKey[list[str]]()
_SKIPS_FAIL = os.environ.get("CI") == "true"


@pytest.fixture(autouse=True)
def _logging_is_put_back() -> Iterator[None]:
    """Undo what a command that runs in this process sets up for the whole of it."""
    root = logging.getLogger()
    level = root.level
    yield
    structlog.reset_defaults()
    root.setLevel(level)
    for handler in [each for each in root.handlers if isinstance(each, Bridge)]:
        root.removeHandler(handler)
        logging.captureWarnings(capture=False)


@pytest.fixture(autouse=True)
def _no_task_is_left_behind(request: pytest.FixtureRequest) -> None:
    """Fail an async test whose tasks outlive it: they would work on in a later test."""
    if is_async_test(request.node):
        request.getfixturevalue("_tasks_are_watched")


@pytest.fixture
async def _tasks_are_watched() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    await _workers_end()
    left = await _tasks_besides(before)
    names = sorted(f"{task.get_name()} ({task.get_coro()})" for task in left)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    if names:
        pytest.fail(f"tasks left behind: {', '.join(names)}", pytrace=False)


async def _workers_end() -> None:
    """Let the thread of a connection that could not be opened end before the loop does."""
    for _ in range(200):
        if not any("_connection_worker" in thread.name for thread in threading.enumerate()):
            break
        await asyncio.sleep(0.01)


async def _tasks_besides(before: set[asyncio.Task[object]]) -> set[asyncio.Task[object]]:
    """Give tasks that are ending a few turns of the loop to end."""
    left: set[asyncio.Task[object]] = set()
    for _ in range(_TURNS_TO_FINISH):
        current = asyncio.current_task()
        left = {task for task in asyncio.all_tasks() - before if task is not current}
        if not left:
            break
        await asyncio.sleep(0)
    return left


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed one: there is no reason why it could not run."""
    return _never_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """In CI a module that skips itself has failed too."""
    return _never_skipped((yield))


def _never_skipped(report: _Report) -> _Report:
    expected = hasattr(report, "wasxfail")
    if _SKIPS_FAIL and report.skipped and not expected:
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as a failure in CI: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def print_at_the_end(request: pytest.FixtureRequest) -> Callable[[Iterable[str]], None]:
    """Take lines that are printed below the results, whatever is captured."""
    return request.config.stash.setdefault(_FIGURES, []).extend


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of this run."""
    for line in terminalreporter.config.stash.get(_FIGURES, []):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One real PostgreSQL for the session, started when the first test asks for it."""
    with Postgres() as server:
        yield server


@pytest.fixture
def postgres_database(postgres: Postgres) -> Iterator[Database]:
    """An empty database for this test alone."""
    database = postgres.fresh_database()
    yield database
    postgres.drop(database)


@pytest.fixture
def postgres_url(postgres_database: Database) -> str:
    """The URL of an empty PostgreSQL database for this test alone."""
    return postgres_database.url
