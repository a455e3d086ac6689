"""Building the reports that are owed: readings folded, cut to size, written as they are sent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from ven_daemon.domain.ids import VenName
from ven_daemon.domain.reporting.filling import Member, Wish, fill
from ven_daemon.domain.reporting.halving import name_of_part, part_of
from ven_daemon.domain.reporting.measures import Subject
from ven_daemon.domain.reporting.obligations import Obligation
from ven_daemon.domain.reporting.outbox import Entry, suspected
from ven_daemon.domain.reporting.reports import Report, pieces, report_name
from ven_daemon.domain.targets import Place
from ven_daemon.services.reporting.calendar import Duty
from ven_daemon.services.reporting.ports import Metered
from ven_daemon.store.outbox import Draft
from ven_daemon.store.outbox_rows import About, Filed
from ven_daemon.wire.profile import Profile

PIECE_BYTES = 950_000
"""How large one report may become, about (T-29): VTNs take two megabytes, gateways often one."""

_INTERVAL_BYTES = 115
_PAYLOAD_BYTES = 45


class Owed(NamedTuple):
    """One report that one VEN owes."""

    ven: VenName
    client: str
    duty: Duty
    obligation: Obligation
    members: Sequence[Metered]


@dataclass(frozen=True, slots=True)
class Manner:
    """How an operator wants reports filled."""

    signed: frozenset[str] = frozenset()
    """Programs, by name or id, that agreed on negative USAGE and DEMAND (T-10)."""


class Building:
    """Pure but for the clock that its callers bring; slow enough to be run in a thread."""

    def __init__(self, profile: Profile, manner: Manner) -> None:
        self._profile = profile
        self._manner = manner

    def drafts(
        self,
        owed: Sequence[Owed],
        subjects: Mapping[Place, Subject],
        now: datetime,
        held: Iterable[Entry] = (),
    ) -> list[Draft]:
        """Build every report of *owed*, in the parts of it that are *held*."""
        parts = defaultdict(list)
        for entry in held:
            parts[entry.ven].append(entry)
        return [
            draft
            for each in owed
            for report in self.reports(each, subjects)
            for draft in self.placed(each, report, parts_of(report, parts[each.ven]), now)
        ]

    def reports(self, owed: Owed, subjects: Mapping[Place, Subject]) -> list[Report]:
        """Fill one report, in pieces where it would be too large."""
        ven, client, duty, obligation, members = owed
        del ven
        wish = Wish(obligation, duty.event, duty.program, client, signed=self._is_signed(duty))
        nothing = Subject()
        filled = fill(
            wish, [Member(each.name, subjects.get(each.place, nothing)) for each in members]
        )
        most = PIECE_BYTES // (_INTERVAL_BYTES + _PAYLOAD_BYTES * (1 + len(filled.descriptors)))
        return [
            replace(piece, name=report_name(client, obligation, mark))
            for mark, piece in pieces(filled, most)
        ]

    def draft(self, owed: Owed, report: Report, now: datetime, part: str = "") -> Draft:
        """Write one report, or a part of one, to be put into the outbox."""
        body = self._profile.write_report(report)
        obligation = owed.obligation
        entry = Entry(report.name, owed.ven, obligation.due, part=part)
        if obligation.late:
            entry = suspected(entry, now)
        return Draft(Filed(entry, about(obligation, owed.client), len(body)), body)

    def placed(
        self, owed: Owed, report: Report, parts: Iterable[str], now: datetime
    ) -> list[Draft]:
        """Write a report in the parts that took its place, or whole where none did."""
        return [
            self.draft(owed, said, now, part)
            for part in [*parts] or [""]
            if (said := part_of(report, part))
        ]

    def _is_signed(self, duty: Duty) -> bool:
        names = {str(duty.event.program_id), *([duty.program.name] if duty.program else ())}
        return not names.isdisjoint(self._manner.signed)


def parts_of(report: Report, held: Iterable[Entry]) -> list[str]:
    """Say in which parts a report is held; all of it is one, too."""
    return [each.part for each in held if each.name == name_of_part(report.name, each.part)]


def about(obligation: Obligation, client: str) -> About:
    """Say what a report is about, as the outbox keeps it."""
    start, end = obligation.span
    types = tuple(each.payload_type for each in obligation.request.descriptors)
    return About(
        obligation.event, client, obligation.request.digest, obligation.k, types, start, end
    )
