"""What every answer makes of a report: the classifier's table, and the traps of 409."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ven_daemon.domain.errors import (
    ConflictError,
    ForbiddenError,
    MisdirectedError,
    NotFoundError,
    OutcomeUnknownError,
    RejectedError,
    TooLargeError,
    UnauthorizedError,
    UnsupportedError,
    VtnBusyError,
    VtnError,
    VtnUnreachableError,
)
from ven_daemon.domain.ids import ReportId, VenName
from ven_daemon.domain.reporting.outbox import (
    Cause,
    Do,
    Doubt,
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
from ven_daemon.domain.reporting.retention import Books, Held, to_trim
from ven_daemon.domain.reporting.sending import (
    BLOCKED,
    UNSUPPORTED,
    Found,
    MassGuard,
    Moment,
    answered,
    event_asked,
    looked_up,
    unanswered,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTLES = NOW + timedelta(seconds=90)
ID = ReportId("id-1")
MOMENT = Moment(NOW)
FRESH = Entry("v.e.d.0", VenName("v"), NOW)
SENDING = announced(FRESH, SETTLES)
PUTTING = announced(replace(FRESH, vtn_id=ID, revision=2, offered=1), SETTLES)


def soon(entry: Entry) -> bool:
    return NOW <= entry.next_at <= NOW + timedelta(seconds=1)


def test_a_report_is_created_then_sent() -> None:
    assert next_step(FRESH, NOW) == (Do.CREATE, FRESH.next_at)

    sent = answered(SENDING, ID, MOMENT).entry

    assert (sent.state, sent.vtn_id) == (State.SENT, ID)
    assert next_step(sent, NOW).do is Do.NOTHING


def test_what_was_sent_says_how_many_attempts_it_took_and_what_is_sent_again_begins_anew() -> None:
    again = announced(SENDING, SETTLES)

    sent = accepted(again, ID)
    late, meanwhile = amended(sent), accepted(amended(again), ID)

    assert sent.attempts == 2
    assert (late.state, late.attempts) == (State.QUEUED, 0)
    assert (meanwhile.state, meanwhile.attempts) == (State.QUEUED, 0)


def test_what_is_being_sent_when_we_crash_is_looked_up_once_it_can_no_longer_be_accepted() -> None:
    assert next_step(SENDING, NOW) == (Do.WAIT, SETTLES)
    assert next_step(SENDING, SETTLES) == (Do.LOOK_UP, SETTLES)


def test_a_put_that_was_being_sent_when_we_crash_is_repeated() -> None:
    assert next_step(PUTTING, SETTLES).do is Do.UPDATE


def test_what_never_left_is_queued_again() -> None:
    entry = answered(SENDING, VtnUnreachableError("no route"), MOMENT).entry

    assert (entry.state, entry.doubt) == (State.QUEUED, None)
    assert soon(entry)


@pytest.mark.parametrize("status", [429, 500, 503, 507])
def test_what_the_vtn_answered_itself_is_looked_up_when_it_wants_to_be_asked(status: int) -> None:
    busy = VtnBusyError("busy", status=status, retry_after=timedelta(seconds=7))

    entry = answered(SENDING, busy, MOMENT).entry

    assert (entry.state, entry.doubt) == (State.SENDING, Doubt.OUTCOME)
    assert entry.next_at == NOW + timedelta(seconds=7)


@pytest.mark.parametrize(
    "error", [OutcomeUnknownError("timeout"), VtnBusyError("gateway", status=504)]
)
def test_t26_what_nobody_answered_is_looked_up_once_it_can_no_longer_be_accepted(
    error: VtnError,
) -> None:
    entry = answered(SENDING, error, MOMENT).entry

    assert (entry.doubt, entry.next_at) == (Doubt.OUTCOME, SETTLES)
    assert next_step(entry, SETTLES).do is Do.LOOK_UP


def test_t26_found_after_a_lost_answer_it_is_adopted() -> None:
    adopted = looked_up(SENDING, Found(ID, ours=True), SETTLES)

    assert (adopted.state, adopted.vtn_id) == (State.SENT, ID)


def test_t26_not_found_after_a_lost_answer_it_is_created_again() -> None:
    assert next_step(looked_up(SENDING, None, SETTLES), SETTLES).do is Do.CREATE


def test_a_lost_put_is_repeated_only_when_it_can_no_longer_arrive_after_the_next() -> None:
    entry = answered(PUTTING, OutcomeUnknownError("timeout"), MOMENT).entry

    assert next_step(entry, NOW) == (Do.WAIT, SETTLES)
    assert next_step(entry, SETTLES).do is Do.UPDATE


def test_t25_a_conflict_is_looked_up_and_ours_is_put_right() -> None:
    conflict = answered(SENDING, ConflictError("Conflict", status=409), MOMENT).entry
    assert next_step(conflict, NOW).do is Do.LOOK_UP

    adopted = looked_up(conflict, Found(ID, ours=True), NOW)

    assert (adopted.state, adopted.vtn_id) == (State.QUEUED, ID)
    assert next_step(adopted, NOW).do is Do.UPDATE


def test_t25_a_conflict_with_a_foreign_report_is_quarantined_in_the_vtns_words() -> None:
    conflict = answered(SENDING, ConflictError("409 Conflict", status=409), MOMENT).entry

    foreign = looked_up(conflict, Found(ID, ours=False), NOW)

    assert (foreign.state, foreign.cause) == (State.QUARANTINED, Cause.NAME_TAKEN)
    assert foreign.reason == "409 Conflict"


@pytest.mark.parametrize(("exists", "cause"), [(False, Cause.EVENT_GONE), (True, Cause.NAME_TAKEN)])
def test_t25_a_conflict_with_nothing_there_is_about_the_event_or_a_hidden_name(
    exists: bool, cause: Cause
) -> None:
    conflict = answered(SENDING, ConflictError("foreign key", status=409), MOMENT).entry
    unseen = looked_up(conflict, None, NOW)
    assert next_step(unseen, NOW).do is Do.ASK_EVENT

    assert event_asked(unseen, exists, MOMENT).cause is cause


@pytest.mark.parametrize("error", [NotFoundError("404"), RejectedError("400 no such event")])
@pytest.mark.parametrize(("exists", "cause"), [(False, Cause.EVENT_GONE), (True, Cause.REJECTED)])
def test_t28_a_refusal_is_quarantined_by_whether_its_event_is_gone(
    error: VtnError, exists: bool, cause: Cause
) -> None:
    refused = answered(SENDING, error, MOMENT).entry
    assert next_step(refused, NOW).do is Do.ASK_EVENT

    settled = event_asked(refused, exists, MOMENT)

    assert (settled.state, settled.cause) == (State.QUARANTINED, cause)
    assert settled.reason == str(error)


def test_t27_a_put_to_an_id_that_is_gone_is_looked_up_by_name_and_put_there() -> None:
    gone = answered(PUTTING, NotFoundError("404"), MOMENT).entry
    assert (next_step(gone, NOW).do, gone.vtn_id) == (Do.LOOK_UP, None)

    found = looked_up(gone, Found(ReportId("id-2"), ours=True), NOW)

    assert next_step(found, NOW).do is Do.UPDATE
    assert next_step(looked_up(gone, None, NOW), NOW).do is Do.CREATE


@pytest.mark.parametrize("status", [413, 414, 431])
def test_t29_what_is_too_large_is_halved(status: int) -> None:
    assert answered(SENDING, TooLargeError("big", status=status), MOMENT).do is Do.HALVE


def test_t29_what_cannot_be_halved_is_quarantined() -> None:
    one = MOMENT._replace(divisible=False)

    entry = answered(SENDING, TooLargeError("big", status=413), one).entry

    assert entry.cause is Cause.TOO_LARGE


@pytest.mark.parametrize("status", [413, 414, 431])
def test_t29_what_is_there_and_grew_too_large_is_shrunk(status: int) -> None:
    decision = answered(PUTTING, TooLargeError("big", status=status), MOMENT)

    assert decision == (PUTTING, Do.SHRINK)


def test_t29_one_interval_that_grew_too_large_is_quarantined() -> None:
    one = MOMENT._replace(divisible=False)

    decision = answered(PUTTING, TooLargeError("big", status=413), one)

    assert (decision.do, decision.entry.cause) == (Do.NOTHING, Cause.TOO_LARGE)


def test_t29_the_rest_of_what_was_shrunk_is_looked_up_before_it_is_sent() -> None:
    rest = rest_of(PUTTING, "v.e.d.0-b", "b", NOW)

    assert next_step(rest, NOW).do is Do.LOOK_UP
    assert (rest.ven, rest.due, rest.part) == (PUTTING.ven, PUTTING.due, "b")
    assert next_step(looked_up(rest, None, NOW), NOW).do is Do.CREATE


def test_an_answer_that_was_too_large_for_us_says_nothing_of_the_report() -> None:
    assert (
        answered(SENDING, TooLargeError("over our limit", status=201), MOMENT).entry.doubt
        is Doubt.OUTCOME
    )


def test_t29_halves_are_new_reports_in_the_same_place() -> None:
    left, right = halved(SENDING, ("v.e.d.0-a", "v.e.d.0-b"), NOW)

    assert (left.name, right.name) == ("v.e.d.0-a", "v.e.d.0-b")
    assert (left.part, right.part) == ("a", "b")
    assert {(half.state, half.ven, half.due) for half in (left, right)} == {
        (State.QUEUED, VenName("v"), NOW)
    }


def test_t29_halves_of_what_was_owed_late_are_looked_up_though_the_whole_was_not_there() -> None:
    whole = looked_up(suspected(FRESH, NOW), None, NOW)

    sending = announced(whole, SETTLES)
    half, _ = halved(sending, ("v.e.d.0-a", "v.e.d.0-b"), NOW)
    quarter, _ = halved(looked_up(half, None, NOW), ("v.e.d.0-a-a", "v.e.d.0-a-b"), NOW)

    assert next_step(whole, NOW).do is Do.CREATE
    for part in (half, quarter):
        assert next_step(part, NOW).do is Do.LOOK_UP


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (UnauthorizedError("401"), BLOCKED),
        (ForbiddenError("403"), BLOCKED),
        (MisdirectedError("302"), BLOCKED),
        (UnsupportedError("501"), UNSUPPORTED),
    ],
)
def test_what_is_not_about_the_report_makes_its_ven_wait(error: VtnError, wait: timedelta) -> None:
    entry = answered(SENDING, error, MOMENT).entry

    assert (entry.state, entry.next_at, entry.reason) == (State.QUEUED, NOW + wait, str(error))


@pytest.mark.parametrize("kind", VtnError.__subclasses__())
@pytest.mark.parametrize("entry", [SENDING, PUTTING])
def test_every_error_leaves_a_reason_and_somewhere_to_go(
    kind: type[VtnError], entry: Entry
) -> None:
    decision = answered(entry, kind("the VTN's words", status=599), MOMENT)

    assert decision.entry.state is not State.SENT
    assert decision.entry.reason == "the VTN's words"
    assert next_step(decision.entry, NOW + timedelta(days=1)).do not in (Do.WAIT, Do.NOTHING)
    assert decision.entry.first_failed == NOW


@pytest.mark.parametrize(
    ("error", "wait"), [(ForbiddenError("403"), BLOCKED), (VtnBusyError("500"), timedelta(0))]
)
def test_a_look_that_fails_is_taken_again_later_in_the_same_doubt(
    error: VtnError, wait: timedelta
) -> None:
    later = unanswered(SENDING, error, MOMENT._replace(dice=0.0))

    assert (later.doubt, later.next_at) == (Doubt.OUTCOME, NOW + wait)


def test_waits_grow_with_the_attempts_and_have_a_cap() -> None:
    error = VtnUnreachableError("no route")
    most = MOMENT._replace(dice=1.0)

    waits = [
        answered(replace(SENDING, attempts=n), error, most).entry.next_at - NOW for n in (1, 2, 99)
    ]

    assert waits == [timedelta(seconds=s) for s in (1, 2, 60)]


def test_f47_late_readings_send_the_whole_report_again_by_put() -> None:
    sent = answered(SENDING, ID, MOMENT).entry

    late = amended(sent)

    assert (late.state, next_step(late, NOW).do) == (State.QUEUED, Do.UPDATE)


def test_f47_readings_that_come_while_it_is_being_sent_follow_by_put() -> None:
    entry = answered(amended(SENDING), ID, MOMENT).entry

    assert (entry.state, next_step(entry, NOW).do) == (State.QUEUED, Do.UPDATE)


def test_what_somebody_released_is_looked_up_before_it_is_offered_again() -> None:
    refused = event_asked(answered(SENDING, RejectedError("400"), MOMENT).entry, True, MOMENT)

    again = released(refused, NOW)

    assert next_step(again, NOW).do is Do.LOOK_UP
    assert next_step(looked_up(again, None, NOW), NOW).do is Do.CREATE
    assert released(FRESH, NOW) == FRESH


def test_where_nearly_everything_is_refused_nothing_is_set_aside() -> None:
    guard = MassGuard()
    for refused in [False] * 25 + [True] * 25:
        guard = guard.noted(refused)
    assert guard.is_tripped
    for _ in range(26):
        guard = guard.noted(False)
    assert not guard.is_tripped

    refused = answered(SENDING, RejectedError("400"), MOMENT).entry
    held = event_asked(refused, True, MOMENT._replace(mass_refusal=True))

    assert (held.state, held.next_at) == (State.QUEUED, NOW + BLOCKED)


def held(name: str, state: State, days: int, size: int = 10) -> Held:
    return Held(name, state, NOW - timedelta(days=days), size)


def test_what_is_older_than_is_kept_goes_but_never_what_is_being_sent() -> None:
    reports = [
        held("old", State.QUEUED, 31),
        held("new", State.QUEUED, 29),
        held("open", State.SENDING, 99),
    ]

    assert [gone.name for gone in to_trim(reports, NOW)] == ["old"]


def test_what_takes_too_much_room_goes_the_harmless_first_and_the_oldest_of_them() -> None:
    reports = [
        held("q1", State.QUEUED, 3),
        held("q2", State.QUEUED, 2),
        held("bad", State.QUARANTINED, 1),
        held("s1", State.SENT, 2),
        held("s2", State.SENT, 1),
    ]

    assert [gone.name for gone in to_trim(reports, NOW, room=30)] == ["s1", "s2"]
    assert [gone.name for gone in to_trim(reports, NOW, room=10)] == ["s1", "s2", "bad", "q1"]
    assert to_trim(reports, NOW, room=50) == []


def test_the_books_say_what_is_nowhere_or_there_twice() -> None:
    assert Books(10, reported=6, queued=2, quarantined=1, trimmed=1).missing == 0
    assert Books(10, reported=6).missing == 4
    assert Books(10, reported=11).missing == -1
