"""`python -m ven_daemon.sandbox`: the sandbox without the rest of the command line."""

import sys
from argparse import ArgumentParser
from pathlib import Path

from ven_daemon.sandbox import Options, run


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and run."""
    parser = ArgumentParser(prog="sandbox", description="A VTN to try things with.")
    default = Options()
    parser.add_argument("--host", default=default.host)
    parser.add_argument("--port", type=int, default=default.port)
    parser.add_argument("--profile", choices=["3.1", "3.0"], default=default.profile)
    parser.add_argument("--open", action="store_true")
    parser.add_argument("--lenient", action="store_true")
    parser.add_argument("--clients", type=Path, dest="clients_file")
    parser.add_argument("--client", action="append", default=[], dest="clients")
    parser.add_argument("--state", type=Path)
    parser.add_argument("--request-limit", type=float, default=default.request_limit)
    parser.add_argument("--token-lifetime", type=int, default=default.token_lifetime)
    given = vars(parser.parse_args(arguments))
    return run(Options(**{**given, "clients": tuple(given["clients"])}))


if __name__ == "__main__":
    sys.exit(main())
