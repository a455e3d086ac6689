"""Acceptance: `ven-daemon register` against real VTNs, judged by what these hold afterwards."""

from collections.abc import Callable

import pytest

from tests.interop.readback import SAMPLE_RESOURCES, SAMPLE_VENS, assert_holds_exactly
from tests.rig.installation import Installation
from tests.rig.openleadr import OpenleadrVtn
from tests.rig.openleadr_install import OPENADR_31

pytestmark = [pytest.mark.interop, pytest.mark.timeout(1800)]

InstallationFor = Callable[[OpenleadrVtn, str], Installation]


def test_a_cold_registration_puts_the_whole_sample_fleet_into_the_vtn(
    vtn: OpenleadrVtn, installation: Installation
) -> None:
    summary = installation.register()

    assert summary["vens"] == {
        "total": SAMPLE_VENS,
        "registered": SAMPLE_VENS,
        "failed": 0,
        "skipped": 0,
    }
    assert summary["resources"]["created"] == SAMPLE_RESOURCES
    assert summary["writes"] == SAMPLE_VENS + SAMPLE_RESOURCES
    assert summary["failures"] == []
    assert vtn.counts() == (SAMPLE_VENS, SAMPLE_RESOURCES)
    assert_holds_exactly(vtn, installation.rows())


def test_a_second_registration_writes_nothing(
    vtn: OpenleadrVtn, installation: Installation
) -> None:
    installation.register()
    before = vtn.modifications()

    summary = installation.register()

    assert summary["writes"] == 0
    assert summary["resources"]["unchanged"] == SAMPLE_RESOURCES
    assert vtn.modifications() == before


def test_a_changed_capacity_changes_exactly_that_resource(
    vtn: OpenleadrVtn, installation: Installation
) -> None:
    installation.register()
    before = vtn.modifications()
    row = installation.rows()[4_711]

    installation.change_capacity(row.resource_id, P_max_kw=33.5)
    summary = installation.register()

    after = vtn.modifications()
    changed = {resource.id: resource for resource in vtn.resources()}
    (touched,) = {held for held, modified in after.items() if before[held] != modified}
    assert changed[touched].attributes["RESOURCE_ID"] == [row.resource_id]
    assert changed[touched].attributes["MAX_POWER_CONSUMPTION"] == [33.5]
    assert (summary["writes"], summary["resources"]["updated"]) == (1, 1)
    assert_holds_exactly(vtn, installation.rows())


def test_a_lost_state_adopts_everything_and_creates_nothing(
    vtn: OpenleadrVtn, installation: Installation
) -> None:
    installation.register()
    before = vtn.modifications()

    installation.lose_state()
    summary = installation.register()

    assert summary["resources"]["adopted"] == SAMPLE_RESOURCES
    assert summary["writes"] == 0
    assert vtn.modifications() == before
    assert vtn.duplicates() == []


def test_a_vtn_that_comes_back_with_a_new_token_secret_is_registered_with_again(
    vtn: OpenleadrVtn, installation: Installation
) -> None:
    installation.register()
    row = installation.rows()[0]

    vtn.restart(new_secret=True)
    installation.change_capacity(row.resource_id, P_max_kw=33.5)
    summary = installation.register()

    assert summary["writes"] == 1
    assert_holds_exactly(vtn, installation.rows())


def test_a_vtn_that_restarts_with_a_new_token_secret_meanwhile_is_outlasted_in_one_run(
    vtn: OpenleadrVtn, installation: Installation
) -> None:
    command = installation.start("register", "--json")
    command.wait_until(lambda: vtn.counts()[1] > 1_000, "a thousand resources are there", within=60)

    vtn.restart(new_secret=True)

    assert command.wait(within=120) == 0, command.output()
    assert_holds_exactly(vtn, installation.rows())


def test_a_wiped_vtn_gets_everything_back(vtn: OpenleadrVtn, installation: Installation) -> None:
    installation.register()

    vtn.wipe()
    summary = installation.register()

    assert summary["writes"] == SAMPLE_VENS + SAMPLE_RESOURCES
    assert_holds_exactly(vtn, installation.rows())


