"""structlog: text on a terminal, one JSON line an event elsewhere, always on standard error.

What the libraries log by the standard library's `logging` goes the same way. Nothing
here ever waits for whoever reads: see `logs.writer`.
"""

import atexit
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

import structlog

from ven_daemon.logs.bridge import Bridge
from ven_daemon.logs.form import as_json, as_text, flattened, redacted
from ven_daemon.logs.repeats import Repeats
from ven_daemon.logs.writer import Writer

__all__ = ["configure", "dropped"]

FLUSH_SECONDS = 1.0
"""How long the end of the process may wait for its last lines to be written."""

_writer: Writer | None = None


def configure(level: str, form: Literal["auto", "json", "text"]) -> None:
    """Set up logging for the process; again, for another level or form."""
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    lines = _Lines(_the_writer())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            flattened,
            redacted,
            Repeats(),
            as_text(colors=sys.stderr.isatty()) if text else as_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,  # a reload would not reach the loggers that have spoken
    )
    _take_over_logging(level)


def dropped() -> int:
    """Say how many lines have found no room, or could not be written, so far."""
    return _writer.dropped if _writer else 0


class _Lines:
    """What structlog writes to: every method takes a finished line."""

    def __init__(self, writer: Writer) -> None:
        self.msg = self.debug = self.info = self.warning = writer.write
        self.error = self.critical = self.exception = writer.write


def _the_writer() -> Writer:
    global _writer  # noqa: PLW0603 - standard error is there once per process, and so is its thread
    if _writer is None:
        _writer = Writer(2, _say_dropped)
        atexit.register(_writer.flush, FLUSH_SECONDS)
    return _writer


def _say_dropped(lines: int) -> str:
    """Say that lines are missing, in the form in force."""
    event = {
        "event": "logs.dropped",
        "lines": lines,
        "level": "warning",
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }
    return str(structlog.get_config()["processors"][-1](None, "warning", event))


def _take_over_logging(level: str) -> None:
    """Send what libraries log our way: warnings and worse, whatever our own level."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, Bridge)]:
        root.removeHandler(handler)
    root.addHandler(Bridge())
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    logging.captureWarnings(capture=True)
