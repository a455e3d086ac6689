"""A rig for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dispatch.rig import Rig, rigged


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rigged(tmp_path) as made:
        yield made


@pytest.fixture
def charger_like_the_others(rig: Rig) -> None:
    rig.fleet.change("charger", resource_type="DSR")
