"""What settings are made of: choices, periods, and the base of every area."""

import json
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict


class Area(BaseModel):
    """Settings that belong together; `Settings` is made of all areas."""

    model_config = ConfigDict(use_attribute_docstrings=True)


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


def read_json(value: Any) -> Any:
    """Take a list, or JSON of one, as a variable of the environment holds it."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise ValueError(f"JSON was expected: {error}") from None


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return value


def _not_negative(value: timedelta) -> timedelta:
    if value < timedelta(0):
        raise ValueError("must not be negative")
    return value


def _seconds(value: object) -> object:
    """Take a bare number, as text, for seconds; anything else is ISO 8601."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


Period = Annotated[timedelta, BeforeValidator(_seconds), AfterValidator(_positive)]
"""ISO 8601 or seconds."""

Pause = Annotated[timedelta, BeforeValidator(_seconds), AfterValidator(_not_negative)]
"""The same, or nothing at all."""
