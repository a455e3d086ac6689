"""Where settings come from beside what pydantic-settings reads by itself."""

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from dotenv import dotenv_values
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, TomlConfigSettingsSource

SAMPLE_CLIENT = {
    "OAUTH_CLIENT_ID": "client_id",
    "OAUTH_CLIENT_SECRET": "client_secret",
    "OAUTHCHECK_ACCESS_TOKEN_OBTAIN_URL": "token_url",
}
"""The sample client's names of settings, which still work."""


def misspelt(known: Iterable[str]) -> Mapping[str, str]:
    """Find names in the environment and `.env` that are almost one of *known*; give that one.

    What begins with VEN_ and is nothing like a setting may be anybody's: Kubernetes puts
    VEN_DAEMON_PORT there, for a service of that name.
    """
    names = {f"VEN_{name.upper()}": name for name in known}
    given = {name.upper() for name in (*dotenv_values(".env"), *os.environ)}
    strange = sorted(name for name in given - names.keys() if name.startswith("VEN_"))
    close = {name: get_close_matches(name, names, 1, 0.9) for name in strange}
    return {name: found[0] for name, found in close.items() if found}


class SampleClient(PydanticBaseSettingsSource):
    """The sample client's names, from the environment or `.env`; ours come first."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Look for one setting."""
        del field
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Read what is there under these names."""
        found = {**dotenv_values(".env"), **os.environ}
        return {ours: found[theirs] for theirs, ours in SAMPLE_CLIENT.items() if found.get(theirs)}


class Toml(TomlConfigSettingsSource):
    """A TOML file whose names may bear the prefix; `unknown` are those that are no settings."""

    def __init__(self, settings_cls: type[BaseSettings], file: str) -> None:
        self.unknown: list[str] = []
        self._known = settings_cls.model_fields.keys()  # the file is read while we are made
        super().__init__(settings_cls, file)

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        given = {
            name.lower().removeprefix("ven_"): value
            for name, value in super()._read_file(file_path).items()
        }
        self.unknown = sorted(given.keys() - self._known)
        return given
