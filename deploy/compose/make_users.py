"""Give openleadr-vtn its users; may be repeated.

It has no user of its own at the start, and only a user may add users over HTTP, so the
first ones go into its database: the daemon's, with what a fleet needs, and `business`,
which may publish programs and events.
"""

import secrets
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

SECRETS = Path("/run/secrets")
USERS = {
    "ven-daemon": (
        SECRETS / "daemon/client_secret",
        ["read_all", "write_vens_bl", "write_reports"],
    ),
    "business": (
        SECRETS / "vtn/business_secret",
        ["read_all", "write_programs", "write_events", "write_users"],
    ),
}


def stored(secret: str) -> str:
    """Hash a secret the way the VTN checks it."""
    way = Argon2id(
        salt=secrets.token_bytes(16), length=32, iterations=2, lanes=1, memory_cost=19 * 1024
    )
    return way.derive_phc_encoded(secret.encode())


def main() -> None:
    """One transaction for all."""
    url = (SECRETS / "vtn/database_url").read_text(encoding="ascii")
    with psycopg.connect(url, connect_timeout=10) as connection:
        for client, (file, scopes) in USERS.items():
            connection.execute(
                'INSERT INTO "user" (id, reference, created, modified, scopes)'
                " VALUES (%(id)s, %(id)s, now(), now(), %(scopes)s::text[]::scope[])"
                " ON CONFLICT (id) DO UPDATE SET scopes = excluded.scopes",
                {"id": client, "scopes": scopes},
            )
            connection.execute(
                "INSERT INTO user_credentials (user_id, client_id, client_secret)"
                " VALUES (%(id)s, %(id)s, %(secret)s)"
                " ON CONFLICT (client_id) DO UPDATE SET client_secret = excluded.client_secret",
                {"id": client, "secret": stored(file.read_text(encoding="ascii"))},
            )


if __name__ == "__main__":
    main()
