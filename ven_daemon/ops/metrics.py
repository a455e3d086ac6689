"""Prometheus: counts by VTN and outcome, never a label per VEN or resource."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from ven_daemon.ops.desk import Desk
from ven_daemon.runtime.figures import Figure
from ven_daemon.runtime.fleet_view import STATES


def exposition(desk: Desk) -> bytes:
    """Write every metric in the text format."""
    registry = CollectorRegistry()
    registry.register(_Figures(desk))
    return generate_latest(registry)


class _Figures(Collector):
    """Figures are kept by those who make them; a scrape only reads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterable[Metric]:
        """Read everything once."""
        health, vtn, counts = self._desk.health, self._desk.vtn(), self._desk.fleet.counts()
        yield _gauge("ready", "Whether the process is ready.", float(health.ready))
        yield _gauge("event_loop_stall_seconds", "Worst stall since start.", health.worst_stall)
        vens = GaugeMetricFamily("ven_daemon_vens", "VENs by state.", labels=["state"])
        for state in STATES:
            vens.add_metric([state], counts[state])
        yield vens
        yield _gauge("resources", "Enabled resources of the inventory.", counts["resources"])
        registered = counts["resources_registered"]
        yield _gauge("resources_registered", "Resources that the VTN holds as wanted.", registered)
        yield _gauge("vtn_circuit_open", "Whether requests are held back.", float(vtn.circuit_open))
        yield _gauge("vtn_in_flight_limit", "Requests allowed in flight.", vtn.in_flight_limit)
        yield CounterMetricFamily(
            "ven_daemon_vtn_requests", "Requests sent to the VTN.", value=vtn.requests
        )
        yield CounterMetricFamily(
            "ven_daemon_vtn_writes", "Writes that the VTN accepted.", value=vtn.writes
        )
        yield from map(_family, self._desk.figures())
        yield from self._loops()

    def _loops(self) -> Iterable[Metric]:
        runs = CounterMetricFamily("ven_daemon_loop_runs", "Steps run.", labels=["loop"])
        failures = CounterMetricFamily(
            "ven_daemon_loop_failures", "Steps that failed.", labels=["loop"]
        )
        success = GaugeMetricFamily(
            "ven_daemon_loop_last_success_timestamp_seconds",
            "When a step last went well.",
            labels=["loop"],
        )
        for state, _ in self._desk.loops():
            runs.add_metric([state.name], state.runs)
            failures.add_metric([state.name], state.failures)
            if state.last_success is not None:
                success.add_metric([state.name], state.last_success.timestamp())
        yield from (runs, failures, success)


def _family(figure: Figure) -> Metric:
    family = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
    metric = family(f"ven_daemon_{figure.name}", figure.words, labels=figure.labels)
    for values, value in figure.samples.items():
        metric.add_metric(values, value)
    return metric


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"ven_daemon_{name}", words, value=value)
