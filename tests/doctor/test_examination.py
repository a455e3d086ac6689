"""The examination, against VTNs that are well and VTNs that are not."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.registration.fleet import SmallFleet, three_vens
from tests.registration.inside import OWN, Registrar, business
from tests.rig.installation import Installation
from tests.rig.processes import free_port
from tests.sandbox.rig import Sandbox
from tests.vtn.certificates import Authority
from tests.vtn.servers import always, http
from ven_daemon.app.doctor import examine
from ven_daemon.domain.diagnosis import Finding
from ven_daemon.sandbox.clients import Client

ORDER = ["inventory", "state", "disk", "clock", "dns", "token", "version"]
ORDER += ["credentials", "visibility"]


@pytest.fixture
def fleet(tmp_path: Path) -> SmallFleet:
    return three_vens(tmp_path / "resources.db")


@pytest.fixture
async def opened() -> AsyncIterator[Sandbox]:
    async with Sandbox(clients=(), open=True) as sandbox:
        yield sandbox


@pytest.fixture
async def closed() -> AsyncIterator[Sandbox]:
    clients = (Client("operator", "s-operator", "bl"), *(Client(c, f"s-{c}") for c in OWN.values()))
    async with Sandbox(clients=clients) as sandbox:
        yield sandbox


async def findings(fleet: SmallFleet, vtn: str, **settings: Any) -> dict[str, Finding]:
    found = await examine(Registrar(fleet, vtn, **settings)._settings)
    assert [each.check for each in found if each.check != "tls"] == ORDER
    return {each.check: each for each in found}


def levels(found: dict[str, Finding]) -> dict[str, str]:
    return {name: each.level.value for name, each in found.items() if each.level.value != "ok"}


async def test_before_anything_is_registered_nothing_is_wrong_and_nothing_is_made(
    opened: Sandbox, fleet: SmallFleet
) -> None:
    found = await findings(fleet, opened.url)

    assert levels(found) == {"visibility": "warning"}
    assert found["state"].words.endswith("not there yet: it will be made")
    assert "tls" not in found
    assert not list(fleet.file.parent.glob("state.db*"))
    assert (await opened.get("/sandbox/summary")).json["writes"] == 0


async def test_a_registered_fleet_is_well(opened: Sandbox, fleet: SmallFleet) -> None:
    await Registrar(fleet, opened.url).register()

    found = await findings(fleet, opened.url)

    assert levels(found) == {}
    assert "'Aalborg' is listed with 10 of its 10 resources" in found["visibility"].words


async def test_a_vtn_that_forgot_is_told_from_one_that_never_knew(
    opened: Sandbox, fleet: SmallFleet
) -> None:
    await Registrar(fleet, opened.url).register()
    await opened.post("/sandbox/wipe", None)

    assert levels(await findings(fleet, opened.url)) == {"visibility": "problem"}


async def test_a_vtn_that_asks_for_a_token_is_said(closed: Sandbox, fleet: SmallFleet) -> None:
    found = await findings(fleet, closed.url)

    assert levels(found) == {"credentials": "problem", "visibility": "problem"}
    assert found["credentials"].advice == "set VEN_CLIENT_ID and VEN_CLIENT_SECRET"


@pytest.mark.parametrize("mode", ["shared", "registrar"])
async def test_a_business_client_fits(closed: Sandbox, fleet: SmallFleet, mode: str) -> None:
    found = await findings(fleet, closed.url, **business(mode=mode))

    assert "write_vens_bl" in found["token"].words
    if mode == "shared":
        assert levels(found) == {"visibility": "warning"}
    else:
        assert "3 of 3 VENs have no credential" in found["credentials"].words


async def test_a_client_of_one_ven_does_not_fit_a_fleet(closed: Sandbox, fleet: SmallFleet) -> None:
    found = await findings(fleet, closed.url, **business(client="c-aalborg"))

    assert found["credentials"].level.value == "warning"
    assert "per-ven" in (found["credentials"].advice or "")


async def test_each_ven_with_its_own_client_fits(closed: Sandbox, fleet: SmallFleet) -> None:
    registrar = Registrar(fleet, closed.url, credential_mode="per-ven")
    await registrar.give_credentials(OWN)
    key = registrar.settings["credentials_key"]

    found = await findings(fleet, closed.url, credential_mode="per-ven", credentials_key=key)

    assert levels(found) == {"visibility": "warning"}
    assert "'c-aalborg'" in found["token"].words


async def test_a_secret_that_is_wrong_is_said_and_not_shown(
    closed: Sandbox, fleet: SmallFleet
) -> None:
    wrong = {**business(), "client_secret": "s3cret-that-is-wrong"}
    found = await findings(fleet, closed.url, **wrong)

    assert levels(found)["token"] == "problem"
    assert "s3cret" not in str(found)


async def test_no_token_is_shown(closed: Sandbox, fleet: SmallFleet) -> None:
    found = await findings(fleet, closed.url, **business())

    assert "eyJ" not in str(found)
    assert "s-operator" not in str(found)


async def test_a_dead_vtn_costs_no_other_finding(fleet: SmallFleet) -> None:
    found = await findings(fleet, f"http://127.0.0.1:{free_port()}")

    assert levels(found)["version"] == "problem"
    assert "connection refused" in found["version"].words
    assert found["inventory"].level.value == "ok"


async def test_a_clock_that_is_wrong_is_said(fleet: SmallFleet) -> None:
    date = format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True)
    async with http(always(404, {"title": "no"}, {"Date": date})) as vtn:
        found = await findings(fleet, str(vtn.url))

    assert levels(found)["clock"] == "problem"
    assert "ahead of" in found["clock"].words


@pytest.mark.parametrize(("days", "level"), [(60.0, "ok"), (5.0, "warning")])
async def test_a_certificate_is_read(
    fleet: SmallFleet, tmp_path: Path, days: float, level: str
) -> None:
    authority = Authority(tmp_path)
    served = authority.issue(days=days).serve()
    async with http(always(404, {"title": "no"}), served) as vtn:
        found = await findings(fleet, str(vtn.url), tls_ca_file=authority.file)
        unknown = await findings(fleet, str(vtn.url))

    assert found["tls"].level.value == level
    assert unknown["tls"].level.value == "problem"
    assert "VEN_TLS_CA_FILE" in (unknown["tls"].advice or "")


async def test_a_state_that_is_lost_is_a_problem(opened: Sandbox, fleet: SmallFleet) -> None:
    registrar = Registrar(fleet, opened.url)
    await registrar.register()
    registrar.state.unlink()

    found = await findings(fleet, opened.url)

    assert levels(found)["state"] == "problem"
    assert "db forget" in found["state"].words
    assert not registrar.state.exists()


async def test_an_inventory_that_is_not_there_costs_no_other_finding(
    opened: Sandbox, fleet: SmallFleet
) -> None:
    fleet.file.unlink()

    assert levels(await findings(fleet, opened.url)) == {
        "inventory": "problem",
        "visibility": "warning",
    }


def test_the_command_prints_one_document_and_tells_by_its_exit_code(
    fleet: SmallFleet, tmp_path: Path
) -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    installation = Installation(tmp_path, VEN_VTN_URL=dead, VEN_INVENTORY_URL=fleet.url)

    document = installation.run("doctor", "--json")
    text = installation.run("doctor")
    installation.settings["VEN_HTTP_PORT"] = "none"

    assert (document.exit_code, document.summary()["ok"], document.stderr) == (1, False, "")
    assert [each["check"] for each in document.summary()["findings"]] == ORDER
    assert "problem version: " in text.stdout
    assert installation.run("doctor").exit_code == 2
    assert not installation.state.exists()
