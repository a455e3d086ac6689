"""Alerts and dashboard speak of metrics that the daemon serves. Needs no container."""

import json
import re
from pathlib import Path

import pytest

from tests.daemon.service import Service
from tests.rig.sandbox import SandboxVtn

_DEPLOY = Path(__file__).parents[2] / "deploy"
_ALERTS = _DEPLOY / "prometheus/alerts.yml"
_DASHBOARD = _DEPLOY / "grafana/ven-daemon.json"
_METRIC = re.compile(r"\bven_daemon_[a-z_]+")
_SERVED = re.compile(r"^# TYPE (\S+) ", re.MULTILINE)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of all metrics of a daemon that runs."""
    with (
        SandboxVtn("--open") as vtn,
        Service(tmp_path_factory.mktemp("metrics"), vtn.url) as service,
    ):
        service.wait_until_ready()
        return set(_SERVED.findall(service.get_text("/metrics")[1]))


@pytest.mark.parametrize("file", [_ALERTS, _DASHBOARD], ids=["alerts", "dashboard"])
def test_every_metric_that_is_asked_for_is_served(file: Path, served: set[str]) -> None:
    asked = set(_METRIC.findall(file.read_text()))

    assert asked
    assert asked - served == set()


def test_panels_of_the_dashboard_do_not_overlap() -> None:
    panels = json.loads(_DASHBOARD.read_text())["panels"]
    places = [panel["gridPos"] for panel in panels]

    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert max(x for x, _ in cells) < 24
