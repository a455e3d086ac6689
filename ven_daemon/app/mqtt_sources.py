"""The brokers that readings come from; imported where there is one, for the client it takes."""

from collections import Counter
from functools import cached_property
from ssl import SSLContext
from uuid import NAMESPACE_URL, uuid5

from pydantic import SecretStr

from ven_daemon.app.connection import tls_of
from ven_daemon.config import Settings
from ven_daemon.devices.mqtt import Broker
from ven_daemon.devices.mqtt_source import MqttTopics, Topic
from ven_daemon.devices.sources import MeterPoints, Source
from ven_daemon.domain.fleet import Resource
from ven_daemon.store.connections import Connection

_TLS_PORT = 8883


class MqttSources:
    """Describes them: the one of the settings, and those of the inventory."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def of_the_settings(self, points: MeterPoints) -> Source | None:
        """Describe the broker that the settings name, where they do."""
        settings, url = self._settings, self._settings.source_mqtt_url
        if url is None or url.host is None:
            return None
        secure = url.scheme == "mqtts"
        broker = self._broker(
            url.host,
            url.port or (_TLS_PORT if secure else 1883),
            settings.source_mqtt_username,
            settings.source_mqtt_password,
            secure=secure,
        )
        return MqttTopics(broker, (Topic(settings.source_mqtt_topic),), points)

    def of(
        self, connection: Connection, host: str, resources: list[Resource], points: MeterPoints
    ) -> Source:
        """Describe a broker of the inventory."""
        port = connection.port or 1883
        broker = self._broker(
            host, port, connection.username, connection.password, secure=port == _TLS_PORT
        )
        return MqttTopics(broker, _topics(connection, resources), points)

    def _broker(
        self,
        host: str,
        port: int,
        username: str | None,
        password: SecretStr | None,
        *,
        secure: bool,
    ) -> Broker:
        # The same after a restart, so that the broker keeps the session; another for another state.
        whose = f"{self._settings.state_url} {host}:{port} {username}"
        identifier = f"ven-daemon-in-{uuid5(NAMESPACE_URL, whose).hex[:12]}"
        return Broker(host, port, username, password, self._tls if secure else None, identifier)

    @cached_property
    def _tls(self) -> SSLContext:
        """One for all: each keeps every authority of the system, a megabyte."""
        return tls_of(self._settings).context()


def _topics(connection: Connection, resources: list[Resource]) -> tuple[Topic, ...]:
    """Name the topics: of the connection, or of each resource's own `reporting`.

    A topic without places that only one resource has is that resource's.
    """
    topics = [_topic(connection, row) for row in resources]
    shared = Counter(topics)
    return tuple(
        dict.fromkeys(
            Topic(topic, _said(row, alone="{" not in topic and shared[topic] == 1))
            for row, topic in zip(resources, topics, strict=True)
            if topic
        )
    )


def _topic(connection: Connection, resource: Resource) -> str:
    own = resource.reporting.get("topic")
    return own if isinstance(own, str) else connection.topic or ""


def _said(resource: Resource, *, alone: bool) -> tuple[tuple[str, str], ...]:
    said = [("resource_id", str(resource.resource_id))] if alone else []
    quantity = resource.reporting.get("quantity")
    if isinstance(quantity, str):
        said.append(("quantity", quantity))
    return tuple(said)
