"""Reports as operators see them: by HTTP and by command, with what they may decide."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.service import Service
from tests.reporting.conftest import QUICK
from tests.reporting.vtn import Publisher
from tests.rig.sandbox import SandboxVtn

PATH = "/api/v1/reports"


@pytest.fixture(scope="module")
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def service(vtn: SandboxVtn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A daemon with one report sent and one refused."""
    publisher = Publisher(vtn)
    vtn.faults(
        [{"method": "POST", "path": "^/reports", "kind": "status", "status": 400, "times": 1}]
    )
    with Service(tmp_path_factory.mktemp("surface"), vtn.url, **QUICK) as running:
        running.wait_until_ready()
        publisher.event(datetime.now(UTC) + timedelta(seconds=1), timedelta(seconds=1))
        running.wait(lambda: states(running) == ["quarantined", "sent"])
        yield running


def page(service: Service, query: str = "") -> list[dict[str, Any]]:
    status, document = service.get(PATH + query)
    assert status == 200, document
    found: list[dict[str, Any]] = document["reports"]
    return found


def states(service: Service) -> list[str]:
    return sorted(report["state"] for report in page(service))


def quarantined(service: Service) -> dict[str, Any]:
    [found] = page(service, "?state=quarantined")
    return found


def test_a_report_is_listed_in_the_shape_that_scripts_lean_on(service: Service) -> None:
    [sent] = page(service, "?state=sent")

    assert sent.keys() >= {
        *("name", "ven", "event", "type", "start", "end", "state", "attempts", "reason", "id"),
    }
    assert sent["type"] == "USAGE"
    assert sent["id"]
    assert sent["reason"] is None
    assert sent["attempts"] == 1
    assert quarantined(service)["cause"] == "rejected"
    assert "400" in quarantined(service)["reason"]


def test_pages_follow_each_other_without_gap_or_repetition(service: Service) -> None:
    first = service.get(f"{PATH}?limit=1")[1]
    second = service.get(f"{PATH}?limit=1&before={first['before']}")[1]

    names = [report["name"] for report in (*first["reports"], *second["reports"])]
    assert sorted(names) == sorted(report["name"] for report in page(service))
    assert second["before"] is None


@pytest.mark.parametrize("query", ["?limit=0", "?limit=1001", "?state=lost", "?before=yesterday"])
def test_what_cannot_be_meant_is_refused(service: Service, query: str) -> None:
    assert service.get(PATH + query)[0] == 400


def test_one_report_is_shown_with_what_is_sent(service: Service) -> None:
    name = quarantined(service)["name"]

    status, found = service.get(f"{PATH}/{name}")

    assert status == 200
    assert found["body"]["reportName"] == name
    assert service.get(f"{PATH}/nobody's")[0] == 404


def test_only_what_is_quarantined_is_released_or_discarded(service: Service) -> None:
    [sent] = page(service, "?state=sent")

    for what in ("release", "discard", "retry"):
        assert service.send("POST", f"{PATH}/{sent['name']}/{what}")[0] == 404
        assert service.send("POST", f"{PATH}/nobody's/{what}")[0] == 404


def test_commands_say_the_same_and_export_what_is_sent(service: Service, tmp_path: Path) -> None:
    name, file = quarantined(service)["name"], tmp_path / "reports.ndjson"

    listed = service.command("reports", "--json", "--state", "quarantined")
    shown = service.command("reports", "show", name)
    exported = service.command("reports", "export", str(file))
    refused = service.command("reports", "retry", name)

    assert json.loads(listed.stdout)["reports"] == page(service, "?state=quarantined")
    assert json.loads(shown.stdout)["body"]["reportName"] == name
    assert exported.stdout.strip() == "reports written: 2"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert {line["state"] for line in lines} == {"sent", "quarantined"}
    assert refused.returncode == 2
    assert name in service.command("reports").stdout


def fates(service: Service) -> dict[str, float]:
    """Read the books as a scrape does."""
    line = re.compile(r'^ven_daemon_reports\{fate="(\w+)"\} (\S+)$', re.MULTILINE)
    return {fate: float(value) for fate, value in line.findall(service.get_text("/metrics")[1])}


def test_metrics_balance_the_books(service: Service) -> None:
    """The law of conservation, as exported: what was accepted is somewhere, and nowhere twice."""
    service.wait(lambda: fates(service).get("quarantined") == 1, 35)

    books = fates(service)

    assert books.pop("accepted") == 2 == sum(books.values())
    assert books == {"reported": 1, "queued": 0, "quarantined": 1, "trimmed": 0}
    assert "ven_daemon_reports_missing 0.0" in service.get_text("/metrics")[1]


def test_what_is_released_is_sent_at_last(service: Service) -> None:
    name = quarantined(service)["name"]

    released = service.command("reports", "release", name)

    assert released.returncode == 0, released.stderr
    service.wait(lambda: states(service) == ["sent", "sent"])
