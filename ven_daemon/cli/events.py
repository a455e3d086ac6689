"""`ven-daemon events`: what the VTN asks for, and when."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from ven_daemon import logs
from ven_daemon.app.events import open_events
from ven_daemon.cli import terminal
from ven_daemon.cli.drawing import draw, listed
from ven_daemon.config import Settings, load_settings
from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.ops import events as shapes
from ven_daemon.services.events.listing import Asked, Found, Listed

LONGEST_DRAWN = timedelta(days=1)
"""How much of an event is drawn where it is longer, or has no end."""


def events(
    event: Annotated[str | None, typer.Argument(help="Only this one, by id, drawn.")] = None,
    ven: Annotated[str | None, typer.Option("--ven", help="As this VEN acts.")] = None,
    resource: Annotated[
        str | None, typer.Option("--resource", help="What means this resource, by name or key.")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", help="What holds then (RFC 3339).")] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=shapes.WINDOWS_MOST, help="Windows per event.")
    ] = 100,
    as_document: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the events on record, those that changed last first; one of them as a timeline.

    Example: ven-daemon events --ven Aalborg --at 2026-06-01T12:00:00Z
    """
    now = datetime.now(UTC)

    async def step() -> Found:
        try:
            asked = Asked(ven, resource, shapes.read_at(at), limit, event)
        except ValueError as error:
            raise ConfigurationError(f"--at: {error}") from None
        async with open_events(_settings()) as listing:
            return await listing.find(asked, now)

    found = terminal.run(step)
    if as_document:
        terminal.print_json(shapes.listed(found))
    if found.unknown:
        terminal.fail(ConfigurationError(found.unknown))
    if event is not None and not found.events:
        terminal.notes().print(_missing(event, found), style="red", markup=False)
        raise typer.Exit(1)
    if as_document:
        return
    if event is not None:
        _draw(found.events[0], shapes.read_at(at) or now)
    else:
        _table(found)


def _missing(event: str, found: Found) -> str:
    """Say why one event is not shown."""
    if found.known:
        return f"the event {event} is on record, but not for who or when you asked"
    return f"no event {event} is on record"


def _table(found: Found) -> None:
    names = ("id", "name", "program", "priority", "status", "start", "end", "reason")
    terminal.print_table("Events", names, [_row(each) for each in found.events])
    if found.known > len(found.events):
        more = "; there may be more like these" if found.truncated else ""
        terminal.notes().print(f"{len(found.events)} of {found.known} events on record{more}")


def _row(each: Listed) -> tuple[object, ...]:
    timeline, said = each.timeline, each.event
    begins, ends = (timeline.begins, timeline.ends) if timeline else (None, None)
    cells = (
        each.id,
        said and said.name,
        each.program,
        said and said.priority,
        each.status,
        begins and f"{begins:%Y-%m-%d %H:%M:%S}",
        f"{ends:%Y-%m-%d %H:%M:%S}" if ends else begins and "open",
        each.reason,
    )
    return tuple("" if cell is None else cell for cell in cells)


def _draw(each: Listed, since: datetime) -> None:
    """Draw one event: all of it, or a day of one that is longer."""
    shown = shapes.event(each)
    names = ("name", "program", "priority", "status")
    words = [f"{name}: {shown[name]}" for name in names if shown[name] is not None]
    typer.echo(terminal.plain(f"{each.id}  " + "  ".join(words)))
    if each.reason:
        typer.echo(terminal.plain(each.reason))
    begins = each.timeline.begins if each.timeline else None
    if each.timeline is None or begins is None:
        return
    ends = each.timeline.ends
    if ends is None or ends - begins > LONGEST_DRAWN:
        begins = max(begins, min(since, ends or since))
        ends = begins + LONGEST_DRAWN
    ends = max(ends, begins + timedelta(minutes=1))
    width = terminal.output().width
    for make in (draw, listed):
        for line in make(each.timeline.windows(begins), begins, ends, width):
            typer.echo(line)


def _settings() -> Settings:
    settings = load_settings()
    logs.configure(settings.log_level, settings.log_format)
    return settings
