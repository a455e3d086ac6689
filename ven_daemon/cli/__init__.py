"""The command line: arguments, progress, tables, exit codes."""

import gc

# What is loaded is there to stay. To look through it again and again, while it grows, takes
# a tenth of the time; to look through it once afterwards would take as long.
gc.disable()
from ven_daemon.cli.main import main  # noqa: E402 - loaded without the collector

gc.freeze()
gc.enable()

__all__ = ["main"]
