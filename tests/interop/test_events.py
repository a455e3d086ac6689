"""Acceptance: events that a business client makes at real VTNs are read with the right windows."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.daemon.service import FLEET, Service
from tests.interop.business import DAY, Business, daemon, simple
from tests.rig.openleadr import OpenleadrVtn

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]


def found(service: Service, event: str, ven: str | None = None) -> dict[str, Any]:
    """What the daemon says of one event; empty where it does not know it."""
    status, document = service.get(f"/api/v1/events?ven={ven}" if ven else "/api/v1/events")
    events = document["events"] if status == 200 else []
    return next((each for each in events if each["id"] == event), {})


def windows(service: Service, event: str) -> list[tuple[str, str, Any]]:
    return [
        (each["start"][11:16], each["end"][11:16], each["payloads"][0]["values"])
        for each in found(service, event).get("windows", [])
    ]


def test_an_event_is_read_updated_and_cancelled_by_zero_and_by_deletion(
    vtn: OpenleadrVtn, business: Business, tmp_path: Path
) -> None:
    program = business.program("Curtailment")
    deleted = business.event(program, eventName="deleted", intervals=simple(1, 2))
    zeroed = business.event(program, eventName="zeroed", intervals=simple(3))
    with daemon(vtn, tmp_path) as service:
        service.wait(lambda: windows(service, deleted) == [
            ("00:00", "01:00", [1]), ("01:00", "02:00", [2])
        ])  # fmt: skip
        first = found(service, zeroed)
        longer = {"start": DAY["start"], "duration": "PT2H"}
        business.change(zeroed, business.shape(program, eventName="zeroed", intervalPeriod=longer))
        service.wait(lambda: windows(service, zeroed) == [("00:00", "02:00", [1])])
        zero = {"start": "0001-01-01T00:00:00Z", "duration": "PT0S"}
        business.change(zeroed, business.shape(program, eventName="zeroed", intervalPeriod=zero))
        business.delete(f"events/{deleted}")
        service.wait(lambda: found(service, zeroed)["status"] == "cancelled")
        service.wait(lambda: found(service, deleted)["status"] == "cancelled")
        metrics = service.get_text("/metrics")[1]

        assert (first["program"], first["priority"]) == ("Curtailment", None)
        assert found(service, zeroed)["reason"] == "its duration was set to zero"
        assert found(service, deleted)["reason"] == "deleted"
        assert not windows(service, deleted)
        assert 'ven_daemon_events{state="quarantined"} 0.0' in metrics
        assert 'ven_daemon_events{state="gone-unconfirmed"} 0.0' in metrics


def test_what_the_vtn_makes_of_durations_is_understood(
    vtn: OpenleadrVtn, business: Business, tmp_path: Path
) -> None:
    """T-03: it writes `PT15M` back as `P0Y0M0DT0H15M0S`, and `P9999Y` with all its zeros."""
    program = business.program("Prices")
    quarter = {"start": DAY["start"], "duration": "PT15M", "randomizeStart": "PT5M"}
    prices = business.event(program, intervalPeriod=quarter, intervals=simple(0.1, kind="PRICE"))
    endless = business.event(program, intervalPeriod={"start": DAY["start"], "duration": "P9999Y"})
    with daemon(vtn, tmp_path) as service:
        service.wait(lambda: bool(found(service, endless)))
        shown, forever = found(service, prices), found(service, endless)

    assert shown["randomize_start"] == "PT5M"
    assert shown["windows"][0]["nominal_start"] == "2036-03-02T00:00:00Z"
    assert shown["windows"][0]["end"] == "2036-03-02T00:15:00Z"
    assert forever["status"] == "pending"
    assert [each["end"] for each in forever["windows"]] == [None]


def test_more_events_than_a_page_holds_are_read(
    vtn: OpenleadrVtn, business: Business, tmp_path: Path
) -> None:
    program = business.program("Many")
    made = {business.event(program, eventName=f"event {n}") for n in range(120)}
    with daemon(vtn, tmp_path) as service:
        service.wait(lambda: _ids(service) >= made)
        business.delete(f"events/{min(made)}")
        service.wait(lambda: found(service, min(made))["status"] == "cancelled")
        pending = [each for each in _listed(service) if each["status"] == "pending"]

    assert {each["id"] for each in pending} >= made - {min(made)}


def test_vens_with_credentials_of_their_own_see_what_their_targets_let_them_see(
    vtn_31: OpenleadrVtn, tmp_path: Path
) -> None:
    business = Business(vtn_31)
    clients = vtn_31.ven_clients(list(FLEET))
    rows = "".join(f"{ven},{client.id},{client.secret}\n" for ven, client in clients.items())
    (tmp_path / "credentials.csv").write_text(f"ven,client_id,client_secret\n{rows}")
    program = business.program("Private", targets=["Aalborg"])
    for_one = business.event(program, eventName="one", targets=["Aalborg"])
    for_all = business.event(business.program("Public"), eventName="all")
    settings = {
        "VEN_CREDENTIAL_MODE": "registrar",
        "VEN_CREDENTIALS_KEY": Fernet.generate_key().decode(),
    }
    try:
        with daemon(vtn_31, tmp_path, **settings) as service:
            service.terminate()
            imported = service.command("credentials", "import", "credentials.csv")
            assert imported.returncode == 0, imported.stderr
            service.start()
            service.wait_until_ready()
            service.wait(lambda: _summary(service).get("readers") == 2)
            service.wait(lambda: _summary(service).get("targets_mode") == "plain")
            service.wait(lambda: bool(found(service, for_all, "Vejle")))
            service.wait(lambda: bool(found(service, for_one, "Aalborg")))
            others = found(service, for_one, "Vejle")
            ours = found(service, for_one, "Aalborg")
    finally:
        business.end()

    assert not others
    assert ours["program"] == "Private"
    assert ours["targets"] == ["Aalborg"]


def _listed(service: Service) -> list[dict[str, Any]]:
    status, document = service.get("/api/v1/events")
    return document["events"] if status == 200 else []


def _ids(service: Service) -> set[str]:
    return {each["id"] for each in _listed(service)}


def _summary(service: Service) -> dict[str, Any]:
    summary: dict[str, Any] = service.get("/api/v1/status")[1].get("events", {})
    return summary
