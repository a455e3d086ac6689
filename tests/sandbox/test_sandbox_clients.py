"""Lists of clients: JSON and CSV, their mistakes, their secrets."""

import time
from pathlib import Path

import orjson
import pytest

from ven_daemon.sandbox.clients import Client, Clients, ClientsError, from_argument, from_file


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    return tmp_path / "clients"


def test_json_is_a_list_of_objects(listed: Path) -> None:
    entries = [
        {"client_id": "op", "client_secret": "s1", "role": "bl"},
        {"client_id": "v", "client_secret": "s2"},
        {"client_id": "w", "client_secret": "s3", "scope": "read_ven_objects write_reports"},
        {"client_id": "x", "client_secret": "s4", "scope": []},
    ]
    listed.write_bytes(orjson.dumps(entries))

    assert from_file(listed) == [
        Client("op", "s1", "bl"),
        Client("v", "s2", "ven"),
        Client("w", "s3", "ven", ("read_ven_objects", "write_reports")),
        Client("x", "s4", "ven", ()),
    ]


def test_csv_is_a_table_with_a_header_and_further_columns_are_passed_over(listed: Path) -> None:
    listed.write_text(
        "\ufeffven,client_secret,client_id,role,scope\r\n"
        'Aalborg,"a,b",ven-1,,x\r\nAarhus,s2,op,bl,\r\n',
        encoding="utf-8",
    )

    assert from_file(listed) == [Client("ven-1", "a,b", "ven"), Client("op", "s2", "bl")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[{", "not JSON"),
        ("{}", "expected a list of objects"),
        ("[1]", "expected a list of objects"),
        ('[{"client_id": "a"}]', "entry 0: no client_secret"),
        ('[{"client_id": "", "client_secret": "hush"}]', "entry 0: no client_id"),
        ('[{"client_id": "a", "client_secret": "hush", "role": "king"}]', "bl or ven, not 'king'"),
        ("id,secret\na,hush\n", "must name client_id and client_secret"),
        ("client_id,client_secret\na,\n", "line 2: no client_secret"),
        ("client_id,client_secret\na\n", "line 2: no client_secret"),
        ("", "must name client_id and client_secret"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_no_secret(
    listed: Path, content: str, words: str
) -> None:
    listed.write_text(content)

    with pytest.raises(ClientsError) as raised:
        from_file(listed)

    assert words in str(raised.value)
    assert "hush" not in str(raised.value)


def test_a_file_that_is_not_there_is_named(listed: Path) -> None:
    with pytest.raises(ClientsError, match="No such file"):
        from_file(listed)


def test_latin_1_is_refused(listed: Path) -> None:
    listed.write_bytes("client_id,client_secret\nk\xf8benhavn,s\n".encode("latin-1"))

    with pytest.raises(ClientsError, match="not UTF-8"):
        from_file(listed)


def test_ten_thousand_clients_load_at_once(listed: Path) -> None:
    lines = [f"client-{n},secret-{n}" for n in range(10_000)]
    listed.write_text("client_id,client_secret\n" + "\n".join(lines))
    begun = time.monotonic()

    clients = Clients(from_file(listed))

    assert time.monotonic() - begun < 2
    assert clients.authenticate("client-9999", "secret-9999") == Client(
        "client-9999", "secret-9999"
    )
    assert clients.authenticate("client-9999", "secret-9998") is None


def test_an_argument_is_id_secret_and_role() -> None:
    assert from_argument("me:a:b:ven") == Client("me", "a:b", "ven")
    for wrong in ("", "me", "me:hush", "me:hush:king", ":hush:bl", "me::bl"):
        with pytest.raises(ClientsError) as raised:
            from_argument(wrong)
        assert "hush" not in str(raised.value)


def test_a_secret_is_in_no_repr() -> None:
    assert "hush" not in repr(Client("me", "hush"))


def test_nobody_is_let_in_without_a_secret() -> None:
    assert Clients().authenticate("", "") is None
    assert Clients([Client("me", "s")]).authenticate("me", "") is None
