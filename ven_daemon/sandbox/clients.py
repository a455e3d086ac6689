"""Who may ask for a token: the clients of a file, or of the command line."""

import csv
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

ROLES = ("bl", "ven")


class ClientsError(ValueError):
    """A list of clients cannot be used; the words never hold a secret."""


@dataclass(frozen=True, slots=True)
class Client:
    """A credential and what it stands for."""

    id: str
    secret: str = field(repr=False)
    role: str = "ven"
    scopes: tuple[str, ...] | None = None
    """What its tokens allow, where that is not what its role is granted."""


class Clients:
    """The clients by their ids."""

    def __init__(self, clients: Iterable[Client] = ()) -> None:
        self._by_id: dict[str, Client] = {}
        for client in clients:
            if client.id in self._by_id:
                raise ClientsError(f"client {client.id!r} is given twice")
            self._by_id[client.id] = client

    def __len__(self) -> int:
        return len(self._by_id)

    def authenticate(self, client_id: str, secret: str) -> Client | None:
        """Find the client, in a time that does not tell how much of the secret was right."""
        client = self._by_id.get(client_id)
        known = client.secret if client is not None else ""
        same = hmac.compare_digest(known.encode(), secret.encode())
        return client if same else None


def from_argument(text: str) -> Client:
    """Read `ID:SECRET:ROLE`; a secret may hold colons."""
    client_id, _, rest = text.partition(":")
    secret, _, role = rest.rpartition(":")
    if not client_id or not secret or role not in ROLES:
        raise ClientsError(f"client {client_id!r}: expected ID:SECRET:bl or ID:SECRET:ven")
    return Client(client_id, secret, role)


def from_file(path: Path) -> list[Client]:
    """Read a JSON list, or a CSV table with a header."""
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise ClientsError(f"{path}: {e.strerror}") from e
    if raw.lstrip()[:1] in (b"[", b"{"):
        return _from_json(raw, path)
    return _from_csv(raw, path)


def _from_json(raw: bytes, path: Path) -> list[Client]:
    try:
        entries = orjson.loads(raw)
    except orjson.JSONDecodeError as e:
        raise ClientsError(f"{path}: not JSON: {e}") from None  # its context holds the secrets
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ClientsError(f"{path}: expected a list of objects")
    return [
        _client(entry, f"{path}: entry {n}", _scopes(entry.get("scope")))
        for n, entry in enumerate(entries)
    ]


def _from_csv(raw: bytes, path: Path) -> list[Client]:
    try:
        lines = raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as e:
        raise ClientsError(f"{path}: not UTF-8") from e
    rows = csv.DictReader(lines)
    if not {"client_id", "client_secret"} <= set(rows.fieldnames or ()):
        raise ClientsError(f"{path}: the header must name client_id and client_secret")
    return [_client(row, f"{path}: line {rows.line_num}") for row in rows]


def _client(entry: Mapping[str, Any], where: str, scopes: tuple[str, ...] | None = None) -> Client:
    client_id, secret = entry.get("client_id"), entry.get("client_secret")
    role = entry.get("role") or "ven"
    if not isinstance(client_id, str) or not client_id:
        raise ClientsError(f"{where}: no client_id")
    if not isinstance(secret, str) or not secret:
        raise ClientsError(f"{where}: no client_secret")
    if role not in ROLES:
        raise ClientsError(f"{where}: the role is bl or ven, not {role!r}")
    return Client(client_id, secret, role, scopes)


def _scopes(value: object) -> tuple[str, ...] | None:
    """Read the scopes of an entry as OAuth writes them, in words apart, or as a list."""
    if value is None:
        return None
    return tuple(str(value).split()) if not isinstance(value, list) else tuple(map(str, value))