def test_a_killed_registration_is_completed_by_the_next_one(
    vtn: OpenleadrVtn, installation: Installation
) -> None:
    command = installation.start("register", "--json")
    command.wait_until(lambda: vtn.counts()[1] > 2_000, "two thousand are there", within=60)

    command.kill()
    installation.register()

    assert_holds_exactly(vtn, installation.rows())


def test_what_somebody_else_registered_is_left_alone_even_when_pruning(
    vtn: OpenleadrVtn, installation: Installation
) -> None:
    vtn.register("A VEN of somebody else", "Their bar")
    before = vtn.modifications()

    installation.register("--limit", "2", "--prune")
    installation.register("--limit", "1", "--prune")

    assert before.items() <= vtn.modifications().items()


def test_a_registrar_binds_every_ven_to_that_vens_own_client(
    vtn_31: OpenleadrVtn, installation_for: InstallationFor
) -> None:
    installation = installation_for(vtn_31, "registrar")
    clients = vtn_31.ven_clients(installation.vens())
    installation.import_credentials(clients)

    summary = installation.register()

    assert summary["vens"]["registered"] == SAMPLE_VENS
    assert {ven.name: ven.client for ven in vtn_31.vens()} == {
        name: client.id for name, client in clients.items()
    }
    assert_holds_exactly(vtn_31, installation.rows())
    assert installation.register()["writes"] == 0


@pytest.mark.parametrize("limit", [20, None], ids=["the 20 largest", "the whole fleet"])
def test_vens_with_credentials_of_their_own_register_themselves(
    vtn_31: OpenleadrVtn, installation_for: InstallationFor, limit: int | None
) -> None:
    installation = installation_for(vtn_31, "per-ven")
    names = installation.vens()[:limit]
    clients = vtn_31.ven_clients(names)
    installation.import_credentials(clients)
    arguments = ["--limit", str(limit)] if limit else []

    summary = installation.register(*arguments, within=300)

    assert summary["vens"]["registered"] == len(names)
    assert {ven.name: ven.client for ven in vtn_31.vens()} == {
        name: client.id for name, client in clients.items()
    }
    assert_holds_exactly(vtn_31, [row for row in installation.rows() if row.ven in clients])
    assert installation.register(*arguments, within=300)["writes"] == 0


def test_a_ven_whose_credential_is_refused_fails_alone_and_by_name(
    vtn_31: OpenleadrVtn, installation_for: InstallationFor
) -> None:
    installation = installation_for(vtn_31, "per-ven")
    names = installation.vens()[:3]
    clients = vtn_31.ven_clients(names[:2])
    refused = next(iter(vtn_31.ven_clients(["nobody"]).values()))
    wrong = type(refused)(refused.id, "not the secret")
    installation.import_credentials(clients | {names[2]: wrong})

    done = installation.run("register", "--json", "--limit", "3")

    assert done.exit_code == 1, str(done)
    summary = done.summary()
    assert (summary["vens"]["registered"], summary["vens"]["failed"]) == (2, 1)
    assert {failure["ven"] for failure in summary["failures"]} == {names[2]}
    assert wrong.secret not in done.stdout + done.stderr
    assert_holds_exactly(vtn_31, [row for row in installation.rows() if row.ven in clients])


def test_the_profile_is_found_out_by_asking_the_vtn(
    vtn: OpenleadrVtn, installation: Installation
) -> None:
    installation.settings["VEN_PROFILE"] = "auto"

    summary = installation.register("--limit", "2")

    assert summary["vens"]["registered"] == 2
    assert vtn.counts()[0] == 2


def test_a_vtn_that_is_not_there_is_an_exit_code_of_its_own(
    vtn_of: Callable[..., OpenleadrVtn], installation_for: InstallationFor
) -> None:
    installation = installation_for(vtn_of(OPENADR_31), "shared")
    installation.settings["VEN_VTN_URL"] = "http://127.0.0.1:9"

    done = installation.run("register", "--json", "--wait", "1")

    assert done.exit_code == 4, str(done)
