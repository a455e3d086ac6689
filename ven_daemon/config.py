"""Settings: defaults, TOML, `.env`, environment, secrets directory, command line; later wins.

The names are those of `docs/configuration.md`. Secrets are `SecretStr` from here on.
"""

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    HttpUrl,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from ven_daemon.domain.errors import ConfigurationError

_PASSWORD = re.compile(r"(://[^:/@]*:)[^@]*@")


class CredentialMode(StrEnum):
    """How a fleet gets its identities."""

    PER_VEN = "per-ven"
    REGISTRAR = "registrar"
    SHARED = "shared"
    NONE = "none"


class BodyForm(StrEnum):
    """Which form of a ven or resource body to send in 3.1."""

    AUTO = "auto"
    VEN = "ven"
    BL = "bl"


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return value


def _seconds(value: object) -> object:
    """Take a bare number, as text, for seconds; anything else is ISO 8601."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


Period = Annotated[timedelta, BeforeValidator(_seconds), AfterValidator(_positive)]
"""ISO 8601 or seconds."""


SAMPLE_CLIENT = {
    "OAUTH_CLIENT_ID": "client_id",
    "OAUTH_CLIENT_SECRET": "client_secret",
    "OAUTHCHECK_ACCESS_TOKEN_OBTAIN_URL": "token_url",
}
"""The sample client's names of settings, which still work."""


class Settings(BaseSettings):
    """Everything an operator can choose."""

    model_config = SettingsConfigDict(
        env_prefix="VEN_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        frozen=True,
    )

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

    token_field: Literal["access_token", "access_token_jwt", "token"] = "access_token"  # noqa: S105
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

    inventory_url: str = "sqlite:///./config/resources.db"
    """The resources database."""

    state_url: str = "sqlite:///./var/state.db"
    """Our own database."""

    http_host: str = "127.0.0.1"
    """Where the daemon answers its operators."""

    http_port: int = Field(default=8081, ge=0, le=65535)
    """The port for it; 0 takes a free one."""

    operator_token: SecretStr | None = None
    """Bearer token of operators; without it the daemon answers its own machine only."""

    reconcile_interval: Period = timedelta(minutes=5)
    """How often the VTN is compared with the inventory."""

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

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least level that is logged."""

    log_format: Literal["auto", "json", "text"] = "auto"
    """`auto`: text on a terminal, JSON lines elsewhere."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        mode = self.mode
        if mode in (CredentialMode.SHARED, CredentialMode.REGISTRAR) and not (
            self.client_id and self.client_secret
        ):
            raise ValueError(f"credential_mode {mode} needs client_id and client_secret")
        if self.tls_client_key and not self.tls_client_cert:
            raise ValueError("tls_client_key needs tls_client_cert")
        return self

    def shown(self) -> dict[str, Any]:
        """Give the settings in force, secrets and passwords masked."""
        shown = self.model_dump(mode="json")
        for name in ("inventory_url", "state_url"):
            shown[name] = _PASSWORD.sub(r"\1***@", shown[name])
        return {**shown, "credential_mode": self.mode.value}

    @property
    def mode(self) -> CredentialMode:
        """The credential mode in force."""
        if self.credential_mode is not None:
            return self.credential_mode
        return CredentialMode.SHARED if self.client_id else CredentialMode.NONE

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """First wins: command line, secrets directory, environment, `.env`, TOML."""
        secrets = SecretsSettingsSource(
            settings_cls, os.environ.get("VEN_SECRETS_DIR"), env_prefix=""
        )
        file = os.environ.get("VEN_CONFIG", "ven-daemon.toml")
        toml = _Toml(settings_cls, file)
        return (
            init_settings,
            file_secret_settings,
            secrets,
            env_settings,
            dotenv_settings,
            _SampleClient(settings_cls),
            toml,
        )


class _SampleClient(PydanticBaseSettingsSource):
    """The sample client's names, from the environment or `.env`; ours come first."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Look for one setting."""
        del field
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {**dotenv_values(".env"), **os.environ}
        return {ours: found[theirs] for theirs, ours in SAMPLE_CLIENT.items() if found.get(theirs)}


class _Toml(TomlConfigSettingsSource):
    """A TOML file whose names may bear the prefix, and must be settings."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        given = {
            name.lower().removeprefix("ven_"): value
            for name, value in super()._read_file(file_path).items()
        }
        unknown = sorted(given.keys() - Settings.model_fields.keys())
        if unknown:
            raise ValueError(f"{file_path}: there is no setting {', '.join(unknown)}")
        return given


def load_settings(given: Mapping[str, Any] | None = None) -> Settings:
    """Read the settings; *given* is what the command line said (None: it said nothing).

    Raises:
        ConfigurationError: every problem, by name, in one message and without values.
    """
    said = {name: value for name, value in (given or {}).items() if value is not None}
    secrets_dir = os.environ.get("VEN_SECRETS_DIR")
    if secrets_dir and not Path(secrets_dir).is_dir():
        raise ConfigurationError(f"VEN_SECRETS_DIR: {secrets_dir} is no folder")
    try:
        return Settings(_secrets_dir=secrets_dir, **said)  # type: ignore[call-arg]
    except ValidationError as error:
        raise ConfigurationError(_problems(error)) from None
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"the settings cannot be read: {error}") from error


def _problems(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        place = ".".join(str(part) for part in problem["loc"])
        name = f"VEN_{place.upper().removeprefix('VEN_')}: " if place else ""
        lines.append(f"{name}{problem['msg']}")
    return "\n".join(lines)
