"""Reports in parts, because the VTN found them too large: nothing is lost and nothing twice."""

from datetime import timedelta

import pytest

from tests.store.outboxes import EVENT, OTHER, VEN, T, as_part, draft, sent
from ven_daemon.domain.errors import OutdatedError
from ven_daemon.domain.ids import EventId
from ven_daemon.domain.reporting.outbox import State
from ven_daemon.domain.reporting.retention import Books
from ven_daemon.store.outbox import Change, OutboxStore


async def test_two_halves_take_the_place_of_what_was_too_large(outbox: OutboxStore) -> None:
    await outbox.file([draft("a")], {}, T)

    for _ in range(2):
        await outbox.halve(draft("a").report.entry, [draft("a-a"), draft("a-b")], T)

    assert [each.entry.name for each in await outbox.next_of(VEN, 9)] == ["a-a", "a-b"]
    assert await outbox.books() == Books(accepted=2, queued=2)


async def test_what_late_readings_changed_meanwhile_is_not_replaced_by_halves_of_what_it_was(
    outbox: OutboxStore,
) -> None:
    await outbox.file([draft("a")], {}, T)
    await outbox.amend([draft("a", body=b"[1]")], T)

    await outbox.halve(draft("a").report.entry, [draft("a-a"), draft("a-b")], T)

    assert [each.entry.name for each in await outbox.next_of(VEN, 9)] == ["a"]
    assert await outbox.books() == Books(accepted=1, queued=1)


async def test_what_was_shrunk_says_its_first_part_and_its_rest_is_a_report_of_its_own(
    outbox: OutboxStore,
) -> None:
    await outbox.file([draft("a", body=b"[1, 2]"), draft("c")], {}, T)
    await sent(outbox, "a")
    await outbox.amend([draft("a", body=b"[3, 4]")], T)
    first = as_part(draft("a", body=b"[3]"), "k", revision=2, offered=2, state=State.SENT)

    kept = await outbox.shrink(first, [as_part(draft("a-b", body=b"[4]"), "b")], T)

    assert kept
    assert [each.entry.name for each in await outbox.next_of(VEN, 9)] == ["a-b", "c"]
    both = [Change(name, lambda entry: entry, with_body=True) for name in ("a", "a-b")]
    left, right = await outbox.change(both, T)
    assert left is not None
    assert right is not None
    assert (left.entry.state, left.entry.part, left.body) == (State.SENT, "k", b"[3]")
    assert (right.entry.part, right.body) == ("b", b"[4]")
    assert await outbox.books() == Books(accepted=3, reported=1, queued=2)


async def test_what_late_readings_changed_meanwhile_is_not_shrunk_to_what_it_was(
    outbox: OutboxStore,
) -> None:
    await outbox.file([draft("a")], {}, T)
    await outbox.amend([draft("a", body=b"[1]")], T)

    kept = await outbox.shrink(as_part(draft("a"), "k"), [as_part(draft("a-b"), "b")], T)

    assert not kept
    assert [each.entry.name for each in await outbox.next_of(VEN, 9)] == ["a"]
    assert await outbox.books() == Books(accepted=1, queued=1)


async def test_a_rest_that_is_in_there_from_before_says_the_new_one(outbox: OutboxStore) -> None:
    await outbox.file([draft("a"), draft("a-b")], {}, T)
    await sent(outbox, "a-b")

    kept = await outbox.shrink(
        as_part(draft("a"), "k"), [as_part(draft("a-b", body=b"[4]"), "b")], T
    )

    assert kept
    [rest] = await outbox.change([Change("a-b", lambda entry: entry, with_body=True)], T)
    assert rest is not None
    assert (rest.entry.state, rest.entry.vtn_id, rest.body) == (State.QUEUED, "id-a-b", b"[4]")
    assert await outbox.books() == Books(accepted=2, queued=2)


async def test_late_readings_are_not_put_into_what_became_another_part_meanwhile(
    outbox: OutboxStore,
) -> None:
    await outbox.file([draft("a"), draft("c")], {}, T)
    await outbox.shrink(as_part(draft("a"), "k"), [as_part(draft("a-b"), "b")], T)

    drafts = [draft("a", body=b"[5]"), draft("c", body=b"[6]")]

    with pytest.raises(OutdatedError):
        await outbox.amend(drafts, T)
    assert await outbox.amend([as_part(drafts[0], "k"), drafts[1]], T) == 2


async def test_late_readings_do_not_bring_back_what_was_let_go_of_meanwhile(
    outbox: OutboxStore,
) -> None:
    with pytest.raises(OutdatedError):
        await outbox.amend([draft("a")], T)

    assert await outbox.books() == Books()


async def test_parts_are_found_by_event_ven_and_number_and_nothing_else_is(
    outbox: OutboxStore,
) -> None:
    half = as_part(draft("a-b"), "b")
    other = as_part(draft("v-b", OTHER), "b")
    await outbox.file([draft("c"), half, other], {}, T)

    found = await outbox.parts(EVENT, [VEN], 7, 8)

    assert [(each.name, each.part) for each in found] == [("a-b", "b")]
    assert await outbox.parts(EVENT, [VEN], 8, 9) == []
    assert await outbox.parts(EventId("event-2"), [VEN, OTHER], 7, 7) == []


async def test_a_part_whose_event_was_moved_is_the_same_part_of_the_new_time(
    outbox: OutboxStore,
) -> None:
    await outbox.file([as_part(draft("a-b"), "b")], {}, T)
    await sent(outbox, "a-b")

    later = as_part(draft("a-b", due=T + timedelta(hours=2), body=b"[5]"), "b")
    fresh = await outbox.file([later], {}, T)

    assert fresh == 0
    [moved] = await outbox.next_of(VEN, 9)
    assert (moved.entry.part, moved.entry.vtn_id) == ("b", "id-a-b")
    assert moved.about == later.report.about
    assert await outbox.books() == Books(accepted=1, queued=1)
