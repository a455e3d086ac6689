"""The operator's HTTP surface over a real daemon, which registers with a real sandbox."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.service import Service
from tests.rig.sandbox import SandboxVtn

TOKEN = "let-me-in"


@pytest.fixture(scope="module")
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def service(vtn: SandboxVtn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("ops"), vtn.url, VEN_OPERATOR_TOKEN=TOKEN) as service:
        service.wait_until_ready()
        yield service


def test_probes_and_metrics_are_open_to_everybody(service: Service) -> None:
    assert service.get("/livez") == (200, {"alive": True})
    assert service.get("/readyz") == (200, {"ready": True, "concerns": {}})

    status, text = service.get_text("/metrics")

    assert status == 200
    assert 'ven_daemon_vens{state="registered"} 2.0' in text


def test_health_without_the_token_gives_counts_and_no_names(service: Service) -> None:
    status, health = service.get("/health")

    assert status == 200
    assert health["fleet"]["registered"] == 2
    assert "Aalborg" not in json.dumps(health)
    assert health["vtn"]["url"] is None


@pytest.mark.parametrize("token", [None, "wrong", ""])
def test_everything_else_wants_the_token(service: Service, token: str | None) -> None:
    for path in ("/api/v1/status", "/api/v1/vens", "/api/v1/config", "/api/v1/openapi.json"):
        assert service.get(path, token)[0] == 401


def test_the_command_asks_the_daemon_directly_whatever_proxy_is_set(service: Service) -> None:
    told = service.command("status", http_proxy="http://127.0.0.1:9")

    assert told.returncode == 0
    assert "VENs: 2 registered" in told.stdout


def test_the_command_says_that_its_token_is_refused(service: Service) -> None:
    told = service.command("status", VEN_OPERATOR_TOKEN="another")

    assert (told.returncode, told.stdout) == (2, "")
    assert "the daemon refuses this VEN_OPERATOR_TOKEN" in told.stderr


def test_vens_can_be_filtered_and_paged(service: Service) -> None:
    everybody = service.get("/api/v1/vens", TOKEN)[1]
    second = service.get("/api/v1/vens?skip=1&limit=1", TOKEN)[1]
    named = service.get("/api/v1/vens?name=vej&state=registered", TOKEN)[1]

    assert [each["ven"] for each in everybody["vens"]] == ["Aalborg", "Vejle"]
    assert [each["ven"] for each in second["vens"]] == ["Vejle"]
    assert (named["total"], named["vens"][0]["ven"]) == (1, "Vejle")
    assert service.get("/api/v1/vens?limit=501", TOKEN)[0] == 400
    assert service.get("/api/v1/vens?state=odd", TOKEN)[0] == 400
    assert service.get("/api/v1/vens?skip=-1", TOKEN)[0] == 400


def test_one_ven_shows_what_is_on_record_of_its_resources(service: Service) -> None:
    status, ven = service.get("/api/v1/vens/Aalborg", TOKEN)

    assert status == 200
    assert {each["status"] for each in ven["at_the_vtn"]} == {"registered"}
    assert len(ven["at_the_vtn"]) == 3
    assert service.get("/api/v1/vens/Atlantis", TOKEN)[0] == 404


def test_the_configuration_shows_no_secret(service: Service) -> None:
    shown = service.get("/api/v1/config", TOKEN)[1]

    assert TOKEN not in json.dumps(shown)
    assert shown["reconcile_interval"] == "PT5M"


def test_every_documented_path_answers(service: Service) -> None:
    document = service.get("/api/v1/openapi.json", TOKEN)[1]

    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            status = service.send(method.upper(), path.replace("{ven}", "Vejle"), TOKEN)[0]
            assert str(status) in operation["responses"]


def test_a_ven_can_be_reconciled_at_once(service: Service, vtn: SandboxVtn) -> None:
    before = vtn.summary()["requests"]

    assert service.send("POST", "/api/v1/vens/Vejle/reconcile", TOKEN)[0] == 202
    service.wait(lambda: vtn.summary()["requests"] > before)

    assert service.send("POST", "/api/v1/vens/Atlantis/reconcile", TOKEN)[0] == 404


def test_a_paused_ven_is_left_alone_until_it_is_resumed(service: Service, vtn: SandboxVtn) -> None:
    assert service.send("POST", "/api/v1/vens/Vejle/pause", TOKEN)[0] == 200

    paused = service.get("/api/v1/vens?state=paused", TOKEN)[1]["vens"]
    assert [each["ven"] for each in paused] == ["Vejle"]
    assert service.get("/health")[1]["fleet"]["paused"] == 1
    before = vtn.summary()["resources"]
    service.change(
        "INSERT INTO resources (resource_id, resource_name, resource_type, ven, enabled)"
        " VALUES ('new', 'new', 'DSR', 'Vejle', 1)"
    )
    service.pass_over(TOKEN)
    assert vtn.summary()["resources"] == before

    assert service.send("POST", "/api/v1/vens/Vejle/resume", TOKEN)[0] == 200
    service.wait(lambda: vtn.summary()["resources"] == before + 1)
    assert service.get("/api/v1/vens?state=paused", TOKEN)[1]["vens"] == []
    assert service.send("POST", "/api/v1/vens/Atlantis/pause", TOKEN)[0] == 404


def test_without_a_token_a_foreign_host_or_origin_is_refused(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            request = urllib.request.Request(f"{service.url}/api/v1/status", headers=headers)
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=5)
            caught.value.close()
            assert caught.value.code == 403
        assert service.get("/api/v1/status")[0] == 200


def test_others_are_not_let_in_without_a_token(vtn: SandboxVtn, tmp_path: Path) -> None:
    with Service(tmp_path, vtn.url, VEN_HTTP_HOST="0.0.0.0") as service:
        assert service.wait_for_exit() == 2

    assert "set VEN_OPERATOR_TOKEN" in service.log()


def test_a_resource_is_opted_out_and_in_again(service: Service) -> None:
    body = {"ven": "Aalborg", "resource": "bar 1", "weekly": "mon-fri 17:00-21:00"}

    status, made = _opt_out(service, body)
    listed = service.get("/api/v1/opt-outs", TOKEN)[1]["opt_outs"]
    ended = service.send("DELETE", f"/api/v1/opt-outs/{made['id']}", TOKEN)
    again = service.send("DELETE", f"/api/v1/opt-outs/{made['id']}", TOKEN)

    assert (status, made["resource_id"]) == (201, "Aalborg/bar 1")
    assert listed == [made]
    assert (ended[0], again[0]) == (200, 404)
    assert service.get("/api/v1/opt-outs", TOKEN)[1] == {"opt_outs": []}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "an object"),
        ({"ven": ""}, "ven"),
        ({"ven": "Nowhere"}, "no VEN"),
        ({"ven": "Aalborg", "resource": "nobody"}, "no enabled resource"),
        ({"ven": "Aalborg", "weekly": "sometimes"}, "mon-fri"),
        ({"ven": "Aalborg", "from": 5}, "from"),
        ({"ven": "Aalborg", "who": "me"}, "unknown"),
    ],
)
def test_an_opt_out_that_cannot_be_meant_is_refused(
    service: Service, body: object, words: str
) -> None:
    status, said = _opt_out(service, body)

    assert status == 422
    assert words in said["detail"]


def _opt_out(service: Service, body: object) -> tuple[int, Any]:
    sent = json.dumps(body).encode()
    return service.post("/api/v1/opt-outs", sent, Authorization=f"Bearer {TOKEN}")[:2]


def test_dispatches_are_listed_and_wrong_times_refused(service: Service) -> None:
    empty = {"dispatches": [], "truncated": False}

    assert service.get("/api/v1/dispatches?ven=Aalborg", TOKEN) == (200, empty)
    assert service.get("/api/v1/dispatches?ven=Alborg", TOKEN)[0] == 404
    assert service.get("/api/v1/events?resource=nobody", TOKEN)[0] == 404
    assert service.get("/api/v1/dispatches?from=soon", TOKEN)[0] == 400
    assert service.get("/api/v1/dispatches?limit=99999", TOKEN)[0] == 400
