"""Reading a whole inventory: fast where nothing is odd, and to its end where something is."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from operator import methodcaller
from typing import Any

from sqlalchemy import Select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from ven_daemon.domain.fleet import Resource
from ven_daemon.store.inventory_rows import UnreadableRow, read_row

_CHUNK = 2000
"""Rows that are read at a time."""

_ANY_BYTES = methodcaller("decode", "utf-8", "surrogateescape")


async def read_rows(
    connection: AsyncConnection, statement: Select[Any]
) -> tuple[list[Resource], list[str]]:
    """Read resources, and what is to be said of rows that are none."""
    if connection.dialect.name != "sqlite":
        return await _read(connection, statement)
    # Decoding by a function of ours takes a third of the time that a driver takes for a row.
    await _decode_by(connection, str)
    try:
        return await _read(connection, statement)
    except OperationalError:
        await accept_any_bytes(connection)
        return await _read(connection, statement)


async def accept_any_bytes(connection: AsyncConnection) -> None:
    """Let a text that is not UTF-8 cost its own value: by default it fails the whole read."""
    if connection.dialect.name == "sqlite":
        await _decode_by(connection, _ANY_BYTES)


@contextmanager
def no_collector() -> Iterator[None]:
    """Keep the cycle collector from walking a growing fleet: there are no cycles in one.

    It takes 40 % of the time that reading a million rows takes.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


async def _decode_by(connection: AsyncConnection, decode: Any) -> None:
    raw = (await connection.get_raw_connection()).driver_connection
    if raw is not None:
        raw.text_factory = decode


async def _read(
    connection: AsyncConnection, statement: Select[Any]
) -> tuple[list[Resource], list[str]]:
    rows: list[Resource] = []
    notes: list[str] = []
    ordinals = count(1)
    result = await connection.stream(statement)
    async for chunk in result.partitions(_CHUNK):
        for row in chunk:
            try:
                rows.append(read_row(row, next(ordinals)))
            except UnreadableRow as error:
                notes.append(str(error))
    return rows, notes
