"""`poll_events`: the events of one VEN, as the sample client names it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.registration.fleet import three_vens
from tests.rig.rest import call, expect
from tests.rig.sandbox import SandboxVtn
from ven_daemon import poll_events, sample_registration
from ven_daemon.app.registration import open_state
from ven_daemon.config import load_settings
from ven_daemon.domain.errors import ConfigurationError, VtnUnreachableError


@pytest.fixture
def _fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    three_vens(tmp_path / "config" / "resources.db")


def publish(vtn: SandboxVtn, name: str, **members: Any) -> None:
    program = expect(201, call("POST", f"{vtn.url}/programs", body={"programName": name})).json()
    body = {"programID": program["id"], "eventName": name, "intervals": [], **members}
    expect(201, call("POST", f"{vtn.url}/events", body=body))


@pytest.mark.usefixtures("_fleet")
async def test_the_events_that_mean_a_ven_are_given_and_those_of_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with SandboxVtn("--open") as vtn:
        monkeypatch.setenv("VEN_VTN_URL", vtn.url)
        await sample_registration(vtn.url)
        publish(vtn, "for all", intervalPeriod={"start": "2020-01-01T00:00:00Z"})
        publish(vtn, "for Brande", targets=["Brande"])
        publish(vtn, "over", intervalPeriod={"start": "2020-01-01T00:00:00Z", "duration": "PT1H"})

        aalborg = await poll_events("Aalborg")
        brande = await poll_events("Brande", vtn.url, db_path="./config/resources.db")
        with pytest.raises(ConfigurationError, match="Skagen is no VEN"):
            await poll_events("Skagen")

    assert [event.name for event in aalborg] == ["for all"]
    assert sorted(event.name or "" for event in brande) == ["for Brande", "for all"]


@pytest.mark.usefixtures("_fleet")
async def test_while_a_daemon_works_with_the_state_its_record_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with SandboxVtn("--open") as vtn:
        monkeypatch.setenv("VEN_VTN_URL", vtn.url)
        await sample_registration(vtn.url)
        publish(vtn, "for all", intervalPeriod={"start": "2020-01-01T00:00:00Z"})
        await poll_events("Aalborg")
        publish(vtn, "not read yet", intervalPeriod={"start": "2020-01-01T00:00:00Z"})
        async with open_state(load_settings()):
            found = await poll_events("Aalborg")
            with pytest.raises(ConfigurationError, match="Skagen is no VEN"):
                await poll_events("Skagen")

    assert [event.name for event in found] == ["for all"]


@pytest.mark.usefixtures("_fleet")
async def test_a_vtn_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ven_daemon.app.events.PATIENCE", timedelta(seconds=0.2))

    with pytest.raises(VtnUnreachableError):
        await poll_events("Aalborg", "http://127.0.0.1:9")
