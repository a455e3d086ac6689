"""An engine with our image in it, for everything that is run and not only read."""

from collections.abc import Callable, Iterable, Iterator

import pytest

from tests.packaging import images
from tests.packaging.engine import Engine, missing

_FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def print_at_the_end(request: pytest.FixtureRequest) -> Callable[[Iterable[str]], None]:
    """Take lines that are printed below the results, whatever is captured."""
    return request.config.stash.setdefault(_FIGURES, []).extend


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of this run."""
    for line in terminalreporter.config.stash.get(_FIGURES, []):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A private Docker engine that holds our image."""
    lacking = missing()
    if lacking:
        pytest.skip(f"packaging cannot be run here: {lacking}")
    with Engine() as engine:
        images.build_ours(engine)
        yield engine


@pytest.fixture(scope="session")
def engine_with_standins(engine: Engine) -> Engine:
    """The same engine, holding what stands in for others' images too."""
    images.build_standins(engine)
    return engine
