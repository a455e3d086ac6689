"""File descriptors: as many as we may have, and what that leaves for connections."""

import resource
from dataclasses import dataclass

import structlog

CONNECTIONS = 1000
"""Connections of operators and devices, at the most."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Room:
    """How many connections there may be."""

    inbound: int
    outbound: int


def make_room(outbound: int) -> Room:
    """Raise our limit as far as we may, and share it out: half inbound, a quarter outbound.

    The rest is for databases, logs and devices.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    files = hard if hard != resource.RLIM_INFINITY else 1 << 20
    room = Room(min(CONNECTIONS, files // 2), max(1, min(outbound, files // 4)))
    if room != Room(CONNECTIONS, outbound):
        shares = {"inbound": room.inbound, "outbound": room.outbound}
        _log.warning("files.limited", limit=files, connections=shares)
    return room
