"""The sources that settings and inventory describe."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from ven_daemon.config import Settings
from ven_daemon.devices.csv_source import CsvFolder
from ven_daemon.devices.simulator import Simulated, Simulator
from ven_daemon.devices.sources import MeterPoints, Source
from ven_daemon.devices.sql_source import SqlTable
from ven_daemon.domain.fleet import Fleet, Resource
from ven_daemon.store.connections import Connection
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.reading_table import ReadingTable
from ven_daemon.store.source_marks import SourceMarks

if TYPE_CHECKING:
    from ven_daemon.app.mqtt_sources import MqttSources

_log = structlog.get_logger(__name__)


class Sources:
    """Says which sources there shall be, as often as the inventory changes."""

    def __init__(self, settings: Settings, state: Database) -> None:
        """Open what the settings name.

        Raises:
            ConfigurationError: a database URL cannot be used.
        """
        self._settings = settings
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
        settings = self._settings
        if settings.source_folder is not None:
            yield CsvFolder(settings.source_folder, points)
        if settings.source_mqtt_url is not None:
            source = self._mqtt.of_the_settings(points)
            if source is not None:
                yield source
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
            return self._mqtt.of(connection, connection.host, resources, points)
        _log.warning(
            "source.unknown",
            connection=connection.id,
            type=connection.type,
            resources=len(resources),
        )
        return None

    @cached_property
    def _mqtt(self) -> "MqttSources":
        from ven_daemon.app.mqtt_sources import MqttSources  # a megabyte, for who has a broker

        return MqttSources(self._settings)
