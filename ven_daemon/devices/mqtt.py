"""The sink that publishes to an MQTT broker, one retained message per resource and type."""

import asyncio
import math
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from ssl import SSLContext
from typing import Self
from urllib.parse import quote

import aiomqtt
import orjson
import structlog
from pydantic import SecretStr

from ven_daemon.devices.messages import message, refusals, words
from ven_daemon.domain.dispatches import ACKNOWLEDGED, Answer, Command, Verdict

SECONDS = 10.0
"""Time limit of one call of `deliver`, connecting included."""

QUEUED_MOST = 10_000
"""Acknowledgements that may wait to be read; more are dropped, and asked for again."""

INFLIGHT_MOST = 500
"""Messages that may be on their way to the broker at once; paho waits for each beyond 20."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to connect, and as whom; `tls` None is plain TCP."""

    host: str
    port: int
    username: str | None = None
    password: SecretStr | None = None
    tls: SSLContext | None = None
    identifier: str | None = None
    """Stable, so that a broker takes a new connection for the same client."""

    def client(self) -> aiomqtt.Client:
        """Make a client: one serves for one connection."""
        client = aiomqtt.Client(
            self.host,
            self.port,
            username=self.username,
            password=self.password.get_secret_value() if self.password else None,
            tls_context=self.tls,
            identifier=self.identifier,
            timeout=SECONDS,
            max_queued_incoming_messages=QUEUED_MOST,
            max_inflight_messages=INFLIGHT_MOST,
            max_concurrent_outgoing_calls=math.inf,  # type: ignore[arg-type] # batches bound it
        )
        # A batch is in flight at once by design; ten of it are no reason for a line each.
        client.pending_calls_threshold = QUEUED_MOST
        return client


class MqttSink:
    """QoS 1, retained: who subscribes later still learns what holds now.

    Published to `PREFIX/ven/resource_id/type`. Without an acknowledgement topic the
    broker's word is the acknowledgement. With one, each command waits for
    `{"key": …, "ok": true}` there.
    """

    name = "mqtt"
    batch = 500
    in_flight = 1

    def __init__(
        self, broker: Broker, prefix: str, acknowledgements: str | None, seconds: float = SECONDS
    ) -> None:
        self._broker = broker
        self._prefix = prefix.rstrip("/")
        self._topic = acknowledgements
        self._seconds = seconds
        self._client: aiomqtt.Client | None = None
        self._connection = AsyncExitStack()
        self._waiting: dict[str, asyncio.Future[Answer]] = {}

    async def __aenter__(self) -> Self:
        """Connect only when something is to be said: a broker that is away stops nobody."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        await self._disconnect()

    async def deliver(self, commands: Sequence[Command]) -> Sequence[Answer]:
        """Publish them; what is not acknowledged in time is to be asked for again."""
        loop = asyncio.get_running_loop()
        self._waiting = {each.key: loop.create_future() for each in commands}
        try:
            async with asyncio.timeout(self._seconds):
                client = await self._connected()
                await asyncio.gather(*(self._publish(client, each) for each in commands))
                if self._topic is not None:
                    await asyncio.wait(self._waiting.values())
        except (aiomqtt.MqttError, TimeoutError, OSError) as error:
            if not any(each.done() for each in self._waiting.values()):
                await self._disconnect()  # nothing came of it: begin anew
            reason = words(error) or "no acknowledgement in time"
            return [self._answered(each, Answer(Verdict.UNREACHABLE, reason)) for each in commands]
        return [self._answered(each, ACKNOWLEDGED) for each in commands]

    async def _publish(self, client: aiomqtt.Client, command: Command) -> None:
        body = orjson.dumps(message(command))
        await client.publish(self._topic_of(command), body, qos=1, retain=True)

    def _topic_of(self, command: Command) -> str:
        """Name the topic; what MQTT keeps for itself is spelled in percent."""
        levels = (command.ven, command.resource_id, command.type)
        return "/".join([self._prefix, *(quote(level, safe=" .:@&=$,;~!*'()") for level in levels)])

    def _answered(self, command: Command, otherwise: Answer) -> Answer:
        future = self._waiting[command.key]
        return future.result() if future.done() and not future.cancelled() else otherwise

    async def _connected(self) -> aiomqtt.Client:
        if self._client is None:
            client = await self._connection.enter_async_context(self._broker.client())
            if self._topic is not None:
                await client.subscribe(self._topic, qos=1)
                reading = asyncio.create_task(self._read(client), name="mqtt acknowledgements")
                self._connection.push_async_callback(_ended, reading)
            self._client = client
        return self._client

    async def _read(self, client: aiomqtt.Client) -> None:
        try:
            async for said in client.messages:
                self._take(said.payload)
        except aiomqtt.MqttError as error:
            _log.warning("mqtt.disconnected", sink=self.name, error=words(error))

    def _take(self, payload: object) -> None:
        """Take one acknowledgement; somebody else's, or one that is late, is passed over."""
        try:
            said = orjson.loads(payload) if isinstance(payload, bytes | str) else None
        except orjson.JSONDecodeError:
            said = None
        key = str(said.get("key")) if isinstance(said, dict) else ""
        future = self._waiting.get(key)
        if future is not None and not future.done():
            refusal = refusals(said).get(key)
            answer = ACKNOWLEDGED if refusal is None else Answer(Verdict.FAILED, refusal)
            future.set_result(answer)

    async def _disconnect(self) -> None:
        connection, self._connection, self._client = self._connection, AsyncExitStack(), None
        try:
            await connection.aclose()
        except aiomqtt.MqttError as error:
            _log.info("mqtt.disconnected", sink=self.name, error=words(error))


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
