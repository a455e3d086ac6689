"""The outbox: named first, durable before anything is sent, nothing lost and nothing twice."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from tests.store.outboxes import EVENT, MARK, OTHER, VEN, VTN, T, as_part, draft, sent, set_aside
from ven_daemon.domain.durations import FIRST_INSTANT
from ven_daemon.domain.ids import EventId, ReportId
from ven_daemon.domain.reporting.outbox import (
    Cause,
    Doubt,
    State,
    accepted,
    announced,
    postponed,
    quarantined,
    released,
)
from ven_daemon.domain.reporting.retention import Books
from ven_daemon.store.database import Database
from ven_daemon.store.outbox import Change, Draft, Mark, OutboxStore
from ven_daemon.store.outbox_listing import Asked, Depth, OutboxListing
from ven_daemon.store.outbox_rows import About, Filed


@pytest.fixture
def listing(state: Database) -> OutboxListing:
    return OutboxListing(state)


async def test_what_is_owed_twice_is_there_once_with_how_far_that_goes(outbox: OutboxStore) -> None:
    first = await outbox.file([draft("a"), draft("b")], {MARK: T}, T)

    again = await outbox.file([draft("b", body=b"other"), draft("c")], {MARK: T}, T)

    assert (first, again) == (2, 1)
    assert await outbox.marks() == {MARK: T}
    assert [each.entry.name for each in await outbox.next_of(VEN, 9)] == ["a", "b", "c"]
    assert await outbox.books() == Books(accepted=3, queued=3)
    [kept] = await outbox.change([Change("b", lambda entry: entry, with_body=True)], T)
    assert kept is not None
    assert kept.body == b"{}"


async def test_the_books_balance_at_every_instant_while_reports_come_in(
    outbox: OutboxStore,
) -> None:
    async def file() -> None:
        for number in range(60):
            await outbox.file([draft(f"r{number}")], {}, T)

    filing = asyncio.create_task(file())
    missing = []
    while not filing.done():
        missing.append((await outbox.books()).missing)
    await filing

    assert {*missing} == {0}
    assert await outbox.books() == Books(accepted=60, queued=60)


async def test_a_report_is_read_as_it_was_put_in(outbox: OutboxStore) -> None:
    entry = replace(
        draft("a").report.entry,
        state=State.SENDING,
        vtn_id=ReportId("r-1"),
        revision=3,
        offered=2,
        attempts=4,
        next_at=T + timedelta(seconds=35),
        doubt=Doubt.CONFLICT,
        cause=Cause.NAME_TAKEN,
        reason="the VTN's own words: \u00e6\u0000",
        first_failed=T - timedelta(hours=1),
        part="kb",
        suspect=True,
    )
    about = About(EVENT, "Ærø", "0a1b", 2**40, ("READING", "USAGE"), T, None)
    await outbox.file([Draft(Filed(entry, about, 2), b"{}")], {}, T)

    [found] = await outbox.next_of(VEN, 1)

    assert found == Filed(replace(entry, reason="the VTN's own words: \u00e6"), about, 2, VTN)


async def test_reports_leave_in_the_order_they_were_due_and_each_ven_by_itself(
    outbox: OutboxStore,
) -> None:
    later, earlier = draft("a", due=T + timedelta(hours=1)), draft("z")
    await outbox.file([later, earlier, draft("b"), draft("x", OTHER)], {}, T)
    await sent(outbox, "b")

    waiting = await outbox.waiting()

    assert sorted(waiting) == sorted([VEN, OTHER])
    assert [each.entry.name for each in await outbox.next_of(VEN, 9)] == ["z", "a"]
    assert [each.entry.name for each in await outbox.next_of(VEN, 1)] == ["z"]


async def test_changes_of_many_meet_in_turn_and_none_is_lost(outbox: OutboxStore) -> None:
    await outbox.file([draft("a")], {}, T)
    later = partial(postponed, until=T, reason="no", now=T)

    await asyncio.gather(
        *(outbox.change([Change("a", lambda e: announced(later(e), T))], T) for _ in range(20))
    )

    [found] = await outbox.next_of(VEN, 1)
    assert found.entry.attempts == 20


async def test_what_is_gone_cannot_be_changed(outbox: OutboxStore) -> None:
    assert await outbox.change([Change("a", lambda entry: entry)], T) == [None]


async def test_late_readings_send_again_what_was_sent_and_only_where_it_differs(
    outbox: OutboxStore,
) -> None:
    await outbox.file([draft("a"), draft("b")], {}, T)
    await sent(outbox, "a")
    await sent(outbox, "b")

    fresh = as_part(draft("c"), "", state=State.SENDING)
    changed = await outbox.amend([draft("a", body=b"[1]"), draft("b"), fresh], T)

    assert changed == 2
    found = {each.entry.name: each for each in await outbox.next_of(VEN, 9)}
    assert found.keys() == {"a", "c"}
    assert (found["a"].entry.revision, found["a"].entry.vtn_id) == (2, "id-a")
    assert found["a"].size == 3
    assert await outbox.books() == Books(accepted=3, reported=1, queued=2)


async def test_late_readings_while_it_is_sent_send_it_again(outbox: OutboxStore) -> None:
    await outbox.file([draft("a")], {}, T)
    await outbox.change([Change("a", partial(announced, settles_at=T))], T)
    await outbox.amend([draft("a", body=b"[1]")], T)

    await outbox.change([Change("a", partial(accepted, vtn_id=ReportId("r-1")))], T)

    [found] = await outbox.next_of(VEN, 9)
    assert (found.entry.state, found.entry.vtn_id) == (State.QUEUED, "r-1")


async def test_what_goes_is_counted_by_whether_the_vtn_had_it(outbox: OutboxStore) -> None:
    await outbox.file([draft(name) for name in ("queued", "sent", "aside", "sending")], {}, T)
    await sent(outbox, "sent")
    aside = partial(quarantined, cause=Cause.REJECTED, reason="400", now=T)
    await outbox.change([Change("aside", aside)], T)
    await outbox.change([Change("sending", partial(announced, settles_at=T))], T)
    assert await outbox.books() == Books(accepted=4, reported=1, queued=2, quarantined=1)

    gone = await outbox.let_go(["queued", "sent", "aside", "sending", "unknown"])

    assert gone == {State.QUEUED: 1, State.SENT: 1, State.QUARANTINED: 1}
    books = await outbox.books()
    assert books == Books(accepted=4, reported=1, queued=1, trimmed=2)
    assert books.missing == 0


async def test_only_what_is_set_aside_is_discarded(outbox: OutboxStore) -> None:
    await outbox.file([draft("a")], {}, T)
    assert not await outbox.discard("a")
    aside = partial(quarantined, cause=Cause.REJECTED, reason="400", now=T)
    await outbox.change([Change("a", aside)], T)

    assert await outbox.discard("a")

    assert not await outbox.discard("a")
    assert await outbox.books() == Books(accepted=1, trimmed=1)


async def test_reports_of_a_time_are_found_set_aside_or_not(outbox: OutboxStore) -> None:
    hour = timedelta(hours=1)
    names = ["before", "touching", "within", "after"]
    drafts = [draft(name, due=T + n * hour) for n, name in enumerate(names)]
    await outbox.file([*drafts, draft("other", OTHER, T + hour)], {}, T)
    await set_aside(outbox, "within")

    found = await outbox.covering(VEN, T + hour / 2, T + hour * 3 / 2)

    assert [each.entry.name for each in found] == ["touching", "within"]


async def test_late_readings_of_what_is_set_aside_are_in_it_when_it_is_released(
    outbox: OutboxStore,
) -> None:
    await outbox.file([draft("a")], {}, T)
    await set_aside(outbox, "a")

    changed = await outbox.amend([draft("a", body=b"[1]")], T)

    assert changed == 1
    assert await outbox.books() == Books(accepted=1, quarantined=1)
    [freed] = await outbox.change([Change("a", partial(released, now=T), with_body=True)], T)
    assert freed is not None
    assert (freed.entry.state, freed.body) == (State.SENDING, b"[1]")


async def test_marks_are_kept_for_as_long_as_their_event_holds(outbox: OutboxStore) -> None:
    gone, fresh = Mark(VEN, EventId("gone"), "1"), Mark(VEN, EventId("gone-lately"), "1")
    day = timedelta(days=1)
    await outbox.file([], {MARK: T - 9 * day, gone: T - 9 * day, fresh: T}, T)

    await outbox.forget_marks(T - day, [EVENT])

    assert (await outbox.marks()).keys() == {MARK, fresh}


async def test_reports_for_another_vtn_are_not_ours_to_send(
    outbox: OutboxStore, state: Database
) -> None:
    await OutboxStore(state, "http://another.test/").file([draft("a")], {MARK: T}, T)

    assert await outbox.waiting() == []
    assert await outbox.next_of(VEN, 9) == []
    assert await outbox.marks() == {}


async def test_whoever_decides_about_a_report_need_not_know_its_vtn(
    outbox: OutboxStore, state: Database
) -> None:
    await outbox.file([draft("a")], {}, T)

    await OutboxStore(state, "").change([Change("a", lambda entry: entry)], T)

    assert await outbox.waiting() == [VEN]


async def test_the_newest_are_listed_first_and_page_by_page(
    outbox: OutboxStore, listing: OutboxListing
) -> None:
    minute = timedelta(minutes=1)
    drafts = [draft(f"r{n}", due=T + (n // 2) * minute) for n in range(5)]
    await outbox.file([*drafts, draft("other", OTHER, T + 9 * minute)], {}, T)

    page = await listing.find(Asked(VEN, limit=2))
    last = page[1].entry
    rest = await listing.find(Asked(VEN, EVENT, (State.QUEUED,), 9, (last.due, last.name)))

    assert [each.entry.name for each in page] == ["r4", "r3", "r2"]
    assert [each.entry.name for each in rest] == ["r2", "r1", "r0"]
    assert await listing.find(Asked(states=(State.SENT,))) == []


async def test_one_report_is_shown_with_what_is_sent(
    outbox: OutboxStore, listing: OutboxListing
) -> None:
    await outbox.file([draft("a", body=b'{"a":1}')], {}, T)

    found = await listing.one("a")

    assert found is not None
    assert found[0].entry.next_at == FIRST_INSTANT
    assert found[1] == b'{"a":1}'
    assert await listing.one("b") is None


async def test_depth_is_told_by_state_with_the_oldest_and_the_size(
    outbox: OutboxStore, listing: OutboxListing
) -> None:
    await outbox.file([draft("a", body=b"123"), draft("b", due=T - timedelta(hours=1))], {}, T)
    aside = partial(quarantined, cause=Cause.EVENT_GONE, reason="404", now=T)
    await outbox.change([Change("a", aside)], T)

    depths = await listing.depths()

    assert depths[State.QUEUED] == Depth(1, T - timedelta(hours=1), 2)
    assert depths[State.QUARANTINED] == Depth(1, T, 3)
    assert depths[State.SENT] == Depth(0, None, 0)
    assert await listing.causes() == {"event gone": 1}


async def test_what_would_go_first_is_looked_for_only_where_there_is_too_much(
    outbox: OutboxStore, listing: OutboxListing
) -> None:
    day = timedelta(days=1)
    await outbox.file([draft("old", due=T - 9 * day), draft("b"), draft("c")], {}, T)
    await sent(outbox, "c")

    by_age = await listing.weight(T - day, 1)
    by_size = await listing.weight(T - 99 * day, 1)
    enough = await listing.weight(T - 99 * day, 99)

    assert [held.name for held in by_age.old] == ["old"]
    assert [held.name for held in by_size.first] == ["c", "old", "b"]
    assert (enough.total, enough.old, enough.first) == (6, [], [])
