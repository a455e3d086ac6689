"""Taking what any source brings: judged item by item, committed, counted."""

from collections import Counter
from collections.abc import Container, Iterable
from datetime import UTC, datetime, timedelta

from ven_daemon.domain.readings import AHEAD, Gate, Sifted
from ven_daemon.services.telemetry.intake import Intake

_FIELDS = frozenset({"resource_id", "quantity", "value", "at", "quality"})


class Taking:
    """One for all sources, so that a refusal reads the same whoever brought the item."""

    def __init__(self, intake: Intake, retention: timedelta, ahead: timedelta = AHEAD) -> None:
        self.rejected: Counter[tuple[str, str]] = Counter()
        """Items by source and by the field that was wrong."""
        self._intake = intake
        self._retention = retention
        self._ahead = ahead

    async def take(self, source: str, items: Iterable[object], whose: Container[str]) -> Sifted:
        """Keep the good items and name the bad ones; the good are on disk once this returns.

        Only readings of *whose* are taken.

        Raises:
            StoreError: they could not be kept; bringing them again is harmless.
        """
        gate = Gate.at(datetime.now(UTC), whose, self._ahead, self._retention)
        sifted = gate.sift(items)
        for refusal in sifted.refused:
            field = refusal.reason.partition(":")[0]
            self.rejected[source, field if field in _FIELDS else "shape"] += 1
        await self._intake.offer(sifted.accepted)
        return sifted
