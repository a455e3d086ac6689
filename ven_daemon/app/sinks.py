"""The sinks that the settings describe."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from ven_daemon.app.connection import tls_of
from ven_daemon.config import Settings
from ven_daemon.devices.http import HttpSink
from ven_daemon.devices.log import LogSink
from ven_daemon.devices.port import Sink
from ven_daemon.devices.sql import SqlSink
from ven_daemon.store.commands import CommandTable
from ven_daemon.store.database import open_database

if TYPE_CHECKING:
    from ven_daemon.devices.mqtt import MqttSink


async def open_sinks(settings: Settings, stack: AsyncExitStack) -> Mapping[str, Sink]:
    """Open every sink that is set up, by its name; `log` always is. *stack* closes them.

    Raises:
        ConfigurationError: a database URL or a certificate cannot be used.
    """
    sinks: list[Sink] = [LogSink()]
    if settings.sink_http_url is not None:
        url, secret = str(settings.sink_http_url), settings.sink_http_secret
        sinks.append(await stack.enter_async_context(HttpSink(url, secret)))
    if settings.sink_sql_url is not None:
        database = open_database(settings.sink_sql_url)
        stack.push_async_callback(database.dispose)
        sinks.append(SqlSink(CommandTable(database)))
    if settings.sink_mqtt_url is not None:
        sinks.append(await stack.enter_async_context(_mqtt(settings)))
    return {sink.name: sink for sink in sinks}


def _mqtt(settings: Settings) -> "MqttSink":
    from ven_daemon.devices.mqtt import Broker, MqttSink  # a megabyte, for who has a broker

    url = settings.sink_mqtt_url
    if url is None or url.host is None:
        raise AssertionError("no broker is set")
    secure = url.scheme == "mqtts"
    broker = Broker(
        url.host,
        url.port or (8883 if secure else 1883),
        settings.sink_mqtt_username,
        settings.sink_mqtt_password,
        tls_of(settings).context() if secure else None,
        # The same after a restart, another for another state.
        identifier=f"ven-daemon-{uuid5(NAMESPACE_URL, settings.state_url).hex[:12]}",
    )
    return MqttSink(broker, settings.sink_mqtt_topic, settings.sink_mqtt_ack_topic)
