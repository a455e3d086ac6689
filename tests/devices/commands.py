"""Commands to hand to sinks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ven_daemon.domain.dispatches import Command, Do
from ven_daemon.domain.ids import EventId, ResourceKey, ResourceName, VenName

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def command(number: int = 1, do: Do = Do.APPLY, **more: Any) -> Command:
    """Make one; *number* tells it from others."""
    said: dict[str, Any] = {
        "key": f"key-{number}",
        "do": do,
        "ven": VenName("Nykøbing Falster"),
        "resource": ResourceName(f"Bar {number}"),
        "resource_id": ResourceKey(f"r{number}"),
        "event": EventId("event-1"),
        "version": "5f3a",
        "type": "IMPORT_CAPACITY_LIMIT",
        "values": (50,),
        "kw": 12.5,
        "kwh": None,
        "start": START,
        "end": START + timedelta(hours=1),
        "reason": "clamped to 12.5 kW",
    }
    return Command(**{**said, **more})
