"""Registration under fault: the local clock."""

import pytest

from tests.registration.faults import assert_all_is_there, within
from tests.registration.inside import Registrar
from tests.sandbox.rig import Sandbox

pytestmark = pytest.mark.timeout(60)


async def test_an_intent_from_a_clock_that_was_wrong_holds_nobody_for_long(
    registrar: Registrar, strict: Sandbox
) -> None:
    await registrar.register("Aalborg")
    registrar.tamper(
        "UPDATE ven_registrations SET settled_at = '2099-01-01 00:00:00' WHERE ven = 'Aalborg'"
    )

    async with within(15):
        outcome = await registrar.register()

    await assert_all_is_there(strict, outcome)
