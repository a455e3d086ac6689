"""What events ask for: claims, and what is left of them while nobody hears or listens."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import NamedTuple

from ven_daemon.domain.events import Event, Payload
from ven_daemon.domain.ids import EventId
from ven_daemon.domain.optouts import Absence
from ven_daemon.domain.windows import Window

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

Rank = tuple[bool, float, float, str, int, int, int]


class Claim(NamedTuple):
    """What one event asks for during one window, of one payload type.

    `end` None is open-ended; `end == start` is done once.
    """

    rank: Rank
    """Orders claims: the first one wins. What begins with True gives way to all others."""
    start: datetime
    end: datetime | None
    payload: Payload
    event: EventId
    version: str
    window: str
    """Names the window within its event's version."""
    source: int = 0
    """Which of the orders of a plan it comes from."""

    @property
    def is_instant(self) -> bool:
        """Whether it takes no time."""
        return self.start == self.end

    @classmethod
    def of(cls, event: Event, version: str, window: Window, payload: Payload) -> "Claim":
        """Read a claim from a window."""
        rank = (
            False,
            inf if event.priority is None else event.priority,
            -(event.modified or _LONG_AGO).timestamp(),
            event.id,
            -window.index,
            -window.turn,
            -window.part,
        )
        name = f"{window.index}.{window.turn}.{window.part}"
        return cls(rank, window.start, window.end, payload, event.id, version, name)


FALLBACKS = {
    f"{way}_CAPACITY_SUBSCRIPTION": f"{way}_CAPACITY_LIMIT" for way in ("IMPORT", "EXPORT")
}
"""What limits fall back to when the VTN is silent for long (User Guide 8.10)."""


@dataclass(frozen=True, slots=True)
class Silence:
    """The VTN is not heard of: what follows from it, and from when."""

    since: datetime
    releases: bool = False
    """Whether events end then, rather than hold to their end."""


def heard(claims: Iterable[Claim], silence: Silence | None) -> Iterator[Claim]:
    """Say what becomes of claims when the VTN is silent: limits fall back, the rest holds."""
    for claim in claims:
        if silence is None:
            yield claim
            continue
        if not silence.releases:
            yield claim
        elif claim.start < silence.since:
            yield claim._replace(end=min(claim.end or silence.since, silence.since))
        limit = FALLBACKS.get(claim.payload.type)
        if limit is not None and (claim.end is None or claim.end > silence.since):
            yield claim._replace(
                rank=(True, *claim.rank[1:]),
                start=max(claim.start, silence.since),
                payload=Payload(limit, claim.payload.values),
            )


def present(claims: Iterable[Claim], absences: Sequence[Absence]) -> Iterator[Claim]:
    """Cut out of claims the times at which a resource is away."""
    for claim in claims:
        pieces = [claim]
        for absence in absences:
            if absence.event in (None, claim.event):
                pieces = [part for piece in pieces for part in _outside(piece, absence)]
        yield from pieces


def _outside(claim: Claim, absence: Absence) -> Iterator[Claim]:
    begin, end = absence.start, absence.end
    if claim.is_instant:
        if claim.start < begin or (end is not None and claim.start >= end):
            yield claim
        return
    if claim.start < begin:
        yield claim._replace(end=min(claim.end or begin, begin))
    if end is not None and (claim.end is None or claim.end > end):
        yield claim._replace(start=max(claim.start, end))
