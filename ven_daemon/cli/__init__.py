"""The command line: arguments, progress, tables, exit codes."""

import gc
import sys

# structlog takes rich along wherever that is installed, for tracebacks that we do not draw:
# five megabytes of a daemon. Who writes to a terminal loads it then.
if "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment] # which means: not installed
    import structlog.dev as _  # noqa: F401

    del sys.modules["rich"]

# What is loaded is there to stay. To look through it again and again, while it grows, takes
# a tenth of the time; to look through it once afterwards would take as long.
gc.disable()
from ven_daemon.cli.main import main  # noqa: E402 - loaded without the collector

gc.freeze()
gc.enable()

__all__ = ["main"]
