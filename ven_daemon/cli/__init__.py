"""The command line: arguments, progress, tables, exit codes."""

from ven_daemon.cli.main import main

__all__ = ["main"]
