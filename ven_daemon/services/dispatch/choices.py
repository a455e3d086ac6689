"""What an operator chose."""

from dataclasses import dataclass, field
from datetime import timedelta

from ven_daemon.domain.dispatching.rules import Rules
from ven_daemon.domain.dispatching.selectors import Route


@dataclass(frozen=True, slots=True)
class Choices:
    """What is read how, goes out by which sink, and what holds when somebody is away."""

    rules: Rules = field(default_factory=Rules)
    routes: tuple[Route, ...] = (Route("log"),)
    horizon: timedelta = timedelta(days=1)
    silent_after: timedelta = timedelta(hours=1)
    """For how long the VTN may be silent before the fail-safe holds."""
    silence_releases: bool = False
    """Whether events end then; else they hold to their end."""
    measured_within: timedelta | None = None
    """How long who brings readings may bring none before it is released; None: for ever."""
