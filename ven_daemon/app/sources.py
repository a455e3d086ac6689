"""The sources that settings and inventory describe."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import structlog
from pydantic import SecretStr

from ven_daemon.app.connection import tls_of
from ven_daemon.config import Settings
from ven_daemon.devices.csv_source import CsvFolder
from ven_daemon.devices.mqtt import Broker
from ven_daemon.devices.mqtt_source import MqttTopics, Topic
from ven_daemon.devices.simulator import Simulated, Simulator
from ven_daemon.devices.sources import MeterPoints, Source
from ven_daemon.devices.sql_source import SqlTable
from ven_daemon.domain.fleet import Fleet, Resource
from ven_daemon.store.connections import Connection
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.reading_table import ReadingTable
from ven_daemon.store.source_marks import SourceMarks

_TLS_PORT = 8883

_log = structlog.get_logger(__name__)


class Sources:
    """Says which sources there shall be, as often as the inventory changes."""

    def __init__(self, settings: Settings, state: Database) -> None:
        """Open what the settings name.

        Raises:
            ConfigurationError: a database URL or a certificate cannot be used.
        """
        self._settings = settings
        self._tls = tls_of(settings).context()
        self._marks = SourceMarks(state)
        self._database: Database | None = None
        self._table: ReadingTable | None = None
        if settings.source_sql_url is not None:
            self._database = open_database(settings.source_sql_url, read_only=True)
            name, rising = settings.source_sql_table, settings.source_sql_rising
            self._table = ReadingTable(self._database, name, rising)

    async def close(self) -> None:
        """Close what was opened."""
        if self._database is not None:
            await self._database.dispose()

    def wanted(self, fleet: Fleet, connections: Mapping[int, Connection]) -> Iterator[Source]:
        """Describe every source."""
        resources = [row for ven in fleet.vens for row in ven.resources]
        points = {row.meter_point_id: row.resource_id for row in resources if row.meter_point_id}
        yield from self._of_the_settings(resources, points)
        reached: dict[int, list[Resource]] = {}
        for row in resources:
            if row.connection_id is not None and row.connection_id in connections:
                reached.setdefault(row.connection_id, []).append(row)
        for number, rows in reached.items():
            source = self._of(connections[number], rows, points)
            if source is not None:
                yield source

    def _of_the_settings(self, resources: list[Resource], points: MeterPoints) -> Iterator[Source]:
        settings, url = self._settings, self._settings.source_mqtt_url
        if settings.source_folder is not None:
            yield CsvFolder(settings.source_folder, points)
        if url is not None and url.host is not None:
            port = url.port or (_TLS_PORT if url.scheme == "mqtts" else 1883)
            broker = self._broker(
                url.host,
                port,
                settings.source_mqtt_username,
                settings.source_mqtt_password,
                secure=url.scheme == "mqtts",
            )
            yield MqttTopics(broker, (Topic(settings.source_mqtt_topic),), points)
        if self._table is not None:
            name, every = settings.source_sql_table, settings.source_sql_interval
            yield SqlTable(name, self._table, self._marks, every, points)
        if settings.simulator:
            simulated = (
                Simulated(row.resource_id, row.resource_sub_type, row.capacities)
                for row in resources
                if row.enabled and row.connection_id is None
            )
            yield Simulator(tuple(simulated), settings.simulator_seed, settings.simulator_interval)

    def _of(
        self, connection: Connection, resources: list[Resource], points: MeterPoints
    ) -> Source | None:
        """Describe the source of a connection; one of a type that we do not know is named."""
        if connection.type == "filereader" and connection.file is not None:
            return CsvFolder(Path(connection.file), points)
        if connection.type == "mqtt" and connection.host is not None:
            port = connection.port or 1883
            broker = self._broker(
                connection.host,
                port,
                connection.username,
                connection.password,
                secure=port == _TLS_PORT,
            )
            return MqttTopics(broker, _topics(connection, resources), points)
        _log.warning(
            "source.unknown",
            connection=connection.id,
            type=connection.type,
            resources=len(resources),
        )
        return None

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
        tls = self._tls if secure else None
        return Broker(host, port, username, password, tls, identifier)


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
