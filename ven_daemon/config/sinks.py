"""Settings: the ways by which dispatches reach devices."""

from typing import Annotated, Self

from pydantic import HttpUrl, SecretStr, UrlConstraints, model_validator
from pydantic_core import Url

from ven_daemon.config.kinds import Area

MqttUrl = Annotated[Url, UrlConstraints(allowed_schemes=["mqtt", "mqtts"], host_required=True)]


class SinkSettings(Area):
    """One sink of each kind; which resources use which is `VEN_SINKS`'s to say."""

    sink_http_url: HttpUrl | None = None
    """Where the sink `http` posts commands."""

    sink_http_secret: SecretStr | None = None
    """Key of its signature (HMAC-SHA256); unset: its requests are not signed."""

    sink_sql_url: str | None = None
    """Database in which the sink `sql` keeps the table `device_commands`."""

    sink_mqtt_url: MqttUrl | None = None
    """Broker of the sink `mqtt`: `mqtts://host:8883`, or `mqtt://` without TLS."""

    sink_mqtt_username: str | None = None
    """Who it is to the broker."""

    sink_mqtt_password: SecretStr | None = None
    """Its password there."""

    sink_mqtt_topic: str = "ven-daemon/commands"
    """What the topics of its commands begin with; `/ven/resource_id/type` follows."""

    sink_mqtt_ack_topic: str | None = None
    """Where devices acknowledge; unset: that the broker has it is enough."""

    @model_validator(mode="after")
    def _topics_are_topics(self) -> Self:
        if any(letter in self.sink_mqtt_topic for letter in "+#\0"):
            raise ValueError("sink_mqtt_topic holds a wildcard")
        return self
