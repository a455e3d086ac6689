"""The ancestor's shape: one thing at a time, an ORM object and a commit for every row.

It works on a copy of the inventory, whose rows it marks.
"""

import logging
import shutil
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bench.bare import sign
from bench.bodies import COLUMNS, distinct, resource_body, ven_body
from bench.shapes import Done, Job, Opened

_log = logging.getLogger("ancestor")


class Base(DeclarativeBase):
    """The ORM's."""


class Resource(Base):
    """A row of the inventory."""

    __tablename__ = "resources"
    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[str]
    resource_name: Mapped[str]
    resource_type: Mapped[str]
    resource_sub_type: Mapped[str]
    meter_point_id: Mapped[str]
    capacities: Mapped[str]
    location: Mapped[str]
    address: Mapped[str]
    ven: Mapped[str]
    enabled: Mapped[bool]
    updated_at: Mapped[datetime]


@asynccontextmanager
async def opened(job: Job) -> Opened:
    """Open a database, a session and a log."""
    copy = shutil.copyfile(job.inventory, job.folder / "ancestor.db")
    logging.basicConfig(
        filename=job.folder / "ancestor.log", level=logging.INFO, format="%(asctime)s %(message)s"
    )
    with Session(create_engine(f"sqlite:///{copy}")) as database:
        async with aiohttp.ClientSession(f"{job.url}/") as session:
            await sign(session, job)
            yield lambda: _register(session, database, job)


async def _register(session: aiohttp.ClientSession, database: Session, job: Job) -> Done:
    assert job.ven is not None
    ven = await _post(session, "vens", ven_body(job.ven))
    rows = database.scalars(select(Resource).where(Resource.ven == job.ven)).all()
    named = distinct(tuple(getattr(row, name) for name in COLUMNS) for row in rows)
    for row, values in zip(rows, named, strict=True):
        _log.info("registering resource %s", row.resource_name)
        made = await _post(session, "resources", resource_body(values, ven))
        row.updated_at = datetime.now(UTC)
        database.commit()
        _log.info("registered resource %s as %s", made["resourceName"], made["id"])
    return Done(len(rows), 1 + len(rows))


async def _post(session: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> Any:
    async with session.post(path, json=body) as response:
        response.raise_for_status()
        return await response.json()
