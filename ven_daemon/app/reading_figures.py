"""What a scrape reads of readings."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from ven_daemon.runtime.figures import Figure
from ven_daemon.services.telemetry.bringing import SourceState
from ven_daemon.services.telemetry.intake import Intake
from ven_daemon.store.readings import Totals

_FATES = ("accepted", "repeated", "replaced", "contradicted", "late", "trimmed")

Kind = Literal["counter", "gauge"]


def kept(totals: Totals) -> Iterable[Figure]:
    """Say what became of readings since the store was made."""
    fates = {fate: getattr(totals, fate) for fate in _FATES}
    words = "Readings by what became of them, since the store was made."
    yield _by("fate", "readings", words, fates)
    yield Figure.gauge("readings_held", "Readings in the store.", totals.held)


def refused(items: Mapping[tuple[str, str], int], bodies: Mapping[str, int]) -> Iterable[Figure]:
    """Say what was not let in."""
    yield Figure(
        "readings_rejected",
        "Items that were refused, by source and by the field that was wrong.",
        {labels: float(count) for labels, count in items.items()},
        ("source", "field"),
        "counter",
    )
    words = "Requests with readings that were not looked into, by why."
    yield _by("why", "readings_bodies_refused", words, bodies)


def sources(states: Iterable[SourceState]) -> Iterable[Figure]:
    """Say how the sources are doing, by their kinds."""
    accepted, failures, failing = Counter[str](), Counter[str](), Counter[str]()
    for state in states:
        accepted[state.kind] += state.accepted
        failures[state.kind] += state.failures
        failing[state.kind] += state.last_error is not None
    yield _by("source", "source_readings", "Readings that a source brought.", accepted)
    yield _by("source", "source_failures", "Times that a source failed.", failures)
    yield _by("source", "sources_failing", "Sources that do not work now.", failing, "gauge")


def committed(intake: Intake) -> Iterable[Figure]:
    """Say how the store keeps up."""
    figures = intake.figures
    for name, words, value in (
        ("turned_away", "Readings told to come back.", figures.turned_away),
        ("commits", "Transactions with readings.", figures.commits),
        ("commit_failures", "Transactions that failed.", figures.failures),
        ("commit_seconds", "Time spent committing.", figures.commit_seconds),
    ):
        yield Figure.counter(f"readings_{name}", words, value)
    for name, words, value in (
        ("commit_slowest_seconds", "Slowest commit.", figures.slowest_commit),
        ("queued", "Readings waiting.", intake.queued),
        ("behind_seconds", "Age of the oldest waiting reading.", intake.age),
    ):
        yield Figure.gauge(f"readings_{name}", words, value)


def _by(
    label: str, name: str, words: str, counts: Mapping[str, float], kind: Kind = "counter"
) -> Figure:
    samples: dict[tuple[str, ...], float] = {(each,): count for each, count in counts.items()}
    return Figure(name, words, samples, (label,), kind)
