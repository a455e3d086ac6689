"""The sample client's guide, followed to the letter, against a sandbox VTN."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import ven_daemon
from tests.registration.fleet import three_vens
from tests.rig.sandbox import SandboxVtn
from ven_daemon import (
    generate_resources,
    get_access_token,
    load_ven_resources_from_sqlite,
    load_vens_from_sqlite,
    sample_registration,
)
from ven_daemon.domain.errors import ConfigurationError, InventoryError, UnauthorizedError


@pytest.fixture(scope="module")
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--client", "registrar:let-me-in:bl") as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def _guide(tmp_path: Path, vtn: SandboxVtn, monkeypatch: pytest.MonkeyPatch) -> None:
    vtn.reset()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    three_vens(tmp_path / "config" / "resources.db")
    monkeypatch.setenv("VEN_VTN_URL", vtn.url)
    monkeypatch.setenv("OAUTH_CLIENT_ID", "registrar")
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", "let-me-in")


def test_every_name_of_the_guide_can_be_imported() -> None:
    assert all(callable(getattr(ven_daemon, name)) for name in ven_daemon.__all__)
    with pytest.raises(AttributeError):
        ven_daemon.no_such_thing  # noqa: B018


def test_vens_and_resources_are_loaded_from_the_file_of_the_guide() -> None:
    vens = load_vens_from_sqlite()
    resources = load_ven_resources_from_sqlite(vens[0])
    resource_map = {r.resourceID: r for r in resources}

    assert vens == ["Aalborg", "Brande", "Corsør"]
    assert len(resource_map) == 10
    first = resources[0]
    assert (first.resource_type, first.ven, first.capacities["P_max_kw"]) == ("DSR", "Aalborg", 25)


async def test_the_snippet_of_the_guide_registers_the_first_vens(vtn: SandboxVtn) -> None:
    bearer_token = get_access_token()  # without await, inside a running loop

    outcome = await sample_registration(
        vtn_url=vtn.url, bearer_token=bearer_token, db_path="./config/resources.db", limit_vens=2
    )

    assert (len(outcome.vens), outcome.registered, outcome.failures) == (2, 19, [])
    assert (vtn.summary()["vens"], vtn.summary()["resources"]) == (2, 19)


async def test_without_a_limit_everything_is_registered_and_a_second_time_nothing_is_written(
    vtn: SandboxVtn,
) -> None:
    token = get_access_token()
    await sample_registration(vtn.url, token)

    again = await sample_registration(vtn.url, token)

    assert (again.registered, again.writes) == (27, 0)


async def test_a_token_that_is_refused_is_told_in_the_outcome(vtn: SandboxVtn) -> None:
    outcome = await sample_registration(vtn.url, "no-token-at-all", limit_vens=1)

    assert outcome.failed_vens == 1
    assert "does not accept the bearer token" in outcome.failures[0].reason


def test_a_wrong_secret_and_a_missing_client_are_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", "wrong")
    with pytest.raises(UnauthorizedError, match="refuses 'registrar'"):
        get_access_token()

    monkeypatch.delenv("OAUTH_CLIENT_ID")
    with pytest.raises(ConfigurationError, match="VEN_CLIENT_ID"):
        get_access_token()


def test_a_missing_database_is_told_with_what_helps() -> None:
    with pytest.raises(InventoryError, match="ven-daemon samples"):
        load_vens_from_sqlite("./nowhere.db")


def test_the_sample_fleet_is_generated_where_the_guide_has_it(tmp_path: Path) -> None:
    (tmp_path / "config" / "resources.db").unlink()

    db = generate_resources()

    assert db == Path("config/resources.db")
    assert load_vens_from_sqlite(str(db))[:3] == ["Aalborg", "Aarhus", "Herning"]
    assert len(list(Path("samples").glob("*-in-denmark.csv"))) == 8
