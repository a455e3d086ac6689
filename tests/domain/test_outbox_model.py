"""The outbox against a model of a VTN: nothing lost, nothing doubled, whatever goes wrong."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ven_daemon.domain.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    OutcomeUnknownError,
    RejectedError,
    TooLargeError,
    VtnBusyError,
    VtnError,
    VtnUnreachableError,
)
from ven_daemon.domain.ids import ReportId, VenName
from ven_daemon.domain.reporting.halving import FIRST, KEPT, SECOND, name_of_part
from ven_daemon.domain.reporting.outbox import (
    Do,
    Entry,
    State,
    accepted,
    amended,
    announced,
    halved,
    next_step,
    released,
    rest_of,
    suspected,
)
from ven_daemon.domain.reporting.sending import (
    Found,
    Moment,
    answered,
    event_asked,
    looked_up,
    unanswered,
)

PATIENCE = timedelta(seconds=90)
"""After that a VTN accepts nothing that was lost on the way."""

NOT_TAKEN: dict[str, VtnError | None] = {
    "unreachable": VtnUnreachableError("no route"),
    "lost request": OutcomeUnknownError("reset"),
    "late": OutcomeUnknownError("timeout"),
    "crash before": None,
    "busy": VtnBusyError("503", status=503),
    "forbidden": ForbiddenError("403"),
    "rejected": RejectedError("400"),
}
TAKEN: dict[str, VtnError | None] = {
    "lost answer": OutcomeUnknownError("timeout"),
    "crash after": None,
    "busy but taken": VtnBusyError("500", status=500),
    "gateway": VtnBusyError("504", status=504),
}


def whole_of(name: str) -> str:
    """Name the report that a part is of."""
    return name.partition("-")[0]


FATES = st.sampled_from(["ok", "too large", *NOT_TAKEN, *TAKEN])


class Request(NamedTuple):
    """What a report says, on its way to the VTN."""

    do: Do
    name: str
    revision: int
    part: str
    at: ReportId | None


@dataclass
class ModelVtn:
    """Reports by id; strict about names or not; what is late is taken within our patience.

    What they say is a part of what was owed, in some revision.
    """

    strict: bool
    reports: dict[ReportId, tuple[str, int, str]] = field(default_factory=dict)
    late: list[tuple[datetime, Request]] = field(default_factory=list)
    event: bool = True
    made: int = 0

    def find(self, name: str) -> ReportId | None:
        return next((at for at, (known, *_) in self.reports.items() if known == name), None)

    def take(self, asked: Request) -> ReportId | VtnError:
        do, name, at = asked.do, asked.name, asked.at
        if do is Do.UPDATE:
            if at is None or at not in self.reports:
                return NotFoundError("404")
            self.reports[at] = (name, asked.revision, asked.part)
            return at
        if not self.event or (self.strict and self.find(name)):
            return ConflictError("409", status=409)
        self.made += 1
        made = ReportId(f"id-{self.made}")
        self.reports[made] = (name, asked.revision, asked.part)
        return made

    def settle(self, now: datetime) -> None:
        for until, asked in list(self.late):
            if until <= now:
                self.late.remove((until, asked))
                self.take(asked)


class Outbox(RuleBasedStateMachine):
    """One process with its store, and one VTN."""

    @initialize(strict=st.booleans())
    def begin(self, strict: bool) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.vtn = ModelVtn(strict)
        self.kept: dict[str, Entry] = {}
        self.owed = 0

    @rule(ven=st.sampled_from(["a", "b"]), fate=FATES, dice=st.floats(0, 1))
    def owe(self, ven: str, fate: str, dice: float) -> None:
        self.owed += 1
        name = f"{ven}.{self.owed}"
        self.kept[name] = Entry(name, VenName(ven), self.now + timedelta(seconds=self.owed))
        self.work(fate, dice)

    @rule(seconds=st.sampled_from([1, 5, 89, 1000]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.vtn.settle(self.now)

    @rule(fate=FATES, dice=st.floats(0, 1))
    def go_on(self, fate: str, dice: float) -> None:
        self.work(fate, dice)

    def work(self, fate: str, dice: float) -> None:
        """Take the first step as fate has it, and those that follow from it well."""
        for entry in self.heads():
            self.one(entry, fate, dice)
        for _ in range(3):
            for entry in self.heads():
                self.one(entry, "ok", dice)

    @rule(fate=FATES, dice=st.floats(0, 1))
    def readings_come_late(self, fate: str, dice: float) -> None:
        for name, entry in self.kept.items():
            self.kept[name] = amended(entry)
        self.work(fate, dice)

    @rule()
    def somebody_releases(self) -> None:
        for name, entry in self.kept.items():
            self.kept[name] = released(entry, self.now)

    @rule()
    def the_vtn_forgets(self) -> None:
        self.vtn.reports.clear()
        self.vtn.late.clear()
        # What was sent is gone then, which nobody notices before it is put again.
        self.kept = {n: e for n, e in self.kept.items() if e.state is not State.SENT}

    @rule()
    def we_lose_our_state(self) -> None:
        """What is owed follows from the event, so all of it is owed again, and late."""
        fresh = (Entry(e.name, e.ven, e.due, part=e.part) for e in self.kept.values())
        self.kept = {e.name: suspected(e, self.now + PATIENCE) for e in fresh}

    @rule(there=st.booleans())
    def the_event_comes_and_goes(self, there: bool) -> None:
        self.vtn.event = there

    def one(self, entry: Entry, fate: str, dice: float) -> None:
        do = next_step(entry, self.now).do
        moment = Moment(self.now, dice)
        if do is Do.LOOK_UP:
            self.keep(self.look(entry, fate, moment))
        elif do is Do.ASK_EVENT:
            self.keep(event_asked(entry, self.vtn.event, moment))
        elif do in (Do.CREATE, Do.UPDATE):
            self.send(entry, do, fate, moment)

    def look(self, entry: Entry, fate: str, moment: Moment) -> Entry:
        if fate in ("busy", "unreachable"):
            return unanswered(entry, VtnBusyError("500", status=500), moment)
        found = self.vtn.find(entry.name)
        return looked_up(entry, Found(found, ours=True) if found else None, self.now)

    def send(self, entry: Entry, do: Do, fate: str, moment: Moment) -> None:
        going = announced(entry, self.now + PATIENCE)
        self.keep(going)
        answer = self.exchange(going, do, entry.part, fate)
        if answer is None:
            return  # a crash: all that is left is what was kept
        decision = answered(going, answer, moment)
        if decision.do is Do.HALVE:
            del self.kept[entry.name]
            stem = entry.name + "-a" * (len(entry.part) - len(entry.part.rstrip(KEPT)))
            for half in halved(going, (f"{stem}-a", f"{stem}-b"), self.now):
                self.keep(half)
        elif decision.do is Do.SHRINK:
            self.shrink(entry, moment.dice)
        else:
            self.keep(decision.entry)

    def shrink(self, entry: Entry, dice: float) -> None:
        """Put the first half in the place of the whole, as the dice have it."""
        fates = [*NOT_TAKEN, *TAKEN, "ok", "ok", "ok"]
        fate = fates[int(dice * len(fates)) % len(fates)]
        going = announced(entry, self.now + PATIENCE)
        self.keep(going)
        answer = self.exchange(going, Do.UPDATE, entry.part + KEPT, fate)
        if answer is None:
            return
        if isinstance(answer, VtnError):
            self.keep(answered(going, answer, Moment(self.now, dice)).entry)
            return
        self.keep(accepted(replace(going, part=entry.part + KEPT), answer))
        name = name_of_part(whole_of(entry.name), entry.part + SECOND)
        self.keep(rest_of(going, name, entry.part + SECOND, self.now))

    def exchange(self, entry: Entry, do: Do, part: str, fate: str) -> ReportId | VtnError | None:
        request = Request(do, entry.name, entry.offered, part, entry.vtn_id)
        if fate == "late":
            self.vtn.late.append((self.now + PATIENCE - timedelta(seconds=1), request))
        if fate in NOT_TAKEN:
            return NOT_TAKEN[fate]
        if fate == "too large" and len(entry.part) < 3:
            return TooLargeError("413", status=413)
        taken = self.vtn.take(request)
        return TAKEN.get(fate, taken)

    def keep(self, entry: Entry) -> None:
        self.kept[entry.name] = entry

    @invariant()
    def nothing_is_doubled(self) -> None:
        if hasattr(self, "vtn"):
            names = Counter(name for name, *_ in self.vtn.reports.values())
            assert not names or max(names.values()) == 1
            told = [(whole_of(n), p.replace(KEPT, FIRST)) for n, _, p in self.vtn.reports.values()]
            assert not any(
                name == other and second.startswith(first)
                for (name, first), (other, second) in permutations(told, 2)
            )

    @invariant()
    def what_is_sent_is_there_as_it_was_offered(self) -> None:
        for entry in getattr(self, "kept", {}).values():
            if entry.state is State.SENT:
                said = (entry.name, entry.revision, entry.part)
                assert self.vtn.reports[entry.vtn_id] == said

    def teardown(self) -> None:
        """When all is well again everything is sent or set aside, and all that is released sent."""
        if not hasattr(self, "vtn"):
            return
        self.vtn.event = True
        self.heal()
        assert {e.state for e in self.kept.values()} <= {State.SENT, State.QUARANTINED}
        self.somebody_releases()
        self.heal()
        assert {e.state for e in self.kept.values()} <= {State.SENT}
        self.what_is_sent_is_there_as_it_was_offered()
        self.nothing_is_doubled()

    def heads(self) -> list[Entry]:
        """Give the first unsettled report of each VEN, as the store does."""
        first: dict[VenName, Entry] = {}
        for entry in sorted(self.kept.values(), key=lambda entry: (entry.due, entry.name)):
            if entry.state in (State.QUEUED, State.SENDING):
                first.setdefault(entry.ven, entry)
        return list(first.values())

    def heal(self) -> None:
        for _ in range(10 + 6 * len(self.kept)):
            if not self.heads():
                return
            self.now += timedelta(minutes=16)
            self.vtn.settle(self.now)
            self.work("ok", 0.5)


Outbox.TestCase.settings = settings(max_examples=200, stateful_step_count=15, deadline=None)
TestOutbox = Outbox.TestCase


def test_the_model_sees_a_doubled_report_where_the_look_is_left_out() -> None:
    vtn = ModelVtn(strict=False)

    for _ in range(2):
        vtn.take(Request(Do.CREATE, "a.1", 1, "", None))

    assert len(vtn.reports) == 2


@pytest.mark.parametrize("seed", range(5))
def test_long_walks_lose_and_double_nothing_either(seed: int) -> None:
    """Hypothesis likes short stories; some mishaps need long ones."""
    dice = Random(seed)
    for _ in range(60):
        outbox = Outbox()
        outbox.begin(strict=dice.random() < 0.3)
        for _ in range(25):
            a_step(outbox, dice)
            outbox.nothing_is_doubled()
            outbox.what_is_sent_is_there_as_it_was_offered()
        outbox.teardown()


def a_step(outbox: Outbox, dice: Random) -> None:
    fate = dice.choice(["ok", "ok", "too large", *NOT_TAKEN, *TAKEN])
    step = dice.choice(["owe", "owe", "go on", "go on", "late", "late", "wait", "wait", "odd"])
    match step:
        case "owe":
            outbox.owe(dice.choice("ab"), fate, dice.random())
        case "go on":
            outbox.go_on(fate, dice.random())
        case "late":
            outbox.readings_come_late(fate, dice.random())
        case "wait":
            outbox.wait(dice.choice([1, 5, 89, 1000]))
        case _:
            mishaps = [outbox.somebody_releases, outbox.the_vtn_forgets, outbox.we_lose_our_state]
            dice.choice(mishaps)()
            outbox.the_event_comes_and_goes(dice.random() < 0.7)
