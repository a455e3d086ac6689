"""What every shape is given, and what it must tell."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Job:
    """One registration: from an inventory on disk to everything that is wanted."""

    url: str
    inventory: Path
    folder: Path
    """For whatever state a shape keeps."""
    workers: int = 64
    ven: str | None = None
    """Only this VEN, for the shape that would take minutes for all."""
    client_id: str = "bench"
    client_secret: str = "bench"


@dataclass(frozen=True, slots=True)
class Done:
    """What was registered."""

    resources: int
    writes: int


Work: TypeAlias = Callable[[], Awaitable[Done]]
Shape: TypeAlias = Callable[[Job], AbstractAsyncContextManager[Work]]
"""Opens what a program has open once it is started; the clock runs while its work is done."""
Opened: TypeAlias = AsyncIterator[Work]
