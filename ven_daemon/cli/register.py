"""`ven-daemon register`: make the VTN hold what the inventory says."""

from datetime import timedelta
from typing import Annotated

import typer

from ven_daemon import logs
from ven_daemon.app import open_registration
from ven_daemon.cli import terminal
from ven_daemon.cli.summary import as_json, exit_code, print_plan, print_summary
from ven_daemon.config import Settings, load_settings
from ven_daemon.domain.outcome import Outcome
from ven_daemon.domain.registration import Policy, VenPlan
from ven_daemon.services.registration import Selection


def register(
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N VENs.")] = None,
    vtn_url: Annotated[str | None, typer.Option(help="Base URL of the VTN.")] = None,
    db_path: Annotated[str | None, typer.Option(help="Inventory: a file or a URL.")] = None,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Send no token.")] = False,
    ven: Annotated[list[str] | None, typer.Option(help="Only this VEN (repeatable).")] = None,
    dry_run: Annotated[bool, typer.Option(help="Show the plan, change nothing.")] = False,
    prune: Annotated[bool, typer.Option(help="Delete what we created and nobody wants.")] = False,
    prune_adopted: Annotated[bool, typer.Option(help="Delete adopted objects too.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to try a silent VTN.")] = 30.0,
    as_document: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Register the VENs and resources of the inventory with the VTN.

    Safe to repeat: what is registered already is left alone.

    Example: ven-daemon register --vtn-url http://localhost:8000 --no-auth --limit 3
    """
    settings = terminal.settings(
        lambda: load_settings(
            {
                "vtn_url": vtn_url,
                "inventory_url": terminal.database_url(db_path),
                "credential_mode": "none" if no_auth else None,
            }
        )
    )
    logs.configure(settings.log_level, settings.log_format)
    selection = Selection(limit, tuple(ven or ()))
    policy = Policy(prune or prune_adopted, prune_adopted, retry_rejected=True)
    patience = timedelta(seconds=wait)
    if dry_run:
        plans = terminal.run(lambda: _plan(settings, selection, policy, patience))
        print_plan(plans, as_document=as_document)
        return
    outcome = terminal.run(lambda: _register(settings, selection, policy, patience))
    if as_document:
        terminal.print_json(as_json(outcome))
    else:
        print_summary(outcome)
    raise typer.Exit(exit_code(outcome))


async def _plan(
    settings: Settings, selection: Selection, policy: Policy, wait: timedelta
) -> list[VenPlan]:
    async with open_registration(settings, wait=wait) as opened:
        return await opened.service.plan(selection, policy)


async def _register(
    settings: Settings, selection: Selection, policy: Policy, wait: timedelta
) -> Outcome:
    from ven_daemon.cli.progress import watch  # draws with rich

    async with open_registration(settings, wait=wait) as opened:
        terminal.notes().print(
            f"VTN {settings.vtn_url} (OpenADR {opened.profile.name}); credentials: {settings.mode}",
            markup=False,
        )
        with watch() as watcher:
            return await opened.service.register(selection, policy, watcher)
