"""What becomes of a record: plain values, no secrets, no control characters, one line."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import structlog
from pydantic import SecretBytes, SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "***"
LONGEST = 8192
"""Characters of one value that are kept."""
DEEPEST = 6

_SECRET_NAME = re.compile(
    r"(^|_)(token|secret|password|passwd|authorization|cookie|api_?key|credentials_?key)$|_jwt$",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"(?P<keep>\b(?:Bearer|Basic)\s+"
    r"|://[^:/@\s]*:(?=[^/@\s]*@)"
    r"|\b(?:access_token|refresh_token|client_secret|password)[\"']?\s*[=:]\s*[\"']?"
    r"|\btoken(?:=|[\"']\s*:\s*[\"']))"
    r"[^\s\"'&,;@]+"
    r"|\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?",
    re.IGNORECASE,
)
"""Secrets within a text, such as an exception's: headers, URLs, forms, JSON, and bare JWTs."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_BUT_NEWLINE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LEFT_BY_JSON = re.compile(r"[\x7f-\x9f\u2028\u2029]")


def flattened(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Make plain values of everything, so that no record can fail to be written."""
    return {str(name): plain(value) for name, value in event.items()}


def plain(value: object, depth: int = 0) -> Any:
    """Take a value apart into what JSON has; secrets by their type are hidden."""
    match value:
        case SecretStr() | SecretBytes():
            return HIDDEN
        case None | bool() | float():
            return value
        case int():
            return value if -(2**63) <= value < 2**63 else str(value)
        case str():
            return value[:LONGEST]
        case Mapping() | list() | tuple() | set() | frozenset() if depth == DEEPEST:
            return "…"
        case Mapping():
            return {str(name): plain(each, depth + 1) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(each, depth + 1) for each in value]
        case _:
            return _words(value)


def _words(value: object) -> str:
    try:
        return str(value)[:LONGEST]
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not worth a lost record
        return f"<{type(value).__name__}: {type(error).__name__}>"


def redacted(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Show no secret, whoever put it there and however deep."""
    return {name: _redact(name, value) for name, value in event.items()}


def _redact(name: str, value: Any) -> Any:
    if _SECRET_NAME.search(name) and value is not None:
        return HIDDEN
    if isinstance(value, str):
        return _SECRET_TEXT.sub(_hide, value)
    if isinstance(value, dict):
        return {each: _redact(each, inner) for each, inner in value.items()}
    if isinstance(value, list):
        return [_redact("", each) for each in value]
    return value


def _hide(found: re.Match[str]) -> str:
    return (found["keep"] or "") + HIDDEN


def as_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Write one line of JSON, which escapes what it must; we escape what moves terminals."""
    line = orjson.dumps(_without_surrogates(event)).decode()
    return _LEFT_BY_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def _without_surrogates(value: Any) -> Any:
    """Spell out what is no Unicode: bytes of an inventory that could not be read."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_without_surrogates(n): _without_surrogates(each) for n, each in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(each) for each in value]
    return value


def as_text(*, colors: bool) -> Processor:
    """Write for people: one line, and a traceback, which is set in, under it."""
    render = structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback
    )

    def write(logger: WrappedLogger, method: str, event: EventDict) -> str:
        traceback = event.pop("exception", None)
        printable = {_escape(name): _printable(value) for name, value in event.items()}
        line = str(render(logger, method, printable))
        if not isinstance(traceback, str):
            return line
        return "\n    ".join((line, *_lines(traceback)))

    return write


def _printable(value: Any) -> Any:
    """Escape texts; of anything else the renderer shows the repr, which does."""
    return _escape(value) if isinstance(value, str) else value


def _escape(text: str) -> str:
    return _CONTROL.sub(_spell, text)


def _lines(traceback: str) -> Iterable[str]:
    return _CONTROL_BUT_NEWLINE.sub(_spell, traceback).split("\n")


def _spell(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
