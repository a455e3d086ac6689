"""A VTN to try things with and to test against; it knows nothing of the rest of the package."""

from ven_daemon.sandbox.options import Options
from ven_daemon.sandbox.process import run

__all__ = ["Options", "run"]
