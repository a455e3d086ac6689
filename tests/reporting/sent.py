"""Events to report on, and what the VTN has been sent."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from tests.sandbox.rig import Sandbox
from ven_daemon.store.outbox import Draft

POST = {"method": "POST", "path": "^/reports"}
HOUR = timedelta(hours=1)


async def new_event(vtn: Sandbox, name: str = "e") -> str:
    program = (await vtn.post("/programs", {"programName": name})).json
    body = {"programID": program["id"], "eventName": name, "intervals": []}
    return str((await vtn.post("/events", body)).json["id"])


async def about_its_program(vtn: Sandbox, made: Draft) -> Draft:
    """Name the program as reports of 3.0 do; the VTN looks whether it is the event's."""
    event = (await vtn.get(f"/events/{made.report.about.event}")).json
    return made._replace(body=made.body.replace(b'"program"', f'"{event["programID"]}"'.encode()))


async def at_vtn(vtn: Sandbox) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await vtn.get("/reports")).json
    return sorted(found, key=lambda report: str(report["reportName"]))


async def names(vtn: Sandbox) -> list[str]:
    return [report["reportName"] for report in await at_vtn(vtn)]


def told(reports: Iterable[Mapping[str, Any]]) -> Counter[tuple[str, float]]:
    """Count what is said of every resource."""
    return Counter(
        (resource["resourceName"], interval["payloads"][0]["values"][0])
        for report in reports
        for resource in report["resources"]
        for interval in resource["intervals"]
    )


async def history(vtn: Sandbox) -> list[list[dict[str, Any]]]:
    """Say what reports the VTN had after each that it took."""
    there: dict[str, dict[str, Any]] = {}
    stages = []
    for line in await vtn.ledger():
        if line["accepted"] and line["path"].startswith("/reports"):
            there[line["object"]["id"]] = line["object"]
            stages.append([*there.values()])
    return stages


async def posted(vtn: Sandbox) -> list[str]:
    """Give the names of reports in the order they were accepted."""
    return [
        line["object"]["reportName"]
        for line in await vtn.ledger()
        if line["method"] == "POST" and line["path"] == "/reports" and line["accepted"]
    ]


async def asked(vtn: Sandbox) -> int:
    return (await vtn.summary())["requests"]


async def taken(vtn: Sandbox) -> int:
    return len(await posted(vtn))


async def until(count: Callable[[Sandbox], Awaitable[int]], vtn: Sandbox, least: int) -> None:
    for _ in range(500):
        if await count(vtn) >= least:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never {least}")
