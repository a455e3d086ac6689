"""The end of a registration: the seed's summary, a JSON document, an exit code; and plans."""

from collections import Counter
from collections.abc import Iterable

import typer

from ven_daemon.cli import terminal
from ven_daemon.domain.outcome import SAID, Failure, Outcome
from ven_daemon.domain.registration import Kind, VenPlan

FAILURES_SHOWN = 50
"""Lines of failures that a summary shows; the JSON document has them all."""


def print_summary(outcome: Outcome) -> None:
    """Print the summary, and what failed, grouped."""
    for line in outcome.summary():
        typer.echo(line)
    _print_notes(outcome)


def exit_code(outcome: Outcome) -> int:
    """4 if the VTN never answered, 1 if anything failed, by name in the summary; else 0."""
    if outcome.failures:
        return 4 if outcome.silent else 1
    return 0


def as_json(outcome: Outcome) -> dict[str, object]:
    """Say the same as a document for scripts."""
    kinds = outcome.kinds
    wanted = sum(each.wanted for each in outcome.vens)
    return {
        "vens": {
            "total": len(outcome.vens),
            "registered": len(outcome.vens) - outcome.failed_vens,
            "failed": outcome.failed_vens,
            "skipped": len(outcome.skipped),
        },
        "resources": {
            "total": wanted,
            "registered": outcome.registered,
            **{said: kinds[kind] for kind, said in SAID.items()},
            "failed": max(0, wanted - outcome.registered),
        },
        "writes": outcome.writes,
        "skipped": list(outcome.skipped),
        "problems": list(outcome.problems),
        "failures": [
            {"ven": each.ven, "resource": each.resource, "reason": each.reason}
            for each in outcome.failures
        ],
    }


def print_plan(plans: Iterable[VenPlan], *, as_document: bool) -> None:
    """Print a plan: a row per VEN, a column per kind of action."""
    kinds = list(Kind)
    counts = [(plan, Counter(action.kind for action in plan.resources)) for plan in plans]
    if as_document:
        rows = [
            {
                "ven": plan.ven,
                "action": plan.kind,
                "reason": plan.reason,
                "resources": {kind.value: count[kind] for kind in kinds},
            }
            for plan, count in counts
        ]
        terminal.print_json({"plan": rows})
        return
    table = [
        (plan.ven, plan.kind.value, *(count[kind] for kind in kinds)) for plan, count in counts
    ]
    totals = (sum(count[kind] for _, count in counts) for kind in kinds)
    columns = ("VEN", "itself", *(kind.value for kind in kinds))
    terminal.print_table("Plan", columns, [*table, ("all", "", *totals)])


def _print_notes(outcome: Outcome) -> None:
    for name in outcome.skipped:
        terminal.notes().print(f"skipped {name}: it has no resources", style="yellow", markup=False)
    for problem in outcome.problems:
        terminal.notes().print(f"inventory: {problem}", style="yellow", markup=False)
    lines = _grouped(outcome.failures)
    for line in lines[:FAILURES_SHOWN]:
        words = terminal.plain(f"failed: {line}")
        terminal.notes().print(words, style="red", markup=False, emoji=False)
    if len(lines) > FAILURES_SHOWN:
        more = len(lines) - FAILURES_SHOWN
        terminal.notes().print(f"failed: {more} more (--json names all)", style="red", markup=False)


def _grouped(failures: list[Failure]) -> list[str]:
    """Put resources of one VEN that failed alike on one line."""
    groups: dict[tuple[str, str, bool], list[str]] = {}
    for failure in failures:
        key = (failure.ven, failure.reason, failure.resource is None)
        groups.setdefault(key, []).append(failure.resource or "")
    lines = []
    for (ven, reason, itself), names in groups.items():
        if itself:
            lines.append(f"{ven}: {reason}")
        else:
            shown = names[0] if len(names) == 1 else f"{len(names)} resources ({names[0]}, …)"
            lines.append(f"{ven}: {shown}: {reason}")
    return lines
