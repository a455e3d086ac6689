"""Tokens of devices: each brings its own readings and no others, until it is revoked (F50)."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.service import Service
from tests.readings.conftest import BAR, ELSEWHERE, PATH, TOKEN, item
from tests.rig.installation import Installation
from tests.rig.processes import free_port

NEIGHBOUR = "Aalborg/bar 1"


@pytest.fixture
def commands(service: Service) -> Installation:
    """The command line of the daemon's own installation."""
    return Installation(service.folder, VEN_HTTP_PORT=str(service.port))


def post(service: Service, token: str, *items: dict[str, Any]) -> tuple[int, Any]:
    body = json.dumps(items).encode()
    status, said, _ = service.post(PATH, body, Authorization=f"Bearer {token}")
    return status, said


@pytest.fixture(scope="module")
def tokens(service: Service) -> dict[str, str]:
    """Tokens by name, once the daemon knows all of them."""
    commands = Installation(service.folder)
    made = {
        name: commands.succeed("readings", "token", "add", name, *whose).stdout.strip()
        for name, *whose in (
            ("gateway", "--ven", "Aalborg"),
            ("meter", "--resource", BAR),
            ("lost", "--ven", "Vejle"),
        )
    }
    service.wait(lambda: all(post(service, token)[0] == 202 for token in made.values()))
    return made


def test_a_token_of_a_ven_brings_readings_of_that_ven(
    service: Service, tokens: dict[str, str]
) -> None:
    status, said = post(service, tokens["gateway"], item(), item(NEIGHBOUR), item(ELSEWHERE))

    assert (status, said["accepted"]) == (202, 2)
    assert said["rejected"] == [{"index": 2, "reason": "resource_id: not in the inventory"}]
    assert post(service, tokens["gateway"], item(ELSEWHERE))[0] == 422


def test_a_token_means_its_own_readings_where_everybody_may_bring_any(tmp_path: Path) -> None:
    """Nobody set an operator token; a gateway that is configured wrongly is told so."""
    service = Service(tmp_path, f"http://127.0.0.1:{free_port()}")
    made = service.command("readings", "token", "add", "gateway", "--ven", "Aalborg")
    gateway = made.stdout.strip()
    with service:
        service.wait(lambda: post(service, gateway, item())[0] == 202)

        its_own = post(service, gateway, item(), item(ELSEWHERE))[1]
        anybody = service.post(PATH, json.dumps([item(ELSEWHERE)]).encode())[1]

    assert (its_own["accepted"], len(its_own["rejected"])) == (1, 1)
    assert anybody["accepted"] == 1


def test_a_token_of_a_resource_brings_readings_of_it_alone(
    service: Service, tokens: dict[str, str]
) -> None:
    status, said = post(service, tokens["meter"], item(), item(NEIGHBOUR))

    assert (status, said["accepted"]) == (202, 1)
    assert said["rejected"][0]["index"] == 1


def test_a_device_gets_in_nowhere_else(service: Service, tokens: dict[str, str]) -> None:
    token = tokens["gateway"]

    for path in ("/api/v1/status", "/api/v1/vens", "/api/v1/config", "/api/v1/readings/x"):
        assert service.get(path, token)[0] == 401
    assert service.send("POST", "/api/v1/reconcile", token)[0] == 401
    assert "Aalborg" not in service.get_text("/health", token)[1]


def test_a_revoked_token_is_void_within_seconds(
    service: Service, commands: Installation, tokens: dict[str, str]
) -> None:
    assert commands.succeed("readings", "token", "revoke", "lost").stdout == "lost is void\n"

    service.wait(lambda: post(service, tokens["lost"])[0] == 401)
    assert commands.run("readings", "token", "revoke", "lost").exit_code == 2


def test_a_token_is_shown_once_and_kept_as_a_digest(
    service: Service, commands: Installation, tokens: dict[str, str]
) -> None:
    listed = json.loads(commands.succeed("readings", "token", "list", "--json").stdout)

    [row] = [each for each in listed["tokens"] if each["name"] == "meter"]
    assert (row["ven"], row["resource_id"]) == (None, BAR)
    with closing(sqlite3.connect(service.folder / "state.db")) as connection:
        assert tokens["meter"] not in "\n".join(connection.iterdump())
    assert tokens["meter"] not in service.log()


@pytest.mark.parametrize(
    "arguments",
    [
        ("both", "--ven", "Aalborg", "--resource", BAR),
        ("neither",),
        ("nowhere", "--ven", "Atlantis"),
        ("nobody", "--resource", "x"),
    ],
)
def test_a_token_says_whose_readings_it_brings(
    commands: Installation, arguments: tuple[str, ...]
) -> None:
    assert commands.run("readings", "token", "add", *arguments).exit_code == 2


def test_a_name_is_given_once(commands: Installation, tokens: dict[str, str]) -> None:
    assert "gateway" in tokens

    again = commands.run("readings", "token", "add", "gateway", "--ven", "Aalborg")

    assert again.exit_code == 2
    assert "there is a token named gateway already" in again.stderr


def test_the_last_readings_are_listed_beside_the_running_daemon(
    service: Service, commands: Installation
) -> None:
    assert post(service, TOKEN, item(minutes=2, value=1), item(minutes=1, value=7.25))[0] == 202
    assert post(service, TOKEN, item(quantity="state", value="NORMAL"))[0] == 202

    said = commands.succeed("readings", "--resource", BAR, "--json").stdout
    table = commands.succeed("readings", "--ven", "Aalborg", "--limit", "1").stdout

    rows = {row["quantity"]: row for row in json.loads(said)["readings"]}
    assert rows["state"]["value"] == "NORMAL"
    assert {row["resource_id"] for row in rows.values()} == {BAR}
    assert table.startswith("Aalborg\t")
    assert commands.run("readings", "--ven", "Atlantis").exit_code == 2
