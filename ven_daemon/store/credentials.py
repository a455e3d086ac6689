"""OAuth credentials per VEN, their secrets encrypted with the operator's key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import SecretStr
from sqlalchemy import delete, insert, select

from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.domain.ids import VenName
from ven_daemon.store.database import Database
from ven_daemon.store.schema import credentials

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_HELP = (
    "make one with: python3 -c 'from cryptography.fernet import Fernet; "
    "print(Fernet.generate_key().decode())'"
)


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """What one VEN shows to the token endpoint."""

    client_id: str
    secret: SecretStr


class CredentialStore:
    """Each method is one transaction; secrets leave it only as `SecretStr`."""

    def __init__(self, database: Database, key: SecretStr | None) -> None:
        self._database = database
        self._key = key

    async def every(self) -> dict[VenName, ClientSecret]:
        """Read and decrypt all credentials.

        Raises:
            ConfigurationError: there are some, and the key is missing or not theirs.
        """
        async with self._database.read() as connection:
            rows = (await connection.execute(select(credentials))).all()
        if not rows:
            return {}
        from cryptography.fernet import InvalidToken

        fernet = self._fernet()
        try:
            return {
                VenName(row.ven): ClientSecret(
                    row.client_id, SecretStr(fernet.decrypt(row.secret).decode())
                )
                for row in rows
            }
        except InvalidToken:
            message = "VEN_CREDENTIALS_KEY is not the key that the credentials were stored with"
            raise ConfigurationError(message) from None

    async def replace(self, found: Mapping[VenName, ClientSecret]) -> None:
        """Store credentials, replacing those of the same VENs.

        Raises:
            ConfigurationError: there is no usable key.
        """
        fernet, now = self._fernet(), datetime.now(UTC)
        rows = [
            {
                "ven": ven,
                "client_id": credential.client_id,
                "secret": fernet.encrypt(credential.secret.get_secret_value().encode()),
                "updated_at": now,
            }
            for ven, credential in found.items()
        ]
        async with self._database.begin() as connection:
            await connection.execute(delete(credentials).where(credentials.c.ven.in_(list(found))))
            if rows:
                await connection.execute(insert(credentials), rows)

    def _fernet(self) -> "Fernet":
        from cryptography.fernet import Fernet  # seven megabytes, for who stores credentials

        if self._key is None:
            raise ConfigurationError(f"stored credentials need VEN_CREDENTIALS_KEY; {KEY_HELP}")
        try:
            return Fernet(self._key.get_secret_value())
        except ValueError:
            raise ConfigurationError(f"VEN_CREDENTIALS_KEY is no Fernet key; {KEY_HELP}") from None
