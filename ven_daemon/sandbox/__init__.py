"""A VTN to try things with and to test against; it knows nothing of the rest of the package."""

from ven_daemon.sandbox.options import Options

__all__ = ["Options", "run"]


def run(options: Options) -> int:
    """Serve until told to stop; give the exit code.

    The server is loaded only now: those who know us by name, as our commands do, need not
    pay for it.
    """
    from ven_daemon.sandbox.process import run as serve

    return serve(options)
