"""Who may speak to the real VTN: the first user by SQL, as an operator must; the rest by REST."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
from argon2 import PasswordHasher

from tests.rig.rest import call, expect

_CHEAP_HASH = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)

# In 3.1 a client is what its scopes say, in 3.0 what tables list its user.
_BUSINESS_SCOPES = (
    "read_all",
    "write_vens_bl",
    "write_programs",
    "write_events",
    "write_reports",
    "write_users",
)
_BUSINESS_TABLES = ("user_manager", "ven_manager", "any_business_user")
_VEN_SCOPES = ("read_targets", "read_ven_objects", "write_reports", "write_vens")


@dataclass(frozen=True)
class Client:
    """A client id and its secret."""

    id: str
    secret: str


BUSINESS = Client("bl-client", "bl-secret")


def add_first_user(connection: psycopg.Connection[tuple[Any, ...]], *, is_30: bool) -> None:
    """Insert the business client, which can do everything else by REST."""
    user = uuid4().hex
    connection.execute(
        'INSERT INTO "user" (id, reference, created, modified) VALUES (%s, %s, now(), now())',
        (user, "operator"),
    )
    connection.execute(
        "INSERT INTO user_credentials (user_id, client_id, client_secret) VALUES (%s, %s, %s)",
        (user, BUSINESS.id, _CHEAP_HASH.hash(BUSINESS.secret)),
    )
    if is_30:
        for table in _BUSINESS_TABLES:
            connection.execute(f"INSERT INTO {table} (user_id) VALUES (%s)", (user,))
    else:
        connection.execute(
            'UPDATE "user" SET scopes = %s::text[]::scope[] WHERE id = %s',
            (list(_BUSINESS_SCOPES), user),
        )


def token(url: str, client: Client) -> str:
    """Obtain a token as any client would."""
    form = {
        "grant_type": "client_credentials",
        "client_id": client.id,
        "client_secret": client.secret,
    }
    answer = expect(200, call("POST", f"{url}/auth/token", form=form))
    access: str = answer.json()["access_token"]
    return access


def add_ven_clients(url: str, names: Sequence[str]) -> dict[str, Client]:
    """3.1: give every VEN a client of its own, one user holding all the credentials."""
    body = {"reference": f"fleet-{uuid4().hex[:8]}", "description": None, "scope": _VEN_SCOPES}
    clients = {
        name: Client(f"ven-{number:03}-{uuid4().hex[:6]}", uuid4().hex)
        for number, name in enumerate(names, start=1)
    }
    _add_user(url, body, clients.values())
    return clients


def add_ven_user(url: str, ven_ids: Iterable[str]) -> Client:
    """3.0: one user that speaks for VENs that exist already, as their ids are its roles."""
    roles = [{"role": "VEN", "id": ven} for ven in ven_ids]
    client = Client(f"fleet-{uuid4().hex[:8]}", uuid4().hex)
    _add_user(url, {"reference": client.id, "description": None, "roles": roles}, [client])
    return client


def _add_user(url: str, body: dict[str, Any], clients: Iterable[Client]) -> None:
    bearer = token(url, BUSINESS)
    user = expect(201, call("POST", f"{url}/users", body=body, token=bearer)).json()["id"]
    for client in clients:
        credential = {"client_id": client.id, "client_secret": client.secret}
        expect(200, call("POST", f"{url}/users/{user}", body=credential, token=bearer))
