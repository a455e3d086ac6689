"""Any text goes through CSV, import and database and comes back, or is named with its line."""

import asyncio
import csv
import io
import re
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ven_daemon.app import open_inventory
from ven_daemon.domain.fleet import Resource
from ven_daemon.services.importing import Importing, Layout, Request
from ven_daemon.services.importing.rows import Kind, RowError, resource_of, town_of
from ven_daemon.services.importing.table import Record, Skipped, Table

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
TEXT = st.text(max_size=40)
ROWS = st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=8)


def in_one_line(value: str, joint: str) -> str:
    parts = (part.strip() for part in re.split("[\r\n]+", value.replace("\t", " ")))
    return joint.join(part for part in parts if part).replace(",, ", ", ")


def written(rows: list[tuple[str, ...]], delimiter: str, line_end: str) -> str:
    text = io.StringIO(newline="")
    # Python's writer leaves a lone CR unquoted unless it is told to quote.
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerow(["title", "address", "ven", "longitude", "latitude"])
    writer.writerows((*row, "9.92", "57.05") for row in rows)
    return text.getvalue()


async def imported(text: str) -> tuple[list[Resource], list[Skipped]]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "things.csv"
        file.write_bytes(text.encode())
        importing = Importing(Request((file,), Layout({"ven": "ven"})))
        async with open_inventory(f"sqlite:///{folder}/resources.db", create=True) as inventory:
            await importing.store(inventory)
            fleet = await inventory.fleet()
        assert fleet.problems() == ()
        rows = [row for ven in fleet.vens for row in ven.resources]
        return sorted(rows, key=lambda row: row.id), importing.skipped[file]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, delimiter=st.sampled_from(",;\t|"), line_end=st.sampled_from(["\n", "\r\n"]))
def test_any_text_comes_back_or_is_named(
    rows: list[tuple[str, ...]], delimiter: str, line_end: str
) -> None:
    text = written(rows, delimiter, line_end)

    resources, skipped = asyncio.run(imported(text))

    usable = []
    for title, address, ven in rows:
        row = in_one_line(title, " "), in_one_line(address, ", "), in_one_line(ven, " ")
        if not CONTROL.search(title + address + ven) and row[0] and row[2]:
            usable.append(row)
    found = [(row.resource_name, row.address or "", row.ven) for row in resources]
    assert len(resources) + len(skipped) == len(rows)
    assert set(found) <= set(usable)
    # One row per sub-type, title and address (without one: VEN), the first of them.
    keys = {(title, address or ven) for title, address, ven in usable}
    assert {(title, address or ven) for title, address, ven in found} == keys
    assert len({line for line, _ in skipped}) == len(skipped)
    assert all(1 < line <= 1 + len(re.findall("\r\n|\r|\n", text)) for line, _ in skipped)


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet=st.sampled_from('ab",;\n\r\t |\0é'), max_size=200))
def test_any_text_is_read_in_full_or_named(text: str) -> None:
    table = Table(io.StringIO("title,address,lon,lat\n" + text, newline=""), Layout())

    lines = [record.line for record in table.records()]

    assert lines == sorted(set(lines))
    assert all(1 < line <= 2 + len(text) for line in lines)


@settings(max_examples=300, deadline=None)
@given(address=st.text(max_size=60))
def test_an_address_gives_a_town_that_stands_in_it_or_a_reason(address: str) -> None:
    try:
        town = town_of(address)
    except RowError:
        return
    assert town
    assert " ".join(town.split()) in " ".join(address.split())


def test_the_same_row_has_the_same_key_and_any_difference_another() -> None:
    row = {"title": "Pub", "address": "A 1, 9000 Aalborg", "longitude": "1", "latitude": "2"}
    kind = Kind("DSR", "Bars")

    key = resource_of(row, kind).resource_id

    assert resource_of(row | {"longitude": "3"}, kind).resource_id == key
    assert resource_of(row, Kind("EV", "Bars")).resource_id == key
    assert resource_of(row, Kind("DSR", "Hotels")).resource_id != key
    assert resource_of(row | {"title": "pub"}, kind).resource_id != key
    assert resource_of(row | {"address": "A 2, 9000 Aalborg"}, kind).resource_id != key


def test_towns_are_taken_whole() -> None:
    expected = {
        "Algade 12, 4800 Nykøbing Falster": "Nykøbing Falster",
        "Algade 12, 4800 Nykøbing Falster, Denmark": "Nykøbing Falster",
        "Algade 12 4800 Nykøbing Falster": "Nykøbing Falster",
        "Algade 12, st. tv., 7260  Sønder  Omme": "Sønder Omme",
        "Algade 12, 9000 Aalborg 2": "Aalborg 2",
        "Vej 1, DK-9000 Aalborg, Region Nordjylland, Danmark": "Aalborg",
        "Vej 1, 4800, Nykøbing Falster": "Nykøbing Falster",
        "9000 Aalborg": "Aalborg",
        "1234 Main Street, Springfield": "Springfield",
        "Storgatan 1, 211 20 Malmö, Sverige": "Malmö",
    }

    assert {address: town_of(address) for address in expected} == expected


def test_records_know_their_physical_lines() -> None:
    text = 'title,address,lon,lat\r\n"a\r\nb",c,1,2\n\nd,e,3,4'

    records = list(Table(io.StringIO(text, newline=""), Layout()).records())

    assert [record.line for record in records if isinstance(record, Record)] == [2, 5]
