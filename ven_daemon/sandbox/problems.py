"""What goes wrong with a request, and how a VTN words it.

Errors are *problem* objects (Definition 3.1, section on responses) sent as `application/json`,
the media type that both specifications name.
"""

from http import HTTPStatus
from uuid import UUID

import orjson

from ven_daemon.sandbox.identity import random_uuid

INVALID_TOKEN = "Invalid authentication token provided"  # noqa: S105 - the words of an answer
NO_TOKEN = "Authorization via Bearer token in Authorization header required"  # noqa: S105 - words
FOREIGN_KEY = "A foreign key constraint is violated"
DATABASE_ERROR = "A database error occurred"
TOO_LATE = "The request is older than the time limit; nothing was accepted"


class Problem(Exception):  # noqa: N818 - the standard calls it so
    """A request that is refused: the status and the words the client is told."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def body(self) -> bytes:
        """Encode the problem; each carries an instance of its own, to be found in logs by."""
        return problem_body(self.status, self.detail)


def problem_body(status: int, detail: str) -> bytes:
    """Encode a problem object of RFC 9457 shape."""
    return orjson.dumps(
        {
            "type": "about:blank",
            "title": f"{status} {_phrase(status)}",
            "status": status,
            "detail": detail,
            "instance": str(UUID(random_uuid())),
        }
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # a fault may ask for a status that nobody has named
        return "Unknown"


def bad_request(detail: str) -> Problem:
    """Refuse what does not follow the schema."""
    return Problem(400, detail)


def not_found(detail: str = "Object not found") -> Problem:
    """Refuse what is not there, or not there for this caller."""
    return Problem(404, detail)


def conflict(detail: str = "Conflict") -> Problem:
    """Refuse a second object of one name; the VTN does not tell which rule was hit."""
    return Problem(409, detail)
