"""Objects put on the shelves from outside, many at once and unchecked.

For tests that need a fleet, a hundred thousand events, or an event that no VTN should have let in.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson

from ven_daemon.sandbox.identity import random_uuid, timestamp
from ven_daemon.sandbox.objects import Objects
from ven_daemon.sandbox.problems import bad_request
from ven_daemon.sandbox.shelf import Shelf

LARGEST = 512 * 2**20
"""In bytes; half a million events fit."""

_BLOCK = 250
"""How many objects are put before others have a turn."""


async def put_all(objects: Objects, body: bytes) -> int:
    """Put every object of an NDJSON body, or none where a line cannot be used."""
    wanted = [each async for each in _read(objects, body)]
    for number, (shelf, members) in enumerate(wanted):
        if number % _BLOCK == 0:
            await asyncio.sleep(0)
        objects.put(shelf, shelf.compose(members))
    return len(wanted)


async def _read(objects: Objects, body: bytes) -> AsyncIterator[tuple[Shelf, dict[str, Any]]]:
    for number, line in enumerate(body.splitlines(), 1):
        if number % _BLOCK == 0:
            await asyncio.sleep(0)
        if line.strip():
            yield _object(objects, line, f"line {number}")


def _object(objects: Objects, line: bytes, where: str) -> tuple[Shelf, dict[str, Any]]:
    """Read one line; the metadata that it leaves out is made up."""
    try:
        asked = orjson.loads(line)
    except orjson.JSONDecodeError as e:
        raise bad_request(f"{where}: not JSON: {e}") from e
    given = asked.get("object") if isinstance(asked, dict) else None
    if not isinstance(given, dict):
        raise bad_request(f"{where}: expected an object with kind and object")
    shelf = objects.shelves.get(str(asked.get("kind")).lower())
    if shelf is None:
        raise bad_request(f"{where}: kind: expected one of {', '.join(objects.shelves)}")
    if not isinstance(given.setdefault("id", random_uuid()), str):
        raise bad_request(f"{where}: id: invalid type, expected a string")
    now = timestamp()
    made = {"id": given["id"], "createdDateTime": now, "modificationDateTime": now}
    members = {**made, "objectType": shelf.noun.upper(), **given}
    if "targets" in members:  # last, where hiding them finds them
        members["targets"] = members.pop("targets")
    return shelf, members
