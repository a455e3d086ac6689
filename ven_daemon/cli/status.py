"""`ven-daemon status`: is it working? Asked of the running daemon."""

import urllib.error
import urllib.request
from typing import Annotated, Any

import orjson
import typer

from ven_daemon.cli import terminal
from ven_daemon.config import Settings, load_settings


def status(
    as_document: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Ask the running daemon how it is doing; exit 1 where it is not ready or not there.

    Example: ven-daemon status
    """
    settings = terminal.settings(load_settings)
    found = _ask(settings)
    if found is None:
        where = f"{settings.http_host}:{settings.http_port}"
        terminal.notes.print(f"no daemon answers at {where}", style="red", markup=False)
        raise typer.Exit(1)
    if as_document:
        terminal.print_json(found)
    else:
        for line in _lines(found):
            typer.echo(line)
    raise typer.Exit(0 if found["ready"] else 1)


def _ask(settings: Settings) -> dict[str, Any] | None:
    url = f"http://{settings.http_host}:{settings.http_port}/api/v1/status"
    request = urllib.request.Request(url)
    if settings.operator_token is not None:
        token = settings.operator_token.get_secret_value()
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            document: dict[str, Any] = orjson.loads(answer.read())
            return document
    except (urllib.error.URLError, TimeoutError, orjson.JSONDecodeError):
        return None


def _lines(found: dict[str, Any]) -> list[str]:
    fleet, vtn = found["fleet"], found["vtn"]
    ready = "ready" if found["ready"] else "not ready"
    lines = [
        f"ven-daemon {found['version']}, {ready}, since {found['started_at']}",
        f"VTN {vtn['url']} (OpenADR {vtn['profile'] or '?'}): circuit {vtn['circuit']}",
        (
            f"VENs: {fleet['registered']} registered, {fleet['partly']} partly, "
            f"{fleet['failed']} failed, {fleet['paused']} paused; resources: "
            f"{fleet['resources_registered']} of {fleet['resources']}"
        ),
    ]
    lines += [f"not ready: {name}: {reason}" for name, reason in found["concerns"].items()]
    for loop in found["loops"]:
        error = f", last error {loop['last_error']}" if loop["failures_in_a_row"] else ""
        lines.append(f"loop {loop['name']}: last success {loop['last_success']}{error}")
    for each in found["failing"]:
        first = each["failures"][0]
        lines.append(f"failing: {each['ven']}: {first['resource'] or 'the VEN'}: {first['reason']}")
    return lines
