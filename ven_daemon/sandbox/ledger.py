"""What happened, in order: one line per request, and the object of every accepted write.

A line costs a tuple while the VTN is at work; it becomes JSON when somebody reads it.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

import orjson

from ven_daemon.sandbox.messages import Answer, Call

_LINES_PER_BLOCK = 500


class _Entry(NamedTuple):
    time: float
    monotonic: float
    client: str | None
    method: str
    path: str
    query: str
    status: int | None
    body_sha256: bytes
    accepted: bytes | None
    fault: str | None


class Ledger:
    """The requests so far."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self.writes = 0

    def clear(self) -> None:
        """Forget everything, the count of writes too."""
        self._entries.clear()
        self.writes = 0

    def record(
        self, call: Call, status: int | None, answer: Answer | None, fault: str | None
    ) -> None:
        """Add a line, in the order in which requests are decided; times are those of arrival."""
        accepted = answer.accepted if answer is not None else None
        if accepted is not None:
            self.writes += 1
        self._entries.append(
            _Entry(
                time.time() - (time.monotonic() - call.arrived),
                call.arrived,
                call.caller.client,
                call.method,
                call.path,
                call.query,
                status,
                sha256(call.body).digest(),
                accepted,
                fault,
            )
        )

    def blocks(self, after: int = 0) -> Iterator[bytes]:
        """Write the lines beyond the first *after* as NDJSON, some hundreds at a time."""
        end = len(self._entries)
        for start in range(after, end, _LINES_PER_BLOCK):
            entries = self._entries[start : min(end, start + _LINES_PER_BLOCK)]
            yield b"".join(_line(start + n, entry) for n, entry in enumerate(entries, 1))


def _line(sequence: int, entry: _Entry) -> bytes:
    return orjson.dumps(
        {
            "sequence": sequence,
            "time": datetime.fromtimestamp(entry.time, UTC),
            "monotonic": entry.monotonic,
            "client": entry.client,
            "method": entry.method,
            "path": entry.path,
            "query": entry.query,
            "status": entry.status,
            "body_sha256": entry.body_sha256.hex(),
            "accepted": entry.accepted is not None,
            "object": None if entry.accepted is None else orjson.Fragment(entry.accepted),
            "fault": entry.fault,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )
