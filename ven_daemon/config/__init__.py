"""Settings: defaults, TOML, `.env`, environment, secrets directory, command line; later wins.

The names are those of `docs/configuration.md`. Secrets are `SecretStr` from here on.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from ven_daemon.config.dispatch import DispatchSettings
from ven_daemon.config.events import EventSettings
from ven_daemon.config.kinds import BodyForm, CredentialMode
from ven_daemon.config.readings import ReadingsSettings
from ven_daemon.config.reporting import ReportSettings
from ven_daemon.config.service import ServiceSettings
from ven_daemon.config.sinks import SinkSettings
from ven_daemon.config.sources import SAMPLE_CLIENT, SampleClient, Toml, misspelt
from ven_daemon.config.telemetry import SourceSettings
from ven_daemon.config.vtn import VtnSettings
from ven_daemon.domain.errors import ConfigurationError

__all__ = [
    "SAMPLE_CLIENT",
    "BodyForm",
    "CredentialMode",
    "Settings",
    "load_settings",
    "misspelt",
]

_PASSWORD = re.compile(r"(://[^:/@]*:)[^@]*(?=@)")
_IN_QUERY = re.compile(
    r"([?&][^=&#]*(?:token|key|secret|sig|pass|code)[^=&#]*=)[^&#]*", re.IGNORECASE
)
"""A secret in the query of a URL, as those of gateways often are."""


class Settings(
    ReportSettings,
    SourceSettings,
    ReadingsSettings,
    DispatchSettings,
    SinkSettings,
    ServiceSettings,
    VtnSettings,
    EventSettings,
    BaseSettings,
):
    """Everything an operator can choose; a file of this package per area."""

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
        shown = {
            name: _masked(value) if isinstance(value, str) else value
            for name, value in self.model_dump(mode="json").items()
        }
        return {**shown, "credential_mode": self.mode.value}

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Mask them wherever somebody prints us, too."""
        return self.shown().items()

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
        toml = Toml(settings_cls, _file())
        return (
            init_settings,
            file_secret_settings,
            secrets,
            env_settings,
            dotenv_settings,
            SampleClient(settings_cls),
            toml,
        )


def load_settings(given: Mapping[str, Any] | None = None) -> Settings:
    """Read the settings; *given* is what the command line said (None: it said nothing).

    Raises:
        ConfigurationError: every problem, by name, in one message and without values.
    """
    said = {name: value for name, value in (given or {}).items() if value is not None}
    secrets_dir = os.environ.get("VEN_SECRETS_DIR")
    if secrets_dir and not Path(secrets_dir).is_dir():
        raise ConfigurationError(f"VEN_SECRETS_DIR: {secrets_dir} is no folder")
    problems, settings = [], None
    try:
        if unknown := Toml(Settings, _file()).unknown:
            problems.append(f"{_file()}: there is no setting {', '.join(unknown)}")
        settings = Settings(_secrets_dir=secrets_dir, **said)  # type: ignore[call-arg] # pydantic's
    except ValidationError as error:
        problems.append(_problems(error))
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"the settings cannot be read: {error}") from error
    if settings is None or problems:
        raise ConfigurationError("\n".join(problems))
    return settings


def _file() -> str:
    return os.environ.get("VEN_CONFIG", "ven-daemon.toml")


def _masked(value: str) -> str:
    if "://" not in value:
        return value
    return _IN_QUERY.sub(r"\1***", _PASSWORD.sub(r"\1***", value))


def _problems(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        name, *rest = (str(part) for part in problem["loc"] or ("",))
        place = ".".join((f"VEN_{name.upper().removeprefix('VEN_')}", *rest))
        words = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "time_delta_parsing":
            words = "not a duration: write PT30S, or seconds"
        lines.append(f"{place}: {words}" if name else words)
    return "\n".join(lines)
