"""The sink `mqtt`, against a real broker."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from tests.devices.commands import command
from tests.rig.mosquitto import Mosquitto
from ven_daemon.devices.mqtt import Broker, MqttSink
from ven_daemon.domain.dispatches import Answer, Do, Verdict

pytestmark = pytest.mark.interop
ACKS = "devices/acks"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


def sink(broker: Mosquitto, acks: str | None = None, seconds: float = 3.0) -> MqttSink:
    where = Broker("127.0.0.1", broker.port, identifier="ven-daemon-test")
    return MqttSink(where, "fleet", acks, seconds)


@asynccontextmanager
async def device(broker: Mosquitto, **says: Any) -> AsyncIterator[list[tuple[str, Any]]]:
    """Follow every command, and acknowledge it as told."""
    heard: list[tuple[str, Any]] = []
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe("fleet/#", qos=1)

        async def listen() -> None:
            async for said in client.messages:
                body = json.loads(bytes(said.payload))  # type: ignore[arg-type]
                heard.append((str(said.topic), body))
                if says:
                    await client.publish(ACKS, json.dumps({"key": body["key"], **says}), qos=1)

        listening = asyncio.create_task(listen())
        yield heard
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what others do has no event
            await asyncio.sleep(0.02)


async def test_a_command_is_published_to_its_own_topic_and_kept(broker: Mosquitto) -> None:
    odd = command(1, resource_id="a/b+c#d", type="PRICE/x")
    async with sink(broker) as mqtt:
        answers = await mqtt.deliver([odd])

    async with device(broker) as heard:  # subscribes after it was said
        await _until(lambda: heard)

    assert answers == [Answer(Verdict.ACKNOWLEDGED)]
    topic, body = heard[0]
    assert topic == "fleet/Nyk%C3%B8bing Falster/a%2Fb%2Bc%23d/PRICE%2Fx"
    assert (body["key"], body["kw"], body["do"]) == ("key-1", 12.5, "apply")


async def test_a_release_takes_the_place_of_what_was_kept(broker: Mosquitto) -> None:
    async with sink(broker) as mqtt:
        await mqtt.deliver([command(1)])
        await mqtt.deliver([command(1, do=Do.RELEASE)])

    async with device(broker) as heard:
        await _until(lambda: heard)

    assert [body["do"] for _, body in heard] == ["release"]


async def test_with_a_topic_for_it_each_device_acknowledges_itself(broker: Mosquitto) -> None:
    async with device(broker, ok=True), sink(broker, ACKS) as mqtt:
        answers = await mqtt.deliver([command(number) for number in range(200)])

    assert answers == [Answer(Verdict.ACKNOWLEDGED)] * 200


async def test_a_device_may_refuse(broker: Mosquitto) -> None:
    async with device(broker, ok=False, reason="locked"), sink(broker, ACKS) as mqtt:
        answers = await mqtt.deliver([command(1)])

    assert answers == [Answer(Verdict.FAILED, "locked")]


async def test_a_device_that_is_silent_is_asked_again(broker: Mosquitto) -> None:
    async with sink(broker, ACKS, seconds=0.5) as mqtt:
        silent = await mqtt.deliver([command(1)])
        async with device(broker, ok=True):
            heard = await mqtt.deliver([command(1, repeated=True)])

    assert silent == [Answer(Verdict.UNREACHABLE, "no acknowledgement in time")]
    assert heard == [Answer(Verdict.ACKNOWLEDGED)]


async def test_nonsense_on_the_topic_of_acknowledgements_is_passed_over(broker: Mosquitto) -> None:
    async with sink(broker, ACKS, seconds=1.0) as mqtt:
        delivering = asyncio.create_task(mqtt.deliver([command(1)]))
        await asyncio.sleep(0.2)
        for nonsense in ("", "{", "[]", '"key-1"', "\x00\xff", '{"key": 7}', '{"key": ["key-1"]}'):
            await _publish(broker, nonsense)
        await _publish(broker, '{"key": "key-1"}')
        answers = await delivering

    assert answers == [Answer(Verdict.ACKNOWLEDGED)]


async def test_a_broker_that_went_away_and_came_back_is_used_again(broker: Mosquitto) -> None:
    async with sink(broker) as mqtt:
        assert await mqtt.deliver([command(1)]) == [Answer(Verdict.ACKNOWLEDGED)]
        broker.stop()
        lost = await mqtt.deliver([command(2)])
        broker.start()
        back = await mqtt.deliver([command(2, repeated=True)])

    assert lost[0].verdict is Verdict.UNREACHABLE
    assert lost[0].reason
    assert back == [Answer(Verdict.ACKNOWLEDGED)]


async def _publish(broker: Mosquitto, payload: str) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.publish(ACKS, payload.encode("latin-1"), qos=1)


async def test_a_batch_is_published_without_a_line_for_each_of_it(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    many = [command(n, resource_id=f"resource {n}") for n in range(MqttSink.batch)]
    async with sink(broker) as mqtt:
        answers = await mqtt.deliver(many)

    assert answers == [Answer(Verdict.ACKNOWLEDGED)] * len(many)
    assert "pending" not in caplog.text
