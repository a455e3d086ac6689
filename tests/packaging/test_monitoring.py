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
_SELECTED = re.compile(r"\b(ven_daemon_[a-z_]+)\{([a-z]+=\"[a-z-]+\")\}")


@pytest.fixture(scope="module")
def exposition(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a scrape of a daemon that runs gives."""
    with (
        SandboxVtn("--open") as vtn,
        Service(tmp_path_factory.mktemp("metrics"), vtn.url) as service,
    ):
        service.wait_until_ready()
        return service.get_text("/metrics")[1]


@pytest.fixture
def served(exposition: str) -> set[str]:
    """The names of all metrics."""
    return set(_SERVED.findall(exposition))


@pytest.mark.parametrize("file", [_ALERTS, _DASHBOARD], ids=["alerts", "dashboard"])
def test_every_metric_that_is_asked_for_is_served(file: Path, served: set[str]) -> None:
    asked = set(_METRIC.findall(file.read_text()))

    assert asked
    assert asked - served == set()


def test_every_state_that_an_alert_asks_for_is_one(exposition: str) -> None:
    asked = {
        (metric, label)
        for metric, label in _SELECTED.findall(_ALERTS.read_text())
        if f"\n{metric}{{" in exposition  # what a daemon lacks is not served while it lacks nothing
    }

    assert len(asked) >= 2
    assert {
        (metric, label) for metric, label in asked if f"{metric}{{{label}" in exposition
    } == asked


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
