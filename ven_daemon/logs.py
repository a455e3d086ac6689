"""structlog: text on a terminal, one JSON line an event elsewhere, always on standard error."""

import logging
import sys
from typing import Any, Literal

import orjson
import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger


def configure(level: str, form: Literal["auto", "json", "text"]) -> None:
    """Set up logging for the process."""
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    last: Processor
    if text:
        last = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    else:
        last = structlog.processors.JSONRenderer(serializer=_json)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def _redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Show no secret, whoever put it there."""
    for name, value in event.items():
        if isinstance(value, SecretStr) or name in ("token", "authorization", "client_secret"):
            event[name] = "***"
    return event


def _json(event: Any, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()
