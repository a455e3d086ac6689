"""Tokens of devices: by which one may bring readings of its own VEN or resource, no others.

Only a digest is kept. A token is 256 bits of chance, so a plain SHA-256 is enough: there
is nothing to guess.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from pydantic import SecretStr
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from ven_daemon.domain.errors import ConfigurationError, StoreError
from ven_daemon.domain.ids import ResourceKey, VenName
from ven_daemon.store.database import Database
from ven_daemon.store.schema import device_tokens


@dataclass(frozen=True, slots=True)
class DeviceToken:
    """Whose readings the bearer of a token may bring; exactly one of the two is said."""

    name: str
    digest: str
    ven: VenName | None
    resource: ResourceKey | None
    created_at: datetime


def digest_of(token: str) -> str:
    """Give what is kept of a token."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


class DeviceTokenStore:
    """Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, name: str, *, ven: VenName | None = None, resource: ResourceKey | None = None
    ) -> SecretStr:
        """Make a token and give it, this once.

        Raises:
            ConfigurationError: there is one of this name.
        """
        token = SecretStr(secrets.token_urlsafe(32))
        values = {
            "name": name,
            "digest": digest_of(token.get_secret_value()),
            "ven": ven,
            "resource_id": resource,
            "created_at": datetime.now(UTC),
        }
        try:
            async with self._database.begin() as connection:
                await connection.execute(insert(device_tokens).values(values))
        except StoreError as error:
            if isinstance(error.__cause__, IntegrityError):
                raise ConfigurationError(f"there is a token named {name} already") from None
            raise
        return token

    async def every(self) -> list[DeviceToken]:
        """Read all, by name."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(device_tokens).order_by(device_tokens.c.name))
        return [DeviceToken(*row) for row in rows]

    async def revoke(self, name: str) -> bool:
        """Make a token void; False where there was none of this name."""
        async with self._database.begin() as connection:
            gone = await connection.execute(
                delete(device_tokens).where(device_tokens.c.name == name)
            )
        return gone.rowcount > 0
