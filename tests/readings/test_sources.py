"""Sources other than files: a table that is followed, a simulator, and who keeps them at work."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tests.readings.test_import import Taker
from ven_daemon.devices.mqtt_source import Topic
from ven_daemon.devices.simulator import Simulated, Simulator
from ven_daemon.devices.sources import Take
from ven_daemon.devices.sql_source import SqlTable
from ven_daemon.domain.errors import SourceError, StoreBehindError
from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.load_curves import CURVES, load
from ven_daemon.domain.readings import Quality, Sifted
from ven_daemon.domain.retry import Backoff
from ven_daemon.services.telemetry.bringing import Bringing
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.migrations import prepare
from ven_daemon.store.reading_table import ReadingTable
from ven_daemon.store.source_marks import SourceMarks

_QUICK = Backoff(base=0.01)
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A state database that holds somebody's table of readings, too."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/state.db"
    else:
        url = request.getfixturevalue("postgres_url")
    database = open_database(url)
    await prepare(database)
    async with database.begin() as connection:
        await connection.execute(
            text(
                "CREATE TABLE meters (id INTEGER PRIMARY KEY, resource_id VARCHAR(40),"
                " value NUMERIC(12, 3), at VARCHAR(40), quality VARCHAR(10), other INTEGER)"
            )
        )
    yield database
    await database.dispose()


async def add(database: Database, number: int, resource: str = "bar-1") -> None:
    at = (NOW - timedelta(hours=1) + timedelta(seconds=number)).isoformat()
    row = {"id": number, "resource": resource, "value": number / 2, "at": at}
    statement = "INSERT INTO meters VALUES (:id, :resource, :value, :at, NULL, 0)"
    async with database.begin() as connection:
        await connection.execute(text(statement), row)


async def follow(database: Database, take: Take, rising: str = "id") -> None:
    table = ReadingTable(database, "meters", rising)
    every = timedelta(seconds=0.02)
    with suppress(TimeoutError):
        async with asyncio.timeout(0.4):
            await SqlTable("meters", table, SourceMarks(database), every).run(take)


async def test_a_table_is_followed_and_read_once(database: Database) -> None:
    take = Taker()
    for number in range(1, 4):
        await add(database, number)

    await follow(database, take)
    await add(database, 4)
    await add(database, 5, resource="unknown")
    await follow(database, take)

    assert [each.value for each in take.taken] == [0.5, 1.0, 1.5, 2.0]
    assert await SourceMarks(database).mark("meters") == 5


async def test_the_mark_stays_while_the_store_takes_nothing(database: Database) -> None:
    take = Taker()
    take.works = False
    await add(database, 1)

    with pytest.raises(StoreBehindError):
        await follow(database, take)

    assert await SourceMarks(database).mark("meters") is None
    take.works = True
    await follow(database, take)
    assert len(take.taken) == 1


async def test_rows_that_share_a_mark_are_never_cut_apart(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ven_daemon.store.reading_table.ROWS_AT_ONCE", 3)
    take = Taker()
    for number in range(1, 12):
        await add(database, number)
    async with database.begin() as connection:
        await connection.execute(text("UPDATE meters SET other = id / 5"))

    await follow(database, take, rising="other")

    assert sorted(each.value for each in take.taken) == [n / 2 for n in range(1, 12)]


async def test_a_table_that_is_not_there_or_lacks_a_column_is_told(database: Database) -> None:
    for name, rising, words in (
        ("nothing", "id", "there is no table or view nothing"),
        ("meters", "odd", "has no column odd"),
    ):
        with pytest.raises(SourceError, match=words):
            await ReadingTable(database, name, rising).after(None)


@given(
    st.integers(0, 9),
    st.sampled_from([*CURVES, "Other", None]),
    st.floats(0.5, 1000),
    st.integers(1_600_000_000, 2_200_000_000),
)
def test_a_load_keeps_within_its_limits_and_is_the_same_when_asked_again(
    seed: int, sub_type: str | None, most: float, since: int
) -> None:
    capacities, at = {"P_max_kw": most, "P_min_kw": -most / 2}, datetime.fromtimestamp(since, UTC)

    first = load(seed, "bar-1", sub_type, capacities, at)

    assert first == load(seed, "bar-1", sub_type, capacities, at)
    assert -most / 2 - 0.001 <= first <= most + 0.001


def test_loads_rise_and_fall_over_a_day_and_differ_from_one_another() -> None:
    day = datetime(2026, 10, 7, tzinfo=UTC)
    hours = [day + timedelta(hours=n) for n in range(24)]

    for sub_type in CURVES:
        one, other = (
            [
                load(1, resource, sub_type, {"P_max_kw": 100.0, "P_min_kw": -90.0}, at)
                for at in hours
            ]
            for resource in ("a", "b")
        )
        assert max(one) - min(one) > 15
        assert one != other
        assert one != [load(2, "a", sub_type, {"P_max_kw": 100.0}, at) for at in hours]


async def test_the_simulator_measures_at_whole_periods_and_says_that_it_guesses() -> None:
    take = Taker()
    resources = (Simulated(ResourceKey("bar-1"), "Bars", {"P_max_kw": 25.0}),)

    with suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            await Simulator(resources, 1, timedelta(milliseconds=100)).run(take)

    assert 3 <= len(take.taken) <= 7
    assert {each.quality for each in take.taken} == {Quality.ESTIMATED}
    assert all(each.at.microsecond % 100_000 == 0 for each in take.taken)


@pytest.mark.parametrize(
    ("pattern", "topic", "said"),
    [
        ("m/{resource_id}/{quantity}", "m/a%2Fb/soc", {"resource_id": "a/b", "quantity": "soc"}),
        ("m/{meter_point_id}", "m/707", {"meter_point_id": "707"}),
        ("m/{resource_id}", "m/a/b", None),
        ("m.x/{resource_id}", "mzx/a", None),
        ("fixed", "fixed", {}),
    ],
)
def test_a_topic_says_whose_and_what(
    pattern: str, topic: str, said: dict[str, object] | None
) -> None:
    assert Topic(pattern).read(topic) == said


class Flaky:
    """A source that fails twice before it brings something."""

    kind = "flaky"

    def __init__(self) -> None:
        self.runs = 0

    async def run(self, take: Take) -> None:
        self.runs += 1
        if self.runs == 1:
            raise SourceError("no route")
        if self.runs == 2:
            raise ZeroDivisionError
        await take(
            [{"resource_id": "bar-1", "quantity": "power", "value": 1, "at": NOW.timestamp()}]
        )
        await asyncio.sleep(60)


async def test_a_source_that_fails_is_tried_again_and_its_words_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ven_daemon.services.telemetry.bringing.Bringing.backoff", _QUICK)
    taker, flaky, steady = Taker(), Flaky(), Flaky()

    async def take(kind: str, items: Sequence[object]) -> Sifted:
        assert kind == "flaky"
        return await taker(items)

    bringing = Bringing(take)
    bringing.want([flaky, steady])
    task = asyncio.create_task(bringing.run())
    await _until(lambda: len(taker.taken) == 2)
    state = bringing.states[flaky]
    assert (state.failures, state.accepted, state.last_error) == (2, 1, None)

    bringing.want([steady])
    await _until(lambda: flaky not in bringing.states)
    assert steady.runs == 3

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert bringing.states == {}


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what tasks do has no event
            await asyncio.sleep(0.01)
