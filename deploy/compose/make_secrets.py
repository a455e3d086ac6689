"""Make every secret of the compose project once; what is there already stays.

Each folder below /secrets is a volume of its own, mounted where it is read and nowhere
else; that, and not a file's mode, keeps one service's secrets from another's.
"""

import base64
import secrets
from pathlib import Path

ROOT = Path("/secrets")


def secret(name: str, value: str | None = None) -> str:
    """Give the secret *name*, made now where it is not there yet."""
    file = ROOT / name
    if not file.exists():
        new = file.with_suffix(".new")  # a run that is killed leaves no half of one
        new.write_text(value or secrets.token_urlsafe(32), encoding="ascii")
        new.chmod(0o444)
        new.rename(file)
    return file.read_text(encoding="ascii")


def key() -> str:
    """Make 32 bytes in Base64, as a Fernet key and the VTN's signing secret are."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def main() -> None:
    """Those of the daemon, of PostgreSQL, and of the VTN, real or sandbox."""
    fleet = secret("daemon/client_secret")
    secret("daemon/operator_token")
    secret("daemon/credentials_key", key())
    password = secret("postgres/password")
    business = secret("vtn/business_secret")
    secret("vtn/oauth_secret", base64.b64encode(secrets.token_bytes(48)).decode())
    secret("vtn/database_url", f"postgres://openadr:{password}@postgres:5432/openadr")
    secret(
        "vtn/clients.csv",
        f"client_id,client_secret,role\nven-daemon,{fleet},bl\nbusiness,{business},bl\n",
    )


if __name__ == "__main__":
    main()
