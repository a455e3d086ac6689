"""What libraries log by the standard library, handed on to structlog."""

import logging
from typing import Any

import structlog

_log = structlog.get_logger()
_LEVELS = ((50, "critical"), (40, "error"), (30, "warning"), (20, "info"))


class Bridge(logging.Handler):
    """Makes an event of each record: same form, same writer."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hand it on; a record that cannot be formatted loses its arguments, not itself."""
        say: Any = getattr(_log, _method(record.levelno))
        say(_message(record), logger=record.name, exc_info=record.exc_info or None)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - as logging itself: a bad record must not end its caller
        return str(record.msg)


def _method(level: int) -> str:
    return next((name for least, name in _LEVELS if level >= least), "debug")
