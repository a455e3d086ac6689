"""The event loop of a process asks for names in threads of its own."""

import asyncio
from collections.abc import Iterator

import pytest

from ven_daemon.runtime import event_loop


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=event_loop.factory()) as made:
        yield made


async def ask(host: str, port: int) -> object:
    async with asyncio.timeout(10):
        return await asyncio.get_running_loop().getaddrinfo(host, port)


def test_it_gives_the_addresses_of_a_name(runner: asyncio.Runner) -> None:
    found = runner.run(ask("127.0.0.1", 80))

    assert "127.0.0.1" in str(found)


@pytest.mark.parametrize(
    ("host", "port", "failure"),
    [
        ("a" * 64 + ".test", 80, UnicodeError),
        ("127.0.0.1", 1 << 70, OverflowError),
    ],
)
def test_whoever_asks_is_told_of_every_failure(
    runner: asyncio.Runner, host: str, port: int, failure: type[Exception]
) -> None:
    with pytest.raises(failure):
        runner.run(ask(host, port))
