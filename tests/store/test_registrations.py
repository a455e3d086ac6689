"""Registrations on record: one contract for both databases."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text

from ven_daemon.domain.ids import VenName
from ven_daemon.domain.registration import Origin, Record, Records, Status, Target
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.registrations import RegistrationStore

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
AALBORG, VEJLE = VenName("Aalborg"), VenName("Vejle")
FULL = Record(
    "Algade 1",
    Status.REGISTERED,
    key="r1",
    vtn_id="0f6e",
    origin=Origin.CREATED,
    applied="a" * 32,
    echoed="b" * 32,
    targets=(Target("group-1"), Target("group-2", "GROUP")),
    attempts=3,
    last_error="409 Conflict: “Ålborg” er optaget 🔌",
)
BARE = Record("Algade 2", Status.FAILED, key="r2")


@pytest.fixture
def store(state: Database) -> RegistrationStore:
    return RegistrationStore(state, "http://vtn/")


async def test_nothing_is_on_record_at_first(store: RegistrationStore) -> None:
    assert await store.records() == {}


@pytest.mark.parametrize("record", [FULL, BARE], ids=["full", "bare"])
async def test_a_resource_comes_back_as_it_went(store: RegistrationStore, record: Record) -> None:
    await store.save(NOW, resources=[(AALBORG, record)])

    assert await store.records() == {AALBORG: Records(None, {record.name: record})}


@pytest.mark.parametrize("status", list(Status))
async def test_every_status_comes_back(store: RegistrationStore, status: Status) -> None:
    await store.save(NOW, resources=[(AALBORG, FULL._replace(status=status))])

    assert (await store.records())[AALBORG].resources["Algade 1"].status is status


async def test_a_ven_comes_back_with_its_instant(store: RegistrationStore) -> None:
    there = timezone(timedelta(hours=5, minutes=30))
    record = Record(
        "Aalborg",
        Status.SENDING,
        origin=Origin.ADOPTED,
        settled_at=NOW.astimezone(there),
        targets=(Target("Aalborg"),),
    )

    await store.save(NOW, vens={AALBORG: record})

    [records] = (await store.records()).values()
    assert records == Records(record)
    assert records.open_until == NOW
    assert records.open_until is not None
    assert records.open_until.tzinfo is UTC


async def test_a_later_record_replaces_an_earlier_one_whole(store: RegistrationStore) -> None:
    await store.save(NOW, {AALBORG: FULL._replace(name="Aalborg")}, [(AALBORG, FULL)])
    later = Record("Algade 1", Status.REGISTERED, key="r9", vtn_id="new")

    await store.save(NOW, {AALBORG: Record("Aalborg", Status.FAILED)}, [(AALBORG, later)])

    records = (await store.records())[AALBORG]
    assert records.ven == Record("Aalborg", Status.FAILED)
    assert records.resources == {"Algade 1": later}


async def test_one_name_under_two_vens_is_two_resources(store: RegistrationStore) -> None:
    other = FULL._replace(key="r7", vtn_id="other")
    await store.save(NOW, resources=[(AALBORG, FULL), (VEJLE, other)])

    records = await store.records()

    assert records[AALBORG].resources == {"Algade 1": FULL}
    assert records[VEJLE].resources == {"Algade 1": other}


async def test_two_vtns_know_nothing_of_each_other(state: Database) -> None:
    here, there = RegistrationStore(state, "http://a/"), RegistrationStore(state, "http://b/")
    other = FULL._replace(vtn_id="there")
    await here.save(NOW, {AALBORG: BARE}, [(AALBORG, FULL)])
    await there.save(NOW, {AALBORG: BARE}, [(AALBORG, other)])

    await here.save(NOW, forgotten=[(AALBORG, "Algade 1")])
    await here.forget_ven(AALBORG)

    assert await here.records() == {}
    assert (await there.records())[AALBORG].resources == {"Algade 1": other}


async def test_what_is_forgotten_is_gone_and_its_neighbours_stay(store: RegistrationStore) -> None:
    await store.save(NOW, resources=[(AALBORG, FULL), (AALBORG, BARE), (VEJLE, FULL)])

    await store.save(NOW, forgotten=[(AALBORG, "Algade 1"), (AALBORG, "never there")])

    records = await store.records()
    assert set(records[AALBORG].resources) == {"Algade 2"}
    assert set(records[VEJLE].resources) == {"Algade 1"}


async def test_what_is_forgotten_and_written_at_once_is_there(store: RegistrationStore) -> None:
    await store.save(NOW, resources=[(AALBORG, FULL)])

    await store.save(NOW, resources=[(AALBORG, FULL)], forgotten=[(AALBORG, "Algade 1")])

    assert set((await store.records())[AALBORG].resources) == {"Algade 1"}


async def test_a_ven_is_forgotten_with_all_that_is_under_it(store: RegistrationStore) -> None:
    await store.save(NOW, {AALBORG: BARE, VEJLE: BARE}, [(AALBORG, FULL), (VEJLE, FULL)])

    await store.forget_ven(AALBORG)

    assert set(await store.records()) == {VEJLE}


async def test_ten_thousand_records_are_one_transaction_and_quick(
    store: RegistrationStore,
) -> None:
    rows = [
        (VenName(f"V{n % 158}"), FULL._replace(name=f"R{n}", key=f"k{n}")) for n in range(10_000)
    ]
    began = time.monotonic()

    await store.save(NOW, resources=rows)
    await store.save(NOW, resources=rows)
    records = await store.records()
    await store.save(NOW, forgotten=[(ven, record.name) for ven, record in rows])

    assert sum(len(each.resources) for each in records.values()) == 10_000
    assert await store.records() == {}
    assert time.monotonic() - began < 30


async def test_nothing_to_save_is_no_transaction(store: RegistrationStore) -> None:
    await store.save(NOW)

    assert await store.records() == {}


async def test_a_batch_that_fails_leaves_nothing(store: RegistrationStore) -> None:
    nameless = FULL._replace(name=None)  # type: ignore[arg-type]

    with pytest.raises(Exception, match=r"(?i)null"):
        await store.save(NOW, {AALBORG: BARE}, [(AALBORG, FULL), (AALBORG, nameless)])

    assert await store.records() == {}


async def test_an_instant_without_a_zone_is_refused(store: RegistrationStore) -> None:
    with pytest.raises(Exception, match="time zone"):
        await store.save(NOW.replace(tzinfo=None), resources=[(AALBORG, FULL)])


@pytest.mark.parametrize(
    "odd",
    [
        "'; DROP TABLE resource_registrations; --",
        "a\nb\r\t\x1b[2J",
        "%s {0} ${jndi:x}",
        "e\u0301 é",
        "\u202egnimaerD\u200b",
        "🔌" * 30,
        " leading and trailing ",
        "x" * 128,
    ],
    ids=ascii,
)
async def test_odd_names_come_back_as_they_went(store: RegistrationStore, odd: str) -> None:
    record = FULL._replace(name=odd, key=odd, last_error=odd, targets=(Target(odd, odd),))
    await store.save(NOW, {VenName(odd): Record(odd, Status.FAILED)}, [(VenName(odd), record)])

    assert (await store.records())[VenName(odd)].resources == {odd: record}


async def test_names_differ_by_their_code_points(store: RegistrationStore) -> None:
    names = ["é", "e\u0301", "É", "E", "e", "e "]
    await store.save(NOW, resources=[(AALBORG, FULL._replace(name=name)) for name in names])

    assert set((await store.records())[AALBORG].resources) == set(names)


async def test_words_of_a_vtn_with_nul_in_them_can_be_kept(store: RegistrationStore) -> None:
    record = FULL._replace(last_error="400 Bad\0 Request")

    await store.save(NOW, resources=[(AALBORG, record)])

    kept = (await store.records())[AALBORG].resources["Algade 1"].last_error
    assert kept is not None
    assert kept.replace("\0", "") == "400 Bad Request"


async def test_targets_may_hold_nul(store: RegistrationStore) -> None:
    await store.save(NOW, resources=[(AALBORG, FULL._replace(targets=(Target("a\0b"),)))])

    assert "Algade 1" in (await store.records())[AALBORG].resources


async def test_long_keys_and_names_of_the_inventory_fit(store: RegistrationStore) -> None:
    long = VenName("V" * 512)
    await store.save(NOW, {long: BARE}, [(long, FULL._replace(key="k" * 512))])

    assert (await store.records())[long].resources["Algade 1"].key == "k" * 512


async def test_it_reads_what_stands_in_the_tables(
    store: RegistrationStore, state: Database
) -> None:
    await store.save(NOW, resources=[(AALBORG, FULL)])
    async with state.begin() as connection:
        await connection.execute(text("UPDATE resource_registrations SET targets = NULL"))

    assert (await store.records())[AALBORG].resources["Algade 1"].targets == ()


async def test_a_postgresql_that_lives_elsewhere_keeps_our_instants(postgres_url: str) -> None:
    first = open_database(postgres_url)
    async with first.begin() as connection:
        name = await connection.scalar(text("SELECT current_database()"))
        await connection.execute(text(f"ALTER DATABASE {name} SET timezone = 'Asia/Kolkata'"))
    await first.dispose()
    database = open_database(postgres_url)
    await migrations.prepare(database)
    store = RegistrationStore(database, "http://vtn/")
    record = Record("Aalborg", Status.REGISTERED, settled_at=NOW)

    await store.save(NOW, vens={AALBORG: record})
    records = await store.records()
    await database.dispose()

    assert records[AALBORG].open_until == NOW
