"""What the sandbox can be told at its start."""

from dataclasses import dataclass
from pathlib import Path

from ven_daemon.sandbox.tokens import MONTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The command line as a value."""

    host: str = "127.0.0.1"
    port: int = 8000
    """With 0 the system chooses one; the line on standard output says which."""
    profile: str = "3.1"
    open: bool = False
    """Ask for no token, give every right, allow any number of vens to a client."""
    lenient: bool = False
    """Accept a second object of a name."""
    clients_file: Path | None = None
    clients: tuple[str, ...] = ()
    """Each `ID:SECRET:bl` or `ID:SECRET:ven`."""
    state: Path | None = None
    request_limit: float = 30.0
    """Seconds after which a request is not accepted any more."""
    token_lifetime: int = MONTH
