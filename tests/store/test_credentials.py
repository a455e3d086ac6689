"""Stored credentials: encrypted at rest, and never readable with another key."""

import logging
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text
from structlog.testing import capture_logs

from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.domain.ids import VenName
from ven_daemon.store.credentials import ClientSecret, CredentialStore
from ven_daemon.store.database import Database

KEY = SecretStr(Fernet.generate_key().decode())
SECRET = "correct-horse-battery-staple-å"


def credential(client_id: str, secret: str = SECRET) -> ClientSecret:
    return ClientSecret(client_id, SecretStr(secret))


async def test_credentials_come_back_as_they_went(state: Database) -> None:
    store = CredentialStore(state, KEY)
    found = {VenName("Aalborg"): credential("c1"), VenName("Vejle"): credential("c2", "")}

    await store.replace(found)

    assert await store.every() == found


async def test_what_is_imported_again_replaces_and_leaves_the_others(state: Database) -> None:
    store = CredentialStore(state, KEY)
    await store.replace({VenName("A"): credential("c1"), VenName("B"): credential("c2")})

    await store.replace({VenName("A"): credential("c9", "new")})

    assert await store.every() == {
        VenName("A"): credential("c9", "new"),
        VenName("B"): credential("c2"),
    }


async def test_thirty_five_thousand_credentials_can_be_stored(state: Database) -> None:
    store = CredentialStore(state, KEY)
    found = {VenName(f"V{n}"): credential(f"c{n}") for n in range(35_000)}

    await store.replace(found)
    await store.replace(found)

    async with state.read() as connection:
        count = await connection.scalar(text("SELECT count(*) FROM credentials"))
    assert count == 35_000


async def test_no_key_is_needed_while_nothing_is_stored(state: Database) -> None:
    assert await CredentialStore(state, None).every() == {}


async def test_a_missing_key_is_told_with_the_way_to_make_one(state: Database) -> None:
    await CredentialStore(state, KEY).replace({VenName("A"): credential("c1")})

    with pytest.raises(
        ConfigurationError, match=r"need VEN_CREDENTIALS_KEY; make one with: python3"
    ):
        await CredentialStore(state, None).every()
    with pytest.raises(ConfigurationError, match="need VEN_CREDENTIALS_KEY"):
        await CredentialStore(state, None).replace({VenName("B"): credential("c2")})


async def test_another_key_is_told(state: Database) -> None:
    await CredentialStore(state, KEY).replace({VenName("A"): credential("c1")})
    other = SecretStr(Fernet.generate_key().decode())

    with pytest.raises(ConfigurationError, match="is not the key that the credentials were stored"):
        await CredentialStore(state, other).every()


@pytest.mark.parametrize("key", ["", "short", "x" * 44, "å" * 44, "\0" * 44])
async def test_what_is_no_key_is_told_and_not_shown(state: Database, key: str) -> None:
    with pytest.raises(ConfigurationError, match="is no Fernet key; make one") as caught:
        await CredentialStore(state, SecretStr(key)).replace({VenName("A"): credential("c1")})

    assert not key or key not in str(caught.value)


async def test_a_secret_that_was_tampered_with_is_refused(state: Database) -> None:
    store = CredentialStore(state, KEY)
    await store.replace({VenName("A"): credential("c1")})
    async with state.begin() as connection:
        broken = b"gAAAAAbroken".hex()
        literal = f"X'{broken}'" if state.is_sqlite else f"'\\x{broken}'::bytea"
        await connection.execute(text(f"UPDATE credentials SET secret = {literal}"))

    with pytest.raises(ConfigurationError):
        await store.every()


async def test_no_secret_is_in_the_files_of_the_database(tmp_path: Path, state: Database) -> None:
    await CredentialStore(state, KEY).replace({VenName("A"): credential("c1")})

    if state.is_sqlite:
        stored = _bytes_under(tmp_path)
        assert b"c1" in stored
    else:
        async with state.read() as connection:
            rows = (await connection.execute(text("SELECT * FROM credentials"))).all()
        stored = repr(rows).encode()

    assert SECRET.encode() not in stored
    assert b"battery" not in stored
    assert KEY.get_secret_value().encode() not in stored


async def test_no_secret_is_in_a_log_or_a_repr(
    state: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), capture_logs() as logs:
        store = CredentialStore(state, KEY)
        await store.replace({VenName("A"): credential("c1")})
        found = await store.every()

    shown = repr(found) + repr(logs) + caplog.text + repr(vars(store))
    assert "battery" not in shown
    assert KEY.get_secret_value() not in shown


def _bytes_under(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
