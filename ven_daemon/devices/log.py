"""The sink that writes what resources are to do into the log, and no further."""

from collections.abc import Sequence

import structlog

from ven_daemon.devices.messages import message
from ven_daemon.domain.dispatches import ACKNOWLEDGED, Answer, Command, Do

_log = structlog.get_logger(__name__)
_PAST = {Do.APPLY: "dispatch.applied", Do.RELEASE: "dispatch.released"}


class LogSink:
    """One line per command. It cannot know what it wrote before: the line says `repeated`."""

    name = "log"
    batch = 500
    in_flight = 1

    async def deliver(self, commands: Sequence[Command]) -> Sequence[Answer]:
        """Write the lines."""
        for command in commands:
            said = message(command)
            said["event_id"] = said.pop("event")  # a log line's own event is what happened
            shown = {name: value for name, value in said.items() if _says_something(value)}
            _log.info(_PAST[command.do], **shown)
        return [ACKNOWLEDGED] * len(commands)


def _says_something(value: object) -> bool:
    return value is not None and value is not False and value != ""
