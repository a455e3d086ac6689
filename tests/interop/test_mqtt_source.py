"""The source `mqtt`, against a real broker: nothing that is acknowledged to it is lost."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import aiomqtt
import pytest

from tests.readings.test_import import Taker
from tests.rig.mosquitto import Mosquitto
from ven_daemon.devices.mqtt import Broker
from ven_daemon.devices.mqtt_source import MqttTopics, Topic
from ven_daemon.domain.errors import SourceError, StoreError
from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.readings import Quantity

pytestmark = pytest.mark.interop

POINTS = {"707": ResourceKey("bar-1")}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


def source(broker: Mosquitto, *topics: Topic) -> MqttTopics:
    where = Broker("127.0.0.1", broker.port, identifier="ven-daemon-in-test")
    return MqttTopics(where, topics or (Topic("meters/{resource_id}/{quantity}"),), POINTS)


@asynccontextmanager
async def listening(source: MqttTopics, take: Taker) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(source.run(take))
    try:
        await asyncio.sleep(0.3)  # until it has subscribed
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, SourceError, StoreError):
            await task


async def publish(broker: Mosquitto, *messages: tuple[str, str]) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for topic, payload in messages:
            await client.publish(topic, payload, qos=1)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what others do has no event
            await asyncio.sleep(0.02)


async def test_bare_numbers_objects_and_arrays_are_read(broker: Mosquitto) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    said = {"value": 7, "at": at.isoformat(), "quality": "ESTIMATED"}
    take = Taker()

    async with listening(source(broker), take):
        await publish(
            broker,
            ("meters/bar-1/power", "3.25"),
            ("meters/bar-1/soc", json.dumps(said)),
            ("meters/bar-1/energy", json.dumps([{**said, "value": 1}, {**said, "value": 2}])),
            ("meters/bar-1/state", "NORMAL"),
            ("meters/bar-9/power", "1"),
            ("meters/bar-1/power", "much"),
            ("elsewhere/bar-1/power", "1"),
        )
        await _until(lambda: len(take.taken) == 5)

    values = [(each.quantity, each.value) for each in take.taken]
    assert values == [
        (Quantity.POWER, 3.25),
        (Quantity.SOC, 7.0),
        (Quantity.ENERGY, 1.0),
        (Quantity.ENERGY, 2.0),
        (Quantity.STATE, "NORMAL"),
    ]
    assert take.taken[1].at == at


async def test_a_topic_may_be_one_resources_or_name_a_meter_point(broker: Mosquitto) -> None:
    alone = Topic("hall/main", (("resource_id", "bar-1"), ("quantity", "voltage")))
    take = Taker()

    async with listening(source(broker, alone, Topic("points/{meter_point_id}")), take):
        await publish(broker, ("hall/main", "230"), ("points/707", "5"))
        await _until(lambda: len(take.taken) == 2)

    assert [(each.quantity, each.value) for each in take.taken] == [
        (Quantity.VOLTAGE, 230.0),
        (Quantity.POWER, 5.0),
    ]


async def test_what_the_store_did_not_take_comes_again(broker: Mosquitto) -> None:
    take = Taker()
    take.works = False
    async with listening(source(broker), take) as running:
        await publish(broker, ("meters/bar-1/power", "1"), ("meters/bar-1/power", "2"))
        await _until(running.done)
        assert isinstance(running.exception(), StoreError)

    take.works = True
    async with listening(source(broker), take):
        await _until(lambda: len(take.taken) == 2)

    assert [each.value for each in take.taken] == [1.0, 2.0]


async def test_what_is_published_while_nobody_listens_is_taken_later(broker: Mosquitto) -> None:
    take = Taker()
    async with listening(source(broker), take):
        await publish(broker, ("meters/bar-1/power", "1"))
        await _until(lambda: len(take.taken) == 1)

    await publish(broker, *(("meters/bar-1/power", str(n)) for n in range(2, 102)))
    async with listening(source(broker), take):
        await _until(lambda: len(take.taken) == 101)

    assert [each.value for each in take.taken] == [float(n) for n in range(1, 102)]


async def test_a_broker_that_goes_away_or_is_not_there_is_told(broker: Mosquitto) -> None:
    take = Taker()
    async with listening(source(broker), take) as running:
        broker.stop()
        await _until(running.done)
        assert isinstance(running.exception(), SourceError)

    with pytest.raises(SourceError, match="mqtt broker 127"):
        await source(broker).run(take)
