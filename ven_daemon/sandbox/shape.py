"""Shapes of objects, written down as the schemas of the specifications are.

A reader takes a value and the name of its member, and returns what the VTN keeps of it or refuses
it with a 400. Members that a shape does not name are dropped; null is the same as absent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ven_daemon.sandbox.problems import bad_request

Reader = Callable[[object, str], Any]

INT32 = -(2**31), 2**31 - 1


@dataclass(frozen=True, slots=True)
class Shape:
    """An object: its members, and what stands for those that are left out."""

    required: Mapping[str, Reader] = field(default_factory=dict)
    optional: Mapping[str, Reader] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, value: object, member: str) -> dict[str, Any]:
        """Read an object."""
        if not isinstance(value, dict):
            raise bad_request(f"{member}: invalid type, expected an object")
        where = f"{member}: " if member else ""
        read: dict[str, Any] = {}
        for name, reader in self.required.items():
            if (given := value.get(name)) is None:
                raise bad_request(f"{where}missing field `{name}`")
            read[name] = reader(given, name)
        for name, reader in self.optional.items():
            if (given := value.get(name)) is not None:
                read[name] = reader(given, name)
            elif name in self.defaults:
                read[name] = self.defaults[name]
        return read


def every(reader: Reader) -> Reader:
    """Read a list."""

    def read(value: object, member: str) -> list[Any]:
        if not isinstance(value, list):
            raise bad_request(f"{member}: invalid type, expected a list")
        return [reader(each, member) for each in value]

    return read


def text(least: int = 0, most: int | None = None) -> Reader:
    """Read a string of so many characters."""

    def read(value: object, member: str) -> str:
        if not isinstance(value, str):
            raise bad_request(f"{member}: invalid type, expected a string")
        if len(value) < least or (most is not None and len(value) > most):
            raise bad_request(f"{member}: expected a string of {least} to {most} characters")
        return value

    return read


def word(*allowed: str) -> Reader:
    """Read one of an enumeration."""

    def read(value: object, member: str) -> object:
        if value not in allowed:
            expected = ", ".join(f"`{each}`" for each in allowed)
            raise bad_request(f"{member}: unknown variant, expected one of {expected}")
        return value

    return read


def whole(least: int | None = INT32[0], most: int | None = INT32[1]) -> Reader:
    """Read a whole number."""

    def read(value: object, member: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise bad_request(f"{member}: invalid type, expected a whole number")
        if (least is not None and value < least) or (most is not None and value > most):
            raise bad_request(f"{member}: expected a number from {least} to {most}")
        return value

    return read


def number(value: object, member: str) -> float:
    """Read a number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise bad_request(f"{member}: invalid type, expected a number")
    return value


def flag(value: object, member: str) -> bool:
    """Read a truth value."""
    if not isinstance(value, bool):
        raise bad_request(f"{member}: invalid type, expected a boolean")
    return value
