"""The sink that publishes to an MQTT broker, one retained message per resource and type."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from ssl import SSLContext
from typing import Any, Self, TypeAlias
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

AT_A_TIME = 100
"""Messages that are written before what came in is looked at: a few milliseconds."""

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

    def client(self) -> "Publisher":
        """Make a client: one serves for one connection."""
        return Publisher(
            self.host,
            self.port,
            username=self.username,
            password=self.password.get_secret_value() if self.password else None,
            tls_context=self.tls,
            identifier=self.identifier,
            timeout=SECONDS,
            max_queued_incoming_messages=QUEUED_MOST,
            # No limit of paho's, which looks through all that is under way for each that
            # is acknowledged: what a sink has under way is bounded by its batches.
            max_inflight_messages=0,
        )


Message: TypeAlias = tuple[str, bytes, Callable[[], None]]
"""Topic, body, and who is told that the broker has taken it."""


class Publisher(aiomqtt.Client):
    """Publishes many messages at once; `publish` waits for each, by a timer of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._awaited: dict[int, Callable[[], None]] = {}

    async def publish_all(self, messages: Iterable[Message]) -> None:
        """Publish with QoS 1, retained; each is told of when the broker has taken it.

        Raises:
            aiomqtt.MqttError: the connection is lost, and some were not published.
        """
        for number, (topic, body, taken) in enumerate(messages):
            if number % AT_A_TIME == 0:
                await asyncio.sleep(0)
            said = self._client.publish(topic, body, 1, retain=True)
            if said.rc:
                raise aiomqtt.MqttCodeError(said.rc)
            # Nothing that comes in is looked at before this returns to the loop.
            self._awaited[said.mid] = taken

    async def until(self, futures: Collection[asyncio.Future[Any]]) -> None:
        """Wait for all of *futures*.

        Raises:
            aiomqtt.MqttError: the connection was lost before.
        """
        all_ = asyncio.create_task(asyncio.wait(futures))
        try:
            either: set[asyncio.Future[Any]] = {all_, self._disconnected}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            all_.cancel()
        if not all(each.done() for each in futures):
            raise aiomqtt.MqttError("the connection is lost") from self._disconnected.exception()

    def _on_publish(self, client: Any, userdata: Any, mid: int, *more: Any) -> None:
        taken = self._awaited.pop(mid, None)
        if taken is None:
            super()._on_publish(client, userdata, mid, *more)
        else:
            taken()


class MqttSink:
    """QoS 1, retained: who subscribes later still learns what holds now.

    Published to `PREFIX/ven/resource_id/type`. Without an acknowledgement topic the
    broker's word is the acknowledgement. With one, each command waits for
    `{"key": …, "ok": true}` there.
    """

    name = "mqtt"
    batch = 2500
    in_flight = 2

    def __init__(
        self, broker: Broker, prefix: str, acknowledgements: str | None, seconds: float = SECONDS
    ) -> None:
        self._broker = broker
        self._prefix = prefix.rstrip("/")
        self._topic = acknowledgements
        self._seconds = seconds
        self._client: Publisher | None = None
        self._connecting = asyncio.Lock()
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
        waiting: dict[str, asyncio.Future[Answer]] = {c.key: loop.create_future() for c in commands}
        self._waiting.update(waiting)
        client, otherwise = None, ACKNOWLEDGED
        try:
            async with asyncio.timeout(self._seconds):
                client = await self._connected()
                await client.publish_all(self._message(each) for each in commands)
                await client.until(waiting.values())
        except (aiomqtt.MqttError, TimeoutError, OSError) as error:
            reason = words(error) or "no acknowledgement in time"
            otherwise = Answer(Verdict.UNREACHABLE, reason)
            if client is self._client and not any(each.done() for each in waiting.values()):
                await self._disconnect()  # nothing came of it: begin anew
        finally:
            for key in waiting:
                del self._waiting[key]
        return [each.result() if each.done() else otherwise for each in waiting.values()]

    def _message(self, command: Command) -> Message:
        body = orjson.dumps(message(command))
        return self._topic_of(command), body, partial(self._taken, command.key)

    def _taken(self, key: str) -> None:
        """Take the broker's word for the device's, where no topic is given for that."""
        if self._topic is None:
            self._answer(key, ACKNOWLEDGED)

    def _answer(self, key: str, answer: Answer) -> None:
        """Note an answer; somebody else's, or one that is late, is passed over."""
        future = self._waiting.get(key)
        if future is not None and not future.done():
            future.set_result(answer)

    def _topic_of(self, command: Command) -> str:
        """Name the topic; what MQTT keeps for itself is spelled in percent."""
        levels = (command.ven, command.resource_id, command.type)
        return "/".join([self._prefix, *(quote(level, safe=" .:@&=$,;~!*'()") for level in levels)])

    async def _connected(self) -> Publisher:
        async with self._connecting:
            if self._client is None:
                async with AsyncExitStack() as connection:
                    client = await connection.enter_async_context(self._broker.client())
                    if self._topic is not None:
                        await client.subscribe(self._topic, qos=1)
                        reading = asyncio.create_task(self._read(client))
                        connection.push_async_callback(_ended, reading)
                    self._client, self._connection = client, connection.pop_all()
            return self._client

    async def _read(self, client: aiomqtt.Client) -> None:
        try:
            async for said in client.messages:
                self._take(said.payload)
        except aiomqtt.MqttError as error:
            _log.warning("mqtt.disconnected", sink=self.name, error=words(error))

    def _take(self, payload: object) -> None:
        """Take one acknowledgement; nonsense is passed over."""
        try:
            said = orjson.loads(payload) if isinstance(payload, bytes | str) else None
        except orjson.JSONDecodeError:
            said = None
        key = str(said.get("key")) if isinstance(said, dict) else ""
        refusal = refusals(said).get(key)
        self._answer(key, ACKNOWLEDGED if refusal is None else Answer(Verdict.FAILED, refusal))

    async def _disconnect(self) -> None:
        connection, self._connection, self._client = self._connection, AsyncExitStack(), None
        try:
            await connection.aclose()
        except aiomqtt.MqttError as error:
            _log.info("mqtt.disconnected", sink=self.name, error=words(error))


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
