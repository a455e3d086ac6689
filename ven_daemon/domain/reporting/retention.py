"""What an outbox lets go of: by age and size, the harmless first, and every piece counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from ven_daemon.domain.reporting.outbox import State

KEPT = timedelta(days=30)
ROOM = 5 * 2**30
"""Bytes."""

_HARMLESS_FIRST = {State.SENT: 0, State.QUARANTINED: 1, State.QUEUED: 2}


class Held(NamedTuple):
    """One report in the outbox, by weight."""

    name: str
    state: State
    due: datetime
    size: int


def to_trim(
    held: Iterable[Held], now: datetime, kept: timedelta = KEPT, room: int = ROOM
) -> list[Held]:
    """Choose what goes: all that is too old, then, while there is too much, the oldest.

    What the VTN has goes before what is set aside, and that before what still waits.
    What is being sent stays: whether the VTN took it is yet to be found out.
    """
    reports = list(held)
    movable = sorted(
        (report for report in reports if report.state in _HARMLESS_FIRST),
        key=lambda report: (_HARMLESS_FIRST[report.state], report.due, report.name),
    )
    excess = sum(report.size for report in reports) - room
    chosen = [report for report in movable if report.due < now - kept]
    excess -= sum(report.size for report in chosen)
    for report in _others(movable, chosen):
        if excess <= 0:
            break
        chosen.append(report)
        excess -= report.size
    return chosen


def _others(reports: Sequence[Held], chosen: Sequence[Held]) -> list[Held]:
    names = {report.name for report in chosen}
    return [report for report in reports if report.name not in names]


@dataclass(frozen=True, slots=True)
class Books:
    """The law of conservation: what was accepted is somewhere, and nowhere twice."""

    accepted: int = 0
    reported: int = 0
    queued: int = 0
    """Those being sent included."""
    quarantined: int = 0
    trimmed: int = 0
    """Let go of before the VTN had them."""

    @property
    def missing(self) -> int:
        """How many are nowhere; negative is how many are there twice. It must be zero."""
        held = self.reported + self.queued + self.quarantined + self.trimmed
        return self.accepted - held
