"""The sink `log`."""

from structlog.testing import capture_logs

from tests.devices.commands import command
from ven_daemon.devices.log import LogSink
from ven_daemon.domain.dispatches import Answer, Do, Verdict


async def test_each_command_is_a_line_with_everything_that_is_there() -> None:
    with capture_logs() as lines:
        answers = await LogSink().deliver(
            [command(1, kw=0.0), command(2, do=Do.RELEASE, repeated=True)]
        )

    assert answers == [Answer(Verdict.ACKNOWLEDGED)] * 2
    first, second = lines
    assert (first["event"], second["event"]) == ("dispatch.applied", "dispatch.released")
    assert (first["resource"], first["kw"], first["event_id"]) == ("Bar 1", 0.0, "event-1")
    assert "repeated" not in first
    assert "kwh" not in first
    assert second["repeated"] is True
