"""The sink `mqtt`, against a broker that takes so many messages and then hangs up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.devices.commands import command
from ven_daemon.devices.mqtt import Broker, MqttSink
from ven_daemon.domain.dispatches import Answer, Verdict

CONNECT, PUBLISH = 0x10, 0x30
CONNACK = b"\x20\x02\x00\x00"
PUBACK = b"\x40\x02"


class Reluctant:
    """Acknowledges *most* messages of QoS 1, then closes the connection or says nothing more."""

    def __init__(self, most: int, *, hangs_up: bool) -> None:
        self.taken: list[bytes] = []
        self.connections = 0
        self._most, self._hangs_up = most, hangs_up

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak as much of MQTT 3.1.1 as a publisher asks for."""
        try:
            while True:
                head, body = await self._packet(reader)
                if head & 0xF0 == CONNECT:
                    self.connections += 1
                    writer.write(CONNACK)
                elif head & 0xF0 == PUBLISH and len(self.taken) < self._most:
                    size = int.from_bytes(body[:2])
                    self.taken.append(body[2 : size + 2])
                    writer.write(PUBACK + body[size + 2 : size + 4])
                elif head & 0xF0 == PUBLISH and self._hangs_up:
                    writer.write_eof()  # a reset would take back what was said before
                    await reader.read()
                    break
        except asyncio.IncompleteReadError:
            pass  # it was the other side that closed
        writer.close()

    async def _packet(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        head = (await reader.readexactly(1))[0]
        size = shift = 0
        while True:
            [digit] = await reader.readexactly(1)
            size, shift = size | (digit & 0x7F) << shift, shift + 7
            if digit < 0x80:
                return head, await reader.readexactly(size)


@asynccontextmanager
async def sink(broker: Reluctant, seconds: float = 5.0) -> AsyncIterator[MqttSink]:
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, MqttSink(Broker("127.0.0.1", port), "fleet", None, seconds) as mqtt:
        yield mqtt


def reached(answers: list[Answer]) -> list[bool]:
    return [each.verdict is Verdict.ACKNOWLEDGED for each in answers]


async def test_of_a_batch_whose_connection_is_lost_what_the_broker_had_is_acknowledged() -> None:
    async with sink(broker := Reluctant(150, hangs_up=True)) as mqtt:
        answers = [*await mqtt.deliver([command(n) for n in range(400)])]

    assert reached(answers) == [True] * 150 + [False] * 250
    assert answers[-1].reason
    assert len(broker.taken) == 150


async def test_of_a_batch_that_takes_too_long_what_the_broker_had_is_acknowledged() -> None:
    async with sink(Reluctant(150, hangs_up=False), seconds=0.5) as mqtt:
        answers = [*await mqtt.deliver([command(n) for n in range(400)])]

    assert reached(answers) == [True] * 150 + [False] * 250
    assert answers[-1].reason == "no acknowledgement in time"


async def test_batches_that_are_delivered_at_once_share_a_connection() -> None:
    async with sink(broker := Reluctant(1000, hangs_up=False)) as mqtt:
        batches = [[command(300 * m + n) for n in range(300)] for m in range(MqttSink.in_flight)]
        answers = await asyncio.gather(*map(mqtt.deliver, batches))

    assert all(reached([*each]) == [True] * 300 for each in answers)
    assert broker.connections == 1


async def test_after_a_connection_that_brought_nothing_another_is_made() -> None:
    async with sink(broker := Reluctant(0, hangs_up=True)) as mqtt:
        for _ in range(2):
            assert reached([*await mqtt.deliver([command(1)])]) == [False]

    assert broker.connections == 2
