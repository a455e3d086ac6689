"""What becomes of the daemon when its VTN, or the way to it, is in trouble.

`/livez` and `/readyz` stay 200 throughout: readiness is not the health of the VTN.
"""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.service import FLEET, Service
from tests.rig.sandbox import SandboxVtn
from tests.rig.tls_proxy import TlsProxy
from tests.vtn.certificates import Authority
from ven_daemon.app.connection import Connection, exchange_of
from ven_daemon.config import Settings
from ven_daemon.store.database import open_database

RESOURCES = sum(FLEET.values())
CONVERGED = 60.0
"""Seconds within which everything is as it must be once the trouble is over."""


@pytest.fixture
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


def insist_on_probes(service: Service) -> None:
    assert service.get("/livez")[0] == 200
    assert service.get("/readyz")[0] == 200


def is_registered(vtn: SandboxVtn) -> bool:
    summary = vtn.summary()
    return (summary["resources"], summary["duplicates"]) == (RESOURCES, 0)


def circuit(service: Service) -> Any:
    return service.get("/health")[1]["vtn"]["circuit"]


def failures(service: Service) -> Any:
    return service.get("/api/v1/failures")[1]["failures"]


def metric(service: Service, name: str) -> float:
    lines = service.get_text("/metrics")[1].splitlines()
    found = [line for line in lines if line.startswith(f"ven_daemon_{name} ")]
    assert found, f"there is no {name}"
    return float(found[0].rpartition(" ")[2])


async def test_those_who_wait_for_a_vtn_that_never_answered_wait_together(tmp_path: Path) -> None:
    settings = Settings(vtn_url="http://127.0.0.1:9")  # type: ignore[arg-type]
    database = open_database(f"sqlite:///{tmp_path}/state.db")
    async with exchange_of(settings) as exchange:
        connection = Connection(lambda: settings, exchange, database, timedelta(seconds=0.5))
        began = time.monotonic()
        outcomes = await asyncio.gather(
            *(connection.get() for _ in range(40)), return_exceptions=True
        )
        seconds = time.monotonic() - began
    await database.dispose()

    assert all("connection refused" in str(each) for each in outcomes)
    assert seconds < 5


def test_f04_a_vtn_that_was_wiped_is_filled_again(vtn: SandboxVtn, tmp_path: Path) -> None:
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        vtn.wipe()
        service.send("POST", "/api/v1/reconcile")

        service.wait(lambda: is_registered(vtn), seconds=CONVERGED)
        insist_on_probes(service)


def test_f28_a_token_endpoint_that_is_down_is_waited_for(tmp_path: Path) -> None:
    with SandboxVtn("--client", "shared:secret:bl", "--token-lifetime", "2") as vtn:
        settings = {"VEN_CLIENT_ID": "shared", "VEN_CLIENT_SECRET": "secret"}
        with Service(tmp_path, vtn.url, **settings) as service:
            service.wait_until_ready()
            vtn.faults([{"kind": "status", "status": 503, "path": "/auth/token"}])
            time.sleep(2)
            service.change("UPDATE resources SET ven = 'Skagen' WHERE ven = 'Vejle'")
            service.send("POST", "/api/v1/reconcile")
            service.wait(lambda: metric(service, "token_failures_total") > 0, seconds=30)
            insist_on_probes(service)
            vtn.faults([])

            service.wait(lambda: vtn.summary()["resources"] == RESOURCES + 2, seconds=CONVERGED)
            assert metric(service, "token_oldest_age_seconds") < 60


def test_f32_a_certificate_is_swapped_and_its_authority_follows_without_a_restart(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    first, second = Authority(tmp_path / "one"), Authority(tmp_path / "two", "another")
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(first.file.read_bytes())
    pair, other = first.issue(), second.issue(days=3)
    port = int(vtn.url.rpartition(":")[2])
    with (
        TlsProxy(port, pair.certificate, pair.key) as proxy,
        Service(tmp_path, proxy.url, VEN_TLS_CA_FILE=str(trusted)) as service,
    ):
        service.wait_until_ready()
        service.wait(lambda: "ven_daemon_cert_expiry_seconds " in service.get_text("/metrics")[1])
        service.wait(lambda: 0 < metric(service, "cert_expiry_seconds") < 86400)
        proxy.swap(other.certificate, other.key)
        service.send("POST", "/api/v1/reconcile")
        service.wait(lambda: circuit(service) == "open", seconds=30)
        service.wait(lambda: "certificate is not trusted" in str(failures(service)))
        insist_on_probes(service)
        trusted.write_text("no certificate")
        service.wait(lambda: "tls.files_refused" in service.log())
        trusted.write_bytes(second.file.read_bytes())
        vtn.wipe()

        service.wait(lambda: is_registered(vtn), seconds=CONVERGED)
        service.wait(lambda: metric(service, "cert_expiry_seconds") > 86400)
        assert service.process.poll() is None


def test_f30_a_clock_that_differs_is_a_figure_and_a_warning(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    late = {"Date": "Mon, 01 Jan 2024 00:00:00 GMT"}
    vtn.faults([{"kind": "headers", "headers": late}])
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()

        assert metric(service, "vtn_clock_skew_seconds") < -3600
        assert "vtn.clock_differs" in service.log()
        assert is_registered(vtn)
