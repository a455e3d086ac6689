"""Progress of a registration: a bar on a terminal, a line per VEN elsewhere."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ven_daemon.cli.terminal import notes
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.outcome import VenOutcome
from ven_daemon.domain.registration import VenPlan
from ven_daemon.services.registration.watching import Watcher


@contextmanager
def watch() -> Iterator[Watcher]:
    """Show what happens for as long as the block lasts."""
    if not notes().is_terminal:
        yield _Lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=notes()) as progress:
        yield _Bar(progress)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Show resources per second."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="cyan")


class _Count:
    """Which VEN is how many of how many."""

    def __init__(self) -> None:
        self._seen: set[VenName] = set()
        self._finished = 0

    def planned(self, plans: Sequence[VenPlan]) -> int:
        """Take in plans; give how many resources they add."""
        fresh = [plan for plan in plans if plan.ven not in self._seen]
        self._seen.update(plan.ven for plan in fresh)
        return sum(len(plan.wanted.resources) for plan in fresh if plan.wanted)

    def finished(self, outcome: VenOutcome) -> str:
        """Say how one VEN went."""
        self._finished += 1
        self._seen.add(outcome.ven)
        place = f"[{self._finished}/{len(self._seen)}] {outcome.ven}"
        if outcome.failed:
            return f"{place}: FAILED: {outcome.failures[None]}"
        failed = f", {len(outcome.failures)} failed" if outcome.failures else ""
        return f"{place}: {outcome.registered} resources{failed}"


class _Lines:
    def __init__(self) -> None:
        self._count = _Count()

    def planned(self, plans: Sequence[VenPlan]) -> None:
        """Count them."""
        self._count.planned(plans)

    def resource_done(self, ven: VenName) -> None:
        """Lines are per VEN."""

    def ven_done(self, outcome: VenOutcome) -> None:
        """Print its line."""
        notes().print(self._count.finished(outcome), markup=False)

    def waiting(self, why: str, seconds: float) -> None:
        """Say why nothing moves, where one would wonder."""
        if seconds >= 1:
            notes().print(f"waiting {seconds:.0f} s: {why}", markup=False)


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("looking at the VTN", total=None)
        self._count = _Count()
        self._total = 0

    def planned(self, plans: Sequence[VenPlan]) -> None:
        """Lengthen the bar."""
        self._total += self._count.planned(plans)
        self._progress.update(self._task, total=self._total, description="registering")

    def resource_done(self, ven: VenName) -> None:
        """Move the bar."""
        self._progress.update(self._task, advance=1, description=str(ven))

    def ven_done(self, outcome: VenOutcome) -> None:
        """Leave a line only where something went wrong."""
        line = self._count.finished(outcome)
        if outcome.failures:
            self._progress.console.print(line, style="red", markup=False)

    def waiting(self, why: str, seconds: float) -> None:
        """Say why the bar stands still."""
        self._progress.update(self._task, description=f"waiting {seconds:.0f} s: {why}")
