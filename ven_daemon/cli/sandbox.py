"""`ven-daemon sandbox`: a VTN to try things with."""

from pathlib import Path
from typing import Annotated

import typer

from ven_daemon.sandbox import Options, run

_DEFAULT = Options()


def sandbox(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")] = _DEFAULT.host,
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="0: the system chooses.")
    ] = _DEFAULT.port,
    profile: Annotated[
        str, typer.Option(metavar="3.1|3.0", help="OpenADR version.")
    ] = _DEFAULT.profile,
    open_: Annotated[
        bool, typer.Option("--open", help="Ask for no token and give every right.")
    ] = False,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Accept a name that is there already.")
    ] = False,
    clients_file: Annotated[
        Path | None, typer.Option("--clients", metavar="FILE", help="Clients, as JSON or CSV.")
    ] = None,
    clients: Annotated[
        list[str] | None,
        typer.Option("--client", metavar="CLIENT", help="Id, secret, bl or ven, with colons."),
    ] = None,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the objects here.")
    ] = None,
    request_limit: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.001, help="When a request is too old.")
    ] = _DEFAULT.request_limit,
    token_lifetime: Annotated[
        int, typer.Option(metavar="SECONDS", min=1, help="How long a token is good.")
    ] = _DEFAULT.token_lifetime,
) -> None:
    """Run a VTN of your own, to try things with and to test against.

    Example: ven-daemon sandbox --open --port 8000
    """
    if profile not in ("3.1", "3.0"):
        raise typer.BadParameter("3.1 or 3.0", param_hint="--profile")
    options = Options(
        host=host,
        port=port,
        profile=profile,
        open=open_,
        lenient=lenient,
        clients_file=clients_file,
        clients=tuple(clients or ()),
        state=state,
        request_limit=request_limit,
        token_lifetime=token_lifetime,
    )
    raise typer.Exit(run(options))
