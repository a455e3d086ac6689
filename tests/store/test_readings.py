"""The store of readings, on both databases: each once, nothing lost, everything counted."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from ven_daemon.domain.errors import StoreError
from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.readings import Quality, Quantity, Reading
from ven_daemon.store import readings as module
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.migrations import prepare
from ven_daemon.store.readings import ReadingStore, Totals

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
BAR = ResourceKey("bar")
PUB = ResourceKey("pub æøå 💡")


def power(resource: str, minutes: float, value: float) -> Reading:
    at = NOON + timedelta(minutes=minutes)
    return Reading(ResourceKey(resource), Quantity.POWER, value, at)


async def everything(store: ReadingStore) -> list[Reading]:
    start, end = NOON - timedelta(hours=3), NOON + timedelta(hours=3)
    return [each async for portion in store.pages.between(start, end) for each in portion]


async def test_readings_come_back_as_they_went(state: Database) -> None:
    given = [
        power(BAR, 0, -12.345678901234567),
        Reading(BAR, Quantity.POWER, 1e-300, NOON + timedelta(microseconds=1)),
        Reading(PUB, Quantity.ENERGY, 123456789.125, NOON, Quality.ESTIMATED),
        Reading(PUB, Quantity.STATE, 'a "word" \\ {x}, NULL', NOON, Quality.BAD),
        Reading(PUB, Quantity.STATE, "NULL", NOON + timedelta(seconds=1)),
        Reading(PUB, Quantity.SOC, None, NOON, Quality.MISSING),
    ]

    await ReadingStore(state).write(given)

    found = await everything(ReadingStore(state))
    assert sorted(found, key=repr) == sorted(given, key=repr)


async def test_words_are_kept_to_the_byte_when_they_are_replaced_too_f42(state: Database) -> None:
    store = ReadingStore(state)
    words = ["NULL", "null", '"', "\\", '\\"', "{a,b}", "'; DROP TABLE readings; --", "å💡", "\\N"]

    def said(shift: int) -> list[Reading]:
        return [
            Reading(BAR, Quantity.STATE, words[(n + shift) % len(words)], NOON + timedelta(hours=n))
            for n in range(len(words))
        ]

    await store.write(said(0))
    done = await store.write(said(1))

    assert done == Totals(replaced=len(words))
    start, end = NOON, NOON + timedelta(days=1)
    found = [each async for portion in store.pages.between(start, end) for each in portion]
    assert found == said(1)


async def test_a_thousand_batches_sent_twice_are_kept_once_f46(state: Database) -> None:
    store = ReadingStore(state)
    batches = [[power(f"r{n % 7}", n * 0.01, n)] for n in range(1000)]

    for _ in range(2):
        for begin in range(0, 1000, 50):
            await store.write([each for batch in batches[begin : begin + 50] for each in batch])

    assert await store.totals() == Totals(accepted=1000, repeated=1000)
    assert len(await everything(store)) == 1000


async def test_the_last_writer_wins_while_no_report_was_built_f46(state: Database) -> None:
    store = ReadingStore(state)
    await store.write([power(BAR, 0, 1.0), power(BAR, 1, 2.0)])

    done = await store.write([power(BAR, 0, 9.0), power(BAR, 1, 2.0), power(BAR, 2, 3.0)])

    assert done == Totals(accepted=1, repeated=1, replaced=1)
    assert [each.value for each in await everything(store)] == [9.0, 2.0, 3.0]


async def test_within_one_batch_the_last_wins_too(state: Database) -> None:
    store = ReadingStore(state)

    done = await store.write([power(BAR, 0, 1.0), power(BAR, 0, 2.0), power(BAR, 0, 3.0)])

    assert (done.accepted, done.accepted + done.repeated + done.replaced) == (1, 3)
    assert [each.value for each in await everything(store)] == [3.0]


async def test_what_was_reported_stays_and_the_contradiction_is_counted_f46(
    state: Database,
) -> None:
    store = ReadingStore(state)
    await store.write([power(BAR, 0, 1.0)])
    await store.close(NOON + timedelta(minutes=15))

    done = await store.write([power(BAR, 0, 9.0)])

    assert done == Totals(contradicted=1)
    assert [each.value for each in await everything(store)] == [1.0]
    assert await store.late() == []


async def test_late_readings_are_kept_and_marked_so_that_reports_can_be_completed_f47(
    state: Database,
) -> None:
    store = ReadingStore(state)
    await store.close(NOON + timedelta(minutes=60))

    done = await store.write(
        [power(BAR, 3, 1.0), power(BAR, 9, 2.0), power(BAR, 20, 3.0), power(BAR, 61, 4.0)]
    )

    assert done == Totals(accepted=4, late=3)
    first, second = await store.late()
    assert (first.resource, first.earliest, first.latest) == (
        BAR,
        NOON + timedelta(minutes=3),
        NOON + timedelta(minutes=9),
    )
    assert second.earliest == second.latest == NOON + timedelta(minutes=20)


async def test_a_late_span_that_grew_while_it_was_dealt_with_is_not_settled(
    state: Database,
) -> None:
    store = ReadingStore(state)
    await store.close(NOON + timedelta(minutes=60))
    await store.write([power(BAR, 3, 1.0), power(BAR, 20, 3.0)])
    seen = await store.late()
    await store.write([power(BAR, 4, 1.5)])

    await store.settle(seen)

    [left] = await store.late()
    assert (left.earliest, left.latest) == (
        NOON + timedelta(minutes=3),
        NOON + timedelta(minutes=4),
    )


async def test_what_was_closed_stays_closed_and_never_opens_again(state: Database) -> None:
    await ReadingStore(state).close(NOON + timedelta(minutes=60))
    await ReadingStore(state).close(NOON)

    done = await ReadingStore(state).write([power(BAR, 3, 1.0)])

    assert done == Totals(accepted=1, late=1)


async def test_a_window_has_its_start_and_not_its_end(state: Database) -> None:
    store = ReadingStore(state)
    await store.write([power(BAR, minutes, minutes) for minutes in range(-20, 40, 5)])

    found = [
        each.value
        async for portion in store.pages.between(NOON, NOON + timedelta(minutes=30), [BAR])
        for each in portion
    ]

    assert found == [0, 5, 10, 15, 20, 25]


async def test_only_what_is_asked_for_is_read(state: Database) -> None:
    store = ReadingStore(state)
    await store.write(
        [
            power(BAR, 0, 1.0),
            power(PUB, 0, 2.0),
            Reading(BAR, Quantity.SOC, 50.0, NOON),
            Reading(PUB, Quantity.SOC, 60.0, NOON),
        ]
    )

    found = [
        each.value
        async for portion in store.pages.between(
            NOON, NOON + timedelta(hours=1), [PUB, ResourceKey("nobody")], [Quantity.SOC]
        )
        for each in portion
    ]

    assert found == [60.0]


async def test_many_rows_are_read_in_portions_each_once(
    state: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ven_daemon.store.reading_pages.READ_AT_ONCE", 7)
    monkeypatch.setattr("ven_daemon.store.reading_pages._ASKED_AT_ONCE", 3)
    store = ReadingStore(state)
    given = [power(f"r{n % 10}", n / 4, n) for n in range(300)]
    await store.write(random.Random(7).sample(given, len(given)))

    found = [
        each
        async for portion in store.pages.between(
            NOON, NOON + timedelta(hours=2), [ResourceKey(f"r{n}") for n in range(10)]
        )
        for each in portion
    ]

    assert sorted(found, key=lambda each: each.at) == given
    for resource in {each.resource for each in given}:
        own = [each.at for each in found if each.resource == resource]
        assert own == sorted(own)


async def test_the_latest_of_each_is_found_however_long_ago(state: Database) -> None:
    store = ReadingStore(state)
    await store.write(
        [power(BAR, -300, 1.0), power(BAR, -299, 2.0), power(PUB, 0, 3.0), power(PUB, -1, 4.0)]
    )

    since = NOON - timedelta(days=1)
    both = await store.pages.latest([BAR, PUB], since)
    everybody = await store.pages.latest(None, since)
    recent = await store.pages.latest(None, NOON - timedelta(hours=1))

    assert both == everybody
    assert {key[0]: each.value for key, each in both.items()} == {BAR: 2.0, PUB: 3.0}
    assert {key[0] for key in recent} == {PUB}


async def test_old_slots_are_trimmed_in_portions_and_counted(
    state: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TRIMMED_AT_ONCE", 10)
    store = ReadingStore(state)
    await store.write([power(f"r{n}", 0, n) for n in range(25)])
    await store.write([power(f"r{n}", 30, n) for n in range(4)])

    trimmed = [await store.trim(NOON + timedelta(minutes=20)) for _ in range(4)]

    assert trimmed == [10, 10, 5, 0]
    assert len(await everything(store)) == 4
    totals = await store.totals()
    assert (totals.accepted, totals.trimmed, totals.held) == (29, 25, 4)


async def test_without_an_age_the_oldest_go_first(
    state: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TRIMMED_AT_ONCE", 2)
    store = ReadingStore(state)
    await store.write([power(BAR, minutes, minutes) for minutes in (60, 0, 40, 20)])

    assert await store.trim() == 2

    assert [each.value for each in await everything(store)] == [40.0, 60.0]


async def test_a_write_that_fails_leaves_nothing_and_the_next_one_works(state: Database) -> None:
    store = ReadingStore(state)
    await store.write([power(BAR, 0, 1.0)])
    before = store.counted
    too_old = Reading(PUB, Quantity.POWER, 1.0, datetime(1, 1, 1, tzinfo=UTC))
    broken = Reading(PUB, Quantity.POWER, "x" * 10, NOON)._replace(quantity="none")  # type: ignore[arg-type]

    with pytest.raises(KeyError):
        await store.write([power(PUB, 1, 2.0), broken])

    assert store.counted == before == await store.totals()
    assert (await store.write([power(PUB, 1, 2.0), too_old])).accepted == 2


async def test_who_does_not_know_what_was_written_reads_it_again(state: Database) -> None:
    store, other = ReadingStore(state), ReadingStore(state)
    await store.write([power(BAR, 0, 1.0)])
    await other.write([power("somebody", 0, 2.0)])  # as a commit whose answer was lost

    with pytest.raises(StoreError):
        await store.write([power(PUB, 0, 3.0)])
    await store.write([power(PUB, 0, 3.0)])

    assert {each.resource for each in await everything(store)} == {BAR, PUB, "somebody"}
    assert store.counted == Totals(accepted=3)


async def test_whoever_closes_before_it_writes_knows_what_was_there(state: Database) -> None:
    """A daemon that starts again may build a report before the first reading comes in."""
    await ReadingStore(state).write([power(BAR, 0, 1.0)])
    store = ReadingStore(state)

    await store.close(NOON)
    await store.write([power(BAR, 1, 2.0), power(PUB, 1, 2.0)])

    assert len(await everything(store)) == 3
    assert store.counted == Totals(accepted=3)


async def test_an_acknowledgement_means_the_disk(state: Database) -> None:
    store = ReadingStore(state)
    await store.write([power(BAR, 0, 1.0)])

    async with state.begin() as connection:
        asked = "PRAGMA synchronous" if state.is_sqlite else "SHOW synchronous_commit"
        said = await connection.scalar(text(asked))

    assert said == (2 if state.is_sqlite else "on")  # 2: FULL


async def test_sqlite_seeks_and_never_scans(tmp_path: Path) -> None:
    state = open_database(f"sqlite:///{tmp_path}/state.db")
    await prepare(state)

    async with state.read() as connection:
        plan = await connection.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT * FROM readings WHERE slot = 1 AND resource IN (1, 2)"
                " AND (slot, resource, quantity, at) > (1, 1, 1, 1)"
                " ORDER BY slot, resource, quantity, at LIMIT 10"
            )
        )
        words = " ".join(str(row) for row in plan)
    await state.dispose()

    assert "SEARCH readings USING PRIMARY KEY" in words
    assert "TEMP B-TREE" not in words


async def test_when_each_was_last_heard_is_told_of_all_that_ever_were(state: Database) -> None:
    store = ReadingStore(state)
    missing = Reading(PUB, Quantity.POWER, None, NOON + timedelta(minutes=9), Quality.MISSING)
    await store.write([power(BAR, -40, 1), power(BAR, 3, 1), power(BAR, 2, 1)])
    await store.write([power(PUB, -20, 1), missing, power("old", -300, 1)])

    recently = await ReadingStore(state).pages.last_heard(NOON - timedelta(minutes=10))
    longer = await ReadingStore(state).pages.last_heard(NOON - timedelta(minutes=20))

    assert recently == {BAR: NOON + timedelta(minutes=3), PUB: None, "old": None}
    assert longer[PUB] == NOON - timedelta(minutes=20)
