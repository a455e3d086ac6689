"""Who reads, and what is remembered of how it went."""

import asyncio
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.sightings import Sighting
from ven_daemon.vtn.client import VtnClient
from ven_daemon.vtn.sweeping import Sweep

EVERYBODY = ""
"""Name of the reader that polls for all VENs with one credential."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One VEN that polls for itself, or the credential that polls for all."""

    name: str
    client: VtnClient
    granted: tuple[str, ...] = ()
    """Targets that the VTN granted to its ven and resources, as last observed."""


class Changed(NamedTuple):
    """What a poll changed, for whoever has to act on it."""

    reader: str
    events: frozenset[EventId]
    programs: bool = False
    """Whether what the reader may see of programs changed."""

    def __bool__(self) -> bool:
        """Whether anything did."""
        return bool(self.events) or self.programs


@dataclass(slots=True)
class Memory:
    """What is remembered of one reader between polls; all of it can be found out again."""

    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    known: dict[EventId, Sighting] = field(default_factory=dict)
    """What the store holds."""
    in_doubt: bool = False
    """Whether writing was broken off, so that the store may hold more than that."""
    polled: bool = False
    """Whether anything was recorded since the process began."""
    sweeps: dict[str | None, Sweep] = field(default_factory=dict)
    """How it was last shown the list, by the target asked with."""
    marks: dict[str | None, bytes] = field(default_factory=dict)
    """Digests of what was recorded of it."""
    programs: dict[ProgramId, str] = field(default_factory=dict)
    """The version of each program that it may see."""
    programs_sweep: Sweep | None = None
    programs_due: float = -inf
    without: dict[ProgramId, float] = field(default_factory=dict)
    """Programs that it may not see, and when to ask again (T-15)."""
    hidden: dict[EventId, float] = field(default_factory=dict)
    """Events that are there and not listed, and when to ask again (T-21)."""
    unsettled: bool = False
    """Whether some absence waits to be confirmed."""
    probes: int = 0
    """How often it was tried whether the VTN wants targets in queries."""
