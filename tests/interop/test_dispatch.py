"""Acceptance: what a business client makes at real VTNs reaches devices, in its windows."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.dispatch.receiver import Receiver
from tests.interop.business import Business, daemon, simple
from tests.rig.openleadr import OpenleadrVtn

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]

EVERYBODY = {
    f"{ven}/bar {n}" for ven, count in (("Aalborg", 3), ("Vejle", 2)) for n in range(count)
}

Said = tuple[str, Any, str, str]
"""What was told: do, the first value, from when, until when."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as gateway:
        yield gateway


def told(receiver: Receiver, event: str) -> Mapping[Said, set[str]]:
    """Who was told what of an event, in order; what was said again counts once."""
    found: dict[Said, set[str]] = {}
    for each in [*receiver.commands]:
        if each["event"] == event:
            said = (each["do"], each["values"][0], each["start"], each["end"])
            found.setdefault(said, set()).add(each["resource_id"])
    return found


def everybody(receiver: Receiver, event: str, do: str, value: object) -> bool:
    """Whether all were told."""
    some = [who for said, who in told(receiver, event).items() if said[:2] == (do, value)]
    return set().union(*some) == EVERYBODY


def shown(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def test_events_reach_devices_in_their_windows_and_are_taken_back(
    vtn: OpenleadrVtn, business: Business, receiver: Receiver, tmp_path: Path
) -> None:
    """Begun and ended, updated, cancelled by zero duration and by deletion."""
    program = business.program("Curtailment")
    sink = {"VEN_SINKS": "http", "VEN_SINK_HTTP_URL": receiver.url}
    with daemon(vtn, tmp_path, **sink) as service:
        soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
        hour = {"start": shown(soon - timedelta(hours=1)), "duration": "PT2H"}
        turns = business.event(
            program,
            intervalPeriod={"start": shown(soon), "duration": "PT2S"},
            intervals=simple(1, 3),
        )
        limit, price = (
            {"intervalPeriod": hour, "intervals": simple(value, kind=kind)}
            for kind, value in (("IMPORT_CAPACITY_LIMIT", 30), ("PRICE", 0.25))
        )
        deleted, zeroed = (business.event(program, **each) for each in (limit, price))
        for event, value in ((deleted, 30), (zeroed, 0.25)):
            service.wait(lambda e=event, v=value: everybody(receiver, e, "apply", v))
        business.change(
            deleted,
            business.shape(
                program, **{**limit, "intervals": simple(20, kind="IMPORT_CAPACITY_LIMIT")}
            ),
        )
        service.wait(lambda: everybody(receiver, deleted, "apply", 20))
        business.delete(f"events/{deleted}")
        nothing = {"start": "0001-01-01T00:00:00Z", "duration": "PT0S"}
        business.change(zeroed, business.shape(program, **{**price, "intervalPeriod": nothing}))
        service.wait(lambda: everybody(receiver, deleted, "release", 20))
        service.wait(lambda: everybody(receiver, zeroed, "release", 0.25))
        service.wait(lambda: everybody(receiver, turns, "release", 3))
        metrics = service.get_text("/metrics")[1]

    middle, end = soon + timedelta(seconds=2), soon + timedelta(seconds=4)
    assert told(receiver, turns) == {
        ("apply", 1, shown(soon), shown(middle)): EVERYBODY,
        ("apply", 3, shown(middle), shown(end)): EVERYBODY,
        ("release", 3, shown(middle), shown(end)): EVERYBODY,
    }
    period = (hour["start"], shown(soon + timedelta(hours=1)))
    for event, values in ((deleted, (30, 20)), (zeroed, (0.25,))):
        begun = {said for said in told(receiver, event) if said[0] == "apply"}
        assert begun == {("apply", value, *period) for value in values}
    assert 'ven_daemon_sink_late_total{sink="http"} 0.0' in metrics
