"""What VTNs and the ways to them do to a registration, and what must come of it (F01 to F32).

After each fault the VTN holds the fleet, nothing twice; or what is missing is named with
the VTN's own words, and the next run makes it good.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.registration.fleet import RESOURCES, VENS, SmallFleet
from tests.registration.inside import reasons
from tests.sandbox.rig import Sandbox
from ven_daemon.domain.outcome import Outcome

POST_RESOURCE = {"method": "POST", "path": "^/resources$"}
GET = {"method": "GET", "path": "^/(vens|resources)$"}


async def assert_all_is_there(vtn: Sandbox, outcome: Outcome) -> None:
    """The VTN holds the small fleet, nothing twice, and the outcome says so."""
    held = await vtn.summary()
    assert reasons(outcome) == {}
    assert (held["vens"], held["resources"]) == (len(VENS), RESOURCES)
    assert held["duplicates"] == 0
    assert outcome.registered == RESOURCES


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """What takes longer fails."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        pytest.fail(f"not done within {seconds:g} s", pytrace=False)


def spoiled(fault: dict[str, Any]) -> str:
    """Name a fault for pytest."""
    return " ".join(str(value)[:12] for value in fault.values())


def big_fleet(folder: Path) -> SmallFleet:
    fleet = SmallFleet(folder / "big.db")
    fleet_of(fleet, "Aalborg", 150)
    return fleet


def fleet_of(fleet: SmallFleet, ven: str, count: int) -> None:
    for number in range(count):
        fleet.add(ven, f"bar {number}")
