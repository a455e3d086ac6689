"""Registration under fault, F24: listings that do not end where they should."""

from pathlib import Path

import pytest

from tests.registration.faults import GET, big_fleet, within
from tests.registration.fleet import RESOURCES
from tests.registration.inside import Registrar, did
from tests.sandbox.rig import Sandbox
from ven_daemon.domain.registration import Kind

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize("size", [1, 7])
async def test_f24_a_vtn_with_pages_of_its_own_size_is_read_to_the_end(
    registrar: Registrar, strict: Sandbox, size: int
) -> None:
    await registrar.register()
    registrar.lose_state()
    await strict.faults({**GET, "kind": "page-cap", "size": size})

    async with within(8):
        outcome = await registrar.register()

    assert (did(outcome), outcome.writes) == ({Kind.ADOPT: RESOURCES}, 0)


async def test_f24_a_vtn_that_gives_the_same_page_for_ever_does_not_hold_us(
    strict: Sandbox, tmp_path: Path
) -> None:
    registrar = Registrar(big_fleet(tmp_path), strict.url)
    await registrar.register()
    await strict.faults({**GET, "kind": "page-loop"})

    async with within(30):
        await registrar.register(wait=3)

    assert (await strict.summary())["duplicates"] == 0
    assert len(await strict.ledger()) < 3_000
