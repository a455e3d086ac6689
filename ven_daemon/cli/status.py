"""`ven-daemon status`: is it working? Asked of the running daemon, else of its records."""

import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from typing import Annotated, Any

import orjson
import typer

from ven_daemon.app.record import on_record
from ven_daemon.cli import terminal
from ven_daemon.config import Settings, load_settings
from ven_daemon.domain.errors import ConfigurationError

_DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Through no proxy: the token is for our own daemon alone."""


def status(
    as_document: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Ask the running daemon how it is doing; exit 1 where it is not ready or not there.

    Where it is not there, what is on record in the state database is shown.

    Example: ven-daemon status
    """
    settings = terminal.settings(load_settings)
    found = _ask(settings)
    if found is None:
        where = f"{settings.http_host}:{settings.http_port}"
        terminal.notes().print(f"no daemon answers at {where}", style="red", markup=False)
        recorded = terminal.run(lambda: on_record(settings))
        found = recorded or {"running": False, "ready": False}
        lines = _recorded(recorded)
    else:
        found["running"] = True
        lines = _lines(found)
    if as_document:
        terminal.print_json(found)
    else:
        for line in lines:
            typer.echo(line)
    raise typer.Exit(0 if found["ready"] else 1)


def _ask(settings: Settings) -> dict[str, Any] | None:
    host = f"[{settings.http_host}]" if ":" in settings.http_host else settings.http_host
    request = urllib.request.Request(f"http://{host}:{settings.http_port}/api/v1/status")
    if settings.operator_token is not None:
        token = settings.operator_token.get_secret_value()
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with _DIRECTLY.open(request, timeout=5) as answer:
            document: dict[str, Any] = orjson.loads(answer.read())
            return document
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == HTTPStatus.UNAUTHORIZED:
            terminal.fail(ConfigurationError("the daemon refuses this VEN_OPERATOR_TOKEN"))
        return None
    except (OSError, HTTPException, orjson.JSONDecodeError):
        return None


def _lines(found: dict[str, Any]) -> list[str]:
    vtn = found["vtn"]
    ready = "ready" if found["ready"] else "not ready"
    lines = [
        f"ven-daemon {found['version']}, {ready}, since {found['started_at']}",
        f"VTN {vtn['url']} (OpenADR {vtn['profile'] or '?'}): circuit {vtn['circuit']}",
        _counted(found["fleet"]),
    ]
    lines += _too_large(found.get("reports") or {})
    lines += [f"not ready: {name}: {reason}" for name, reason in found["concerns"].items()]
    for loop in found["loops"]:
        error = f", last error {loop['last_error']}" if loop["failures_in_a_row"] else ""
        lines.append(f"loop {loop['name']}: last success {loop['last_success'] or 'never'}{error}")
    return lines + _failing(found)


def _recorded(found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return ["there is no state database yet: nothing has been registered"]
    lines = [
        f"on record as of {found['as_of'] or 'never'}",
        f"VTN {found['vtn']['url']}",
        _counted(found["fleet"]),
    ]
    lines += [f"paused: {name}" for name in found["paused"]]
    return lines + _failing(found)


def _counted(fleet: dict[str, Any]) -> str:
    return (
        f"VENs: {fleet['registered']} registered, {fleet['partly']} partly, "
        f"{fleet['failed']} failed, {fleet['paused']} paused; resources: "
        f"{fleet['resources_registered']} of {fleet['resources']}"
    )


def _too_large(reports: dict[str, Any]) -> list[str]:
    size, until = reports.get("size_refused_bytes"), reports.get("size_refused_until")
    if size is None:
        return []
    return [f"reports of {size} bytes are too large for the VTN: halved first, until {until}"]


def _failing(found: dict[str, Any]) -> list[str]:
    firsts = ((each["ven"], each["failures"][0]) for each in found["failing"])
    return [
        f"failing: {ven}: {first['resource'] or 'the VEN'}: {first['reason']}"
        for ven, first in firsts
    ]
