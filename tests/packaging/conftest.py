"""An engine with our image in it, for everything that is run and not only read."""

from collections.abc import Iterator

import pytest

from tests.packaging import images
from tests.packaging.engine import Engine, missing


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
