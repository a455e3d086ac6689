"""The state file: one JSON line for each change, written before the change is shown.

A line is in the operating system's hands before the client has its answer, so a killed sandbox
(`kill -9`) has lost nothing that it accepted. A crash of the whole machine is not guarded against.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from ven_daemon.sandbox.objects import Objects

_FORMAT = "sandbox-vtn-1"


class JournalError(Exception):
    """The state file cannot be used."""


class Journal:
    """A file that is only ever appended to, rewritten without its dead lines at each start."""

    def __init__(self, path: Path, profile: str) -> None:
        self._path = path
        self._profile = profile
        self._file = -1
        self.size = 0
        """Bytes so far."""

    def open(self, objects: Objects) -> None:
        """Fill *objects* with what was kept, and keep what becomes of them from now on."""
        try:
            lock = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as e:
            raise JournalError(f"{self._path}: {e.strerror}") from e
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._replay(objects)
            self._rewrite(objects)
        except BlockingIOError as e:
            raise JournalError(f"{self._path} is in use by another sandbox") from e
        except OSError as e:
            raise JournalError(f"{self._path}: {e.strerror}") from e
        finally:
            os.close(lock)
        objects.keeper = self

    def put(self, noun: str, wire: bytes) -> None:
        """Remember an object as it is now."""
        self._append(b'{"put":"' + noun.encode() + b'","object":' + wire + b"}\n")

    def drop(self, gone: Sequence[tuple[str, str]]) -> None:
        """Remember that objects are gone, by one write."""
        lines = (orjson.dumps({"drop": noun, "id": object_id}) + b"\n" for noun, object_id in gone)
        self._append(b"".join(lines))

    def wipe(self) -> None:
        """Remember that all objects are gone."""
        self._append(b'{"wipe":true}\n')

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _append(self, lines: bytes) -> None:
        """Write whole lines or none: half a line would spoil the next one."""
        try:
            written = os.write(self._file, lines)
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        if written < len(lines):
            os.ftruncate(self._file, self.size)
            raise OSError(f"{self._path}: the disk is full")
        self.size += written

    def _replay(self, objects: Objects) -> None:
        for number, change in self._changes():
            try:
                _apply(change, objects)
            except (KeyError, TypeError) as e:
                raise JournalError(f"{self._path}: line {number} is not one of ours") from e

    def _changes(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Read the changes; a last line without its end is what a kill cut off, and nobody's."""
        lines = self._path.read_bytes().split(b"\n")
        lines.pop()
        for number, line in enumerate(lines, 1):
            try:
                change = orjson.loads(line)
            except orjson.JSONDecodeError as e:
                raise JournalError(f"{self._path}: line {number} is unreadable") from e
            if number > 1:
                yield number, change
            elif change != (header := self._header()):
                raise JournalError(f"{self._path}: expected the first line to be {header}")

    def _header(self) -> dict[str, str]:
        return {"format": _FORMAT, "profile": self._profile}

    def _rewrite(self, objects: Objects) -> None:
        fresh = self._path.with_name(self._path.name + ".new")
        self._file = os.open(
            fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with os.fdopen(self._file, "wb", closefd=False) as file:
            file.write(orjson.dumps(self._header()) + b"\n")
            for noun, row in objects.rows():
                file.write(b'{"put":"' + noun.encode() + b'","object":' + row.wire + b"}\n")
        self.size = os.fstat(self._file).st_size
        fresh.replace(self._path)


def _apply(change: dict[str, Any], objects: Objects) -> None:
    if "put" in change:
        shelf = objects.shelves[change["put"]]
        shelf.put(shelf.compose(change["object"]))
    elif "drop" in change:
        shelf = objects.shelves[change["drop"]]
        shelf.drop(shelf.rows[change["id"]])
    elif change["wipe"]:
        objects.wipe()
