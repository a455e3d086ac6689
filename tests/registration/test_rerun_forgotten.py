"""Later runs: what the VTN forgets, and what we forget."""

from pathlib import Path

from tests.registration.fleet import RESOURCES, SmallFleet
from tests.registration.inside import Registrar, did, marker, of_ven, writes
from tests.rig.installation import Installation
from tests.rig.sandbox import SandboxVtn
from tests.sandbox.rig import Sandbox
from ven_daemon.domain.registration import Kind


async def test_a_wiped_vtn_gets_everything_back_after_a_second_look(
    registrar: Registrar, strict: Sandbox
) -> None:
    await registrar.register()
    await strict.post("/sandbox/wipe", None)
    line = len(await strict.ledger())

    outcome = await registrar.register()

    assert did(outcome) == {Kind.CREATE: RESOURCES}
    assert (await strict.summary())["resources"] == RESOURCES
    since = (await strict.ledger())[line:]
    first_write = next(n for n, each in enumerate(since) if each["method"] == "POST")
    looks = [each for each in since[:first_write] if each["path"] == "/vens"]
    assert len(looks) >= 2
    assert looks[-1]["monotonic"] - looks[0]["monotonic"] >= 1.5


async def test_a_listing_that_is_empty_for_a_moment_recreates_nothing(
    tmp_path: Path, fleet: SmallFleet
) -> None:
    async with Sandbox(clients=(), open=True, lenient=True) as lenient:
        registrar = Registrar(fleet, lenient.url)
        await registrar.register()
        for path in ("^/vens$", "^/resources$"):
            nothing = {"method": "GET", "path": path, "kind": "status", "status": 200}
            await lenient.faults({**nothing, "body": [], "times": 1})

            outcome = await registrar.register()

            assert (did(outcome), outcome.writes) == ({Kind.NOTHING: RESOURCES}, 0)
        assert (await lenient.summary())["duplicates"] == 0


async def test_one_object_that_the_vtn_lost_is_created_again(
    registrar: Registrar, strict: Sandbox
) -> None:
    await registrar.register()
    lost = (await of_ven(strict, "Brande"))["bar 3"]
    await strict.delete(f"/resources/{lost['id']}")

    outcome = await registrar.register()

    assert did(outcome) == {Kind.CREATE: 1, Kind.NOTHING: RESOURCES - 1}


async def test_a_lost_state_adopts_everything_and_writes_nothing(
    registrar: Registrar, strict: Sandbox
) -> None:
    await registrar.register()
    line = len(await strict.ledger())

    registrar.lose_state()
    outcome = await registrar.register()

    assert (did(outcome), outcome.writes) == ({Kind.ADOPT: RESOURCES}, 0)
    assert await writes(strict, line) == []


def test_a_state_that_is_gone_beside_its_marker_is_refused_until_told_to_forget_it(
    installation: Installation, vtn: SandboxVtn
) -> None:
    installation.register()
    before = vtn.summary()
    installation.state.unlink()

    refused = installation.run("register", "--json")
    installation.succeed("db", "forget")
    summary = installation.register()

    assert refused.exit_code == 3, str(refused)
    assert "ven-daemon db forget" in refused.stderr
    assert marker(installation.state).exists()
    assert (summary["resources"]["adopted"], summary["writes"]) == (RESOURCES, 0)
    assert vtn.summary()["writes"] == before["writes"]
