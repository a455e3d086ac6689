"""The members of a body: what each may hold, and the words a wrong one is refused with."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from ven_daemon.sandbox.messages import JSON, Call
from ven_daemon.sandbox.problems import DATABASE_ERROR, Problem, bad_request

LONGEST_NAME = 128
"""In bytes of UTF-8, so a name of umlauts meets the limit early."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,128}").fullmatch


def json_object(call: Call) -> dict[str, Any]:
    """Read the body of a write."""
    media_type = call.content_type.partition(";")[0].strip().lower()
    if media_type != JSON:
        raise Problem(415, "Expected request with `Content-Type: application/json`")
    try:
        body = orjson.loads(call.body)
    except orjson.JSONDecodeError as e:
        raise bad_request(f"Failed to parse the request body as JSON: {e}") from e
    if not isinstance(body, dict):
        raise bad_request("invalid type: expected an object")
    return body


def name(body: Mapping[str, Any], member: str) -> str:
    """Read a name: 1 to 128 bytes of anything."""
    return sized(required(body, member), member)


def sized(value: object, member: str) -> str:
    """Check the length of a name."""
    if not isinstance(value, str):
        raise bad_request(f"{member}: invalid type, expected a string")
    if not 1 <= len(value.encode()) <= LONGEST_NAME:
        raise bad_request(
            f'{member}: invalid value: string "{value[:LONGEST_NAME]}", expected string length '
            f"{len(value.encode())} outside of allowed range 1..={LONGEST_NAME}"
        )
    return value


def identifier(value: object, member: str) -> str:
    """Check an identifier, which is URL-safe and not the word null."""
    if isinstance(value, str) and _IDENTIFIER(value) and value.lower() != "null":
        return value
    raise bad_request(
        f"{member}: expected an identifier of 1 to 128 characters out of A-Z a-z 0-9 _ -"
    )


def required(body: Mapping[str, Any], member: str) -> object:
    """Fetch a member that must be there and not be null."""
    value: object = body.get(member)
    if value is None:
        raise bad_request(f"missing field `{member}`")
    return value


def required_identifier(body: Mapping[str, Any], member: str) -> str:
    """Fetch an identifier that must be there."""
    return identifier(required(body, member), member)


def plain_targets(body: Mapping[str, Any]) -> list[str]:
    """Read the targets of 3.1."""
    targets = body.get("targets")
    if targets is None:
        return []
    if not isinstance(targets, list):
        raise bad_request("targets: invalid type, expected a list")
    return [identifier(target, "targets") for target in targets]


def values_maps(body: Mapping[str, Any], member: str) -> list[Any] | None:
    """Read a list of `{"type": …, "values": […]}`; members unknown to the schema are dropped."""
    maps = body.get(member)
    if maps is None:
        return None
    if not isinstance(maps, list):
        raise bad_request(f"{member}: invalid type, expected a list")
    return [values_map(entry, member) for entry in maps]


def values_map(entry: object, member: str) -> dict[str, Any]:
    """Read a `{"type": …, "values": […]}`."""
    if not isinstance(entry, dict):
        raise bad_request(f"{member}: invalid type, expected an object with type and values")
    kind = sized(required(entry, "type"), f"{member}.type")
    values = required(entry, "values")
    if not isinstance(values, list):
        raise bad_request(f"{member}.values: invalid type, expected a list")
    for value in values:
        if not isinstance(value, (str, int, float)) and not _is_point(value):
            raise bad_request(f"{member}.values: expected a number, a string, a boolean or a point")
    return {"type": kind, "values": values}


def _is_point(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(axis), (int, float)) and not isinstance(value[axis], bool)
        for axis in ("x", "y")
    )


def refuse_nul(call: Call, *values: object) -> None:
    """Fail on U+0000 as a VTN over PostgreSQL does, whose texts cannot hold it: with a 500."""
    # The escape is the only way it can get in, and the plain search settles it for nearly all.
    if b"\\u0000" in call.body and any(_holds_nul(value) for value in values):
        raise Problem(500, DATABASE_ERROR)


def _holds_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(_holds_nul(each) for each in value)
        case dict():
            return any(_holds_nul(each) for each in value.values())
        case _:
            return False
