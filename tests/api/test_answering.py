"""`create_report`, `respond_to_event`, `startup`: as the sample client names them."""

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.registration.fleet import three_vens
from tests.reporting.vtn import Publisher, written
from tests.rig.processes import free_port
from tests.rig.sandbox import SandboxVtn
from ven_daemon import (
    create_report,
    load_ven_resources_from_sqlite,
    respond_to_event,
    sample_registration,
    startup,
)
from ven_daemon.domain.errors import ConfigurationError

ANY_TIME = {"payloadType": "READING", "units": "KW", "frequency": 0}
STATE = {"payloadType": "OPERATING_STATE", "frequency": 0}


@pytest.fixture(autouse=True)
def _fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    three_vens(tmp_path / "config" / "resources.db")


def values(report: dict[str, Any]) -> list[Any]:
    return [resource["intervals"][0]["payloads"][0]["values"] for resource in report["resources"]]


async def test_a_report_is_made_of_the_readings_given_and_sent() -> None:
    with SandboxVtn("--open") as vtn:
        await sample_registration(vtn.url)
        publisher, now = Publisher(vtn), datetime.now(UTC)
        event = publisher.event(now - timedelta(minutes=1), timedelta(hours=1), 1, [ANY_TIME])
        resources = load_ven_resources_from_sqlite("Aalborg")
        readings = [
            {"resource_id": row.resource_id, "quantity": "power", "value": 7.5, "at": written(now)}
            for row in resources
        ]

        made = await create_report("Aalborg", event, readings, vtn.url)
        with pytest.raises(ConfigurationError, match="reading 0: quantity"):
            await create_report("Aalborg", event, [{**readings[0], "quantity": "x"}], vtn.url)

        assert {each["state"] for each in made} == {"sent"}
        assert {each["ven"] for each in made} == {"Aalborg"}
        reports = publisher.reports()
        assert {report["clientName"] for report in reports} == {"Aalborg"}
        assert values(reports[-1]) == [[7.5]] * len(resources)


async def test_opting_out_is_kept_here_and_told_where_the_event_asks() -> None:
    with SandboxVtn("--open") as vtn:
        await sample_registration(vtn.url)
        publisher, now = Publisher(vtn), datetime.now(UTC)
        event = publisher.event(now - timedelta(minutes=1), timedelta(hours=1), 1, [STATE])

        await respond_to_event("Aalborg", event, "optOut", vtn.url)
        out = publisher.reports()[-1]
        await asyncio.sleep(1.1)  # reports of any time are named by the second
        await respond_to_event("Aalborg", event, "optIn", vtn.url)
        back = publisher.reports()[-1]
        with pytest.raises(ConfigurationError, match="optIn, optOut, notParticipating"):
            await respond_to_event("Aalborg", event, "maybe", vtn.url)

        assert all(each[0].endswith("_OPTED_OUT") for each in values(out))
        assert not any(each[0].endswith("_OPTED_OUT") for each in values(back))


async def test_startup_serves_until_it_is_told_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEN_HTTP_PORT", str(free_port()))
    with SandboxVtn("--open") as vtn:
        running = asyncio.create_task(startup(vtn.url, "./config/resources.db"))
        for _ in range(200):
            if vtn.summary()["vens"] == 3:
                break
            await asyncio.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(running, 15)

        assert vtn.summary()["vens"] == 3
