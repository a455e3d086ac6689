"""Periods and payloads of events, and how often the VTN was asked."""

from tests.sandbox.rig import Sandbox

NOON = {"start": "2026-06-01T12:00:00Z", "duration": "PT1H"}
SIMPLE = [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [1]}]}]


async def asked(vtn: Sandbox, path: str, client: str | None = None) -> int:
    """How often *path* was asked for, all in all."""
    return sum(
        1
        for line in await vtn.ledger()
        if line["method"] == "GET" and line["path"].startswith(path)
        if client is None or line["client"] == client
    )
