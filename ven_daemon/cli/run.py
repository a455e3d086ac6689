"""`ven-daemon run`: the long-running service."""

from typing import Annotated

import structlog
import typer

from ven_daemon import logs
from ven_daemon.app import Daemon
from ven_daemon.cli import terminal
from ven_daemon.config import Settings, load_settings, misspelt

_log = structlog.get_logger(__name__)


def run(
    vtn_url: Annotated[str | None, typer.Option(help="Base URL of the VTN.")] = None,
    db_path: Annotated[str | None, typer.Option(help="Inventory: a file or a URL.")] = None,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Send no token.")] = False,
    http_port: Annotated[int | None, typer.Option(help="Port for operators; 0: any.")] = None,
    migrate: Annotated[bool, typer.Option(help="Upgrade the state database first.")] = False,
) -> None:
    """Speak for every VEN of the inventory, until told to stop.

    It keeps registrations, follows programs and events, tells devices what to do and
    reports what meters measured.

    Example: ven-daemon run --vtn-url http://localhost:8000 --no-auth
    """
    given = {
        "vtn_url": vtn_url,
        "inventory_url": terminal.database_url(db_path),
        "credential_mode": "none" if no_auth else None,
        "http_port": http_port,
    }
    settings = terminal.settings(lambda: load_settings(given))
    logs.configure(settings.log_level, settings.log_format)
    for name, meant in misspelt(Settings.model_fields).items():
        _log.warning("settings.misspelt", name=name, meant=meant)

    async def serve() -> None:
        await Daemon(lambda: load_settings(given)).run(migrate=migrate)

    terminal.run(serve, serves=True)
