"""Readings from an MQTT broker: bare numbers or JSON, told apart by topic.

QoS 1 with a session that the broker keeps: a message is acknowledged once its reading is
on disk, so what comes while this process is away, or the store is, comes again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote

import aiomqtt
import orjson
import structlog

from ven_daemon.devices.mqtt import SECONDS, Broker
from ven_daemon.devices.sources import MeterPoints, Take, named
from ven_daemon.domain.errors import SourceError

QUEUED_MOST = 10_000
"""Messages that may wait to be taken; more of QoS 0 are lost, of QoS 1 come again."""

MESSAGES_AT_ONCE = 1000

_PLACE = re.compile(r"\{(resource_id|meter_point_id|quantity)\}")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, or a pattern with `{resource_id}`, `{meter_point_id}`, `{quantity}` as levels.

    `said` is what every message of it says without saying so, such as whose it is.
    """

    pattern: str
    said: tuple[tuple[str, str], ...] = ()

    @property
    def subscription(self) -> str:
        """The topic filter that the broker is given."""
        return _PLACE.sub("+", self.pattern)

    def read(self, topic: str) -> dict[str, object] | None:
        """Take apart a message's topic; None: it is none of this pattern."""
        parts = _PLACE.split(self.pattern)
        places = [
            f"(?P<{part}>[^/]+)" if n % 2 else re.escape(part) for n, part in enumerate(parts)
        ]
        found = re.fullmatch("".join(places), topic)
        if found is None:
            return None
        levels = {name: unquote(value) for name, value in found.groupdict().items()}
        return {**dict(self.said), **levels}


class _Client(aiomqtt.Client):
    """Acknowledges when it is told to, and not when a message is received."""

    def acknowledge_by_hand(self) -> None:
        self._client.manual_ack_set(on=True)

    def acknowledge(self, message: aiomqtt.Message) -> None:
        self._client.ack(message.mid, message.qos)


@dataclass(frozen=True)
class MqttTopics:
    """Listens to the topics of one broker."""

    broker: Broker
    topics: tuple[Topic, ...]
    meter_points: MeterPoints = field(default_factory=dict, hash=False)
    kind: str = "mqtt"

    async def run(self, take: Take) -> None:
        """Listen until the connection breaks; a run is a connection."""
        client = self._client()
        try:
            async with client:
                for topic in dict.fromkeys(each.subscription for each in self.topics):
                    await client.subscribe(topic, qos=1)
                _log.info("mqtt.listening", host=self.broker.host, topics=len(self.topics))
                await self._listen(client, take)
        except (aiomqtt.MqttError, OSError) as error:
            where = f"{self.broker.host}:{self.broker.port}"
            raise SourceError(f"mqtt broker {where}: {error}") from error

    def _client(self) -> _Client:
        broker = self.broker
        client = _Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password.get_secret_value() if broker.password else None,
            tls_context=broker.tls,
            identifier=broker.identifier,
            clean_session=False,
            timeout=SECONDS,
            max_queued_incoming_messages=QUEUED_MOST,
        )
        client.acknowledge_by_hand()
        return client

    async def _listen(self, client: _Client, take: Take) -> None:
        """Take messages, as many at once as have come."""
        messages = client.messages
        while True:
            waiting = [await anext(messages)]
            while len(messages) and len(waiting) < MESSAGES_AT_ONCE:
                waiting.append(await anext(messages))
            await self._take(waiting, take)
            for message in waiting:
                client.acknowledge(message)

    async def _take(self, messages: Sequence[aiomqtt.Message], take: Take) -> None:
        items = [item for message in messages for item in self._items(message)]
        sifted = await take(items)
        if sifted.refused:
            first = sifted.refused[0]
            _log.warning(
                "readings.messages_refused",
                refused=len(sifted.refused),
                first=str(items[first.index])[:200],
                reason=first.reason,
            )

    def _items(self, message: aiomqtt.Message) -> list[object]:
        said = self._said(str(message.topic))
        payload = _payload(message.payload)
        listed = payload if isinstance(payload, list) else [payload]
        return [self._item(said, each) for each in listed]

    def _said(self, topic: str) -> Mapping[str, object]:
        """Say what the topic says; a message of no topic of ours names its own resource."""
        found = (each.read(topic) for each in self.topics)
        return next((said for said in found if said is not None), {})

    def _item(self, said: Mapping[str, object], payload: object) -> object:
        told = payload if isinstance(payload, Mapping) else {"value": payload}
        now = datetime.now(UTC).isoformat()
        return named({"quantity": "power", "at": now, **said, **told}, self.meter_points)


def _payload(payload: object) -> object:
    """Read JSON, of which a number is one; what is none is a word."""
    text = bytes(payload) if isinstance(payload, bytes | bytearray) else str(payload).encode()
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text.decode("utf-8", "replace").strip()
