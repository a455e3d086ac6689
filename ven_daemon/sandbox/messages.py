"""A request as the rules see it, and the answer they give: no sockets in here."""

from dataclasses import dataclass, field

from ven_daemon.sandbox.problems import Problem
from ven_daemon.sandbox.tokens import Caller

JSON = "application/json"


@dataclass(slots=True)
class Call:
    """One request."""

    method: str
    path: str
    query: str
    content_type: str
    host: str
    authorization: str | None
    caller: Caller
    arrived: float
    """When it was sent at the earliest, on the monotonic clock."""
    body: bytes = b""
    unreadable: Problem | None = None
    """Why the body could not be read."""
    ignore_skip: bool = False
    """A fault: every page is the first one."""
    page_cap: int | None = None
    """A fault: no page is longer than this, whatever was asked for."""
    blind_spot: str | None = None
    """A fault: a listing that is not asked for by name shows this one's neighbour in its place."""
    explicit_targets: bool = False
    """A strict reading: a VEN sees what has targets only where its query names them."""
    all_targets: bool = False
    """Another reading: of several targets in a query an object must have every one."""


@dataclass(slots=True)
class Answer:
    """What the VTN says, and what it accepted by saying so."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    accepted: bytes | None = None
    """The object of a write as the VTN holds it now (or held it until the DELETE)."""
    compressible: bool = False


def refusal(problem: Problem) -> Answer:
    """Turn a problem into the answer that tells it."""
    return Answer(problem.status, problem.body(), headers=problem.headers)
