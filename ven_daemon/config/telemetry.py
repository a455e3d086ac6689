"""Settings: the ways readings come in by, beside HTTP and the inventory's connections."""

from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from ven_daemon.config.kinds import Area, Period
from ven_daemon.config.sinks import MqttUrl


class SourceSettings(Area):
    """One source of each kind; more are named by the inventory."""

    source_folder: Path | None = None
    """Folder in which CSV files with readings are looked for."""

    source_mqtt_url: MqttUrl | None = None
    """Broker to listen to: `mqtts://host:8883`, or `mqtt://` without TLS."""

    source_mqtt_username: str | None = None
    """Who we are to it."""

    source_mqtt_password: SecretStr | None = None
    """Our password there."""

    source_mqtt_topic: str = "meters/{resource_id}/{quantity}"
    """Topics to listen to; `{resource_id}`, `{meter_point_id}`, `{quantity}` stand for levels."""

    source_sql_url: str | None = None
    """Database with a table or view of readings."""

    source_sql_table: str = "readings"
    """Its name."""

    source_sql_rising: str = "id"
    """A column of it that only rises as rows are committed."""

    source_sql_interval: Period = timedelta(seconds=10)
    """How often new rows are looked for."""

    simulator: bool = False
    """Invent readings for resources that have no connection: for a demo, never for a grid."""

    simulator_interval: Period = timedelta(minutes=1)
    """How often."""

    simulator_seed: int = 1
    """Another seed makes other curves."""
