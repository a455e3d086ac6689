"""Settings: which VTN, who we are to it, and how hard it may be pressed."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, HttpUrl, SecretStr

from ven_daemon.config.kinds import Area, BodyForm, CredentialMode, Period


class VtnSettings(Area):
    """The VTN, credentials, limits and certificates."""

    vtn_url: HttpUrl = HttpUrl("http://localhost:8000")
    """Base URL of the VTN; paths such as `/programs` are put behind it."""

    profile: Literal["auto", "3.1", "3.0"] = "auto"
    """Wire dialect; `auto` asks the VTN."""

    credential_mode: CredentialMode | None = None
    """`per-ven`, `registrar`, `shared` or `none`; unset: `shared` with a client id, else `none`."""

    client_id: str | None = None
    """OAuth client id of the shared credential, or of the registrar."""

    client_secret: SecretStr | None = None
    """Its secret."""

    token_url: HttpUrl | None = None
    """Token endpoint; unset: the VTN is asked (`GET /auth/server`)."""

    token_auth: Literal["post", "basic"] = "post"  # noqa: S105 - a way, not a secret
    """How the token endpoint gets id and secret."""

    token_field: Literal["access_token", "access_token_jwt", "token"] = "access_token"  # noqa: S105 - names
    """Which member of the token endpoint's answer is the token."""

    scope: str | None = None
    """OAuth scope to ask for."""

    audience: str | None = None
    """OAuth audience to ask for."""

    resource: str | None = None
    """OAuth resource indicator to ask for (RFC 8707)."""

    body_form: BodyForm = BodyForm.AUTO
    """`auto` reads the token's scopes."""

    ven_targets: str = "{ven}"
    """Targets given to a ven at its creation: templates, comma separated."""

    resource_targets: str = "{type},{sub_type}"
    """Targets given to a resource at its creation: templates, comma separated."""

    credentials_key: SecretStr | None = None
    """Fernet key that stored secrets are encrypted with."""

    request_timeout: Period = timedelta(seconds=30)
    """A request's time limit, from its first byte to the answer's last."""

    max_concurrency: int = Field(default=64, ge=1, le=128)
    """Requests in flight at one VTN, at the most."""

    tls_ca_file: Path | None = None
    """Trust these certificates instead of the system's."""

    tls_client_cert: Path | None = None
    """Client certificate (PEM), with its key unless that is a file of its own."""

    tls_client_key: Path | None = None
    """Key of the client certificate (PEM)."""

    tls_verify: bool = True
    """`false` accepts any certificate: for a bench, never for a grid."""
