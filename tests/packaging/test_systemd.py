"""The unit under a real systemd: what it promises is done by systemd and the daemon together."""

import json
import re
from collections.abc import Callable, Iterable, Iterator

import pytest

from tests.packaging.engine import DockerError, Engine
from tests.packaging.machine import SECRET, UNIT, Machine

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(900)]

MOST_EXPOSED = 2.5
_READY = "9714 of 9714 resources registered"


@pytest.fixture(scope="module")
def installed(engine: Engine) -> Iterator[Machine]:
    """A machine where the service is installed and has never run."""
    with Machine(engine) as machine:
        machine.install()
        yield machine


@pytest.fixture
def machine(installed: Machine) -> Machine:
    """The same machine with the service running; `systemctl start` comes back once it is ready."""
    installed.sh(f"systemctl start {UNIT}")
    return installed


def test_it_tells_systemd_that_it_is_ready_and_how_it_is(machine: Machine) -> None:
    assert machine.show("ActiveState") == "active"
    assert machine.show("StatusText") == _READY
    assert json.loads(machine.probe("/readyz"))["ready"] is True


def test_it_reads_its_secret_as_a_credential_and_from_nowhere_else(machine: Machine) -> None:
    pid = machine.show("MainPID")

    assert machine.sh(f"stat -c %U:%a /proc/{pid}").startswith("ven-daemon:")
    with pytest.raises(DockerError, match="Permission denied"):
        machine.sh("setpriv --reuid ven-daemon cat /etc/ven-daemon/secrets/client_secret")
    assert machine.sh(f"cat /run/credentials/{UNIT}/VEN_client_secret") == SECRET
    assert SECRET not in machine.sh(f"cat /proc/{pid}/environ /proc/{pid}/cmdline | tr '\\0' ' '")
    assert json.loads(machine.summary())["tokens"] > 0


def test_a_frozen_daemon_is_killed_by_the_watchdog_and_goes_on_where_it_was(
    machine: Machine,
) -> None:
    before, writes = machine.show("MainPID"), json.loads(machine.summary())["writes"]
    restarts = int(machine.show("NRestarts"))

    machine.sh(f"kill -STOP {before}")
    machine.wait_until(
        lambda: (
            int(machine.show("NRestarts")) > restarts and machine.show("ActiveState") == "active"
        ),
        "it was started afresh",
        within=90,
    )

    assert machine.show("MainPID") != before
    assert "Watchdog timeout" in machine.journal()
    assert machine.show("StatusText") == _READY
    summary = json.loads(machine.summary())
    assert (summary["vens"], summary["writes"], summary["duplicates"]) == (158, writes, 0)


def test_a_restart_keeps_its_state(machine: Machine) -> None:
    writes = json.loads(machine.summary())["writes"]

    machine.sh(f"systemctl restart {UNIT}")

    assert machine.show("StatusText") == _READY
    assert json.loads(machine.summary())["writes"] == writes


def test_it_reloads_on_demand_and_stays_the_same_process(machine: Machine) -> None:
    before = machine.show("MainPID")

    machine.sh(f"systemctl reload {UNIT}")

    machine.wait_until(lambda: "settings.reloaded" in machine.journal(), "it reloads", within=20)
    assert (machine.show("MainPID"), machine.show("ActiveState")) == (before, "active")


def test_a_stop_is_a_success(machine: Machine) -> None:
    machine.sh(f"timeout 10 systemctl stop {UNIT}")

    assert machine.show("Result") == "success"
    assert machine.show("ExecMainStatus") == "0"


def test_wrong_settings_are_not_tried_again_and_again(machine: Machine) -> None:
    machine.sh(f"systemctl stop {UNIT}")
    settings = "/etc/ven-daemon/ven-daemon.toml"
    machine.sh(f"cp {settings} /root/right && echo no_such = 1 >>{settings}")

    with pytest.raises(DockerError, match="failed"):
        machine.sh(f"systemctl start {UNIT}")

    assert machine.show("ExecMainStatus") == "2"
    assert machine.show("ActiveState") == "failed"
    assert "there is no setting no_such" in machine.journal()
    machine.sh(f"cp /root/right {settings}")


def test_a_standby_is_left_in_peace_by_the_watchdog(machine: Machine) -> None:
    second = "/run/systemd/system/second.service"
    machine.sh(f"sed s/WatchdogSec=30s/WatchdogSec=2s/ /usr/lib/systemd/system/{UNIT} >{second}")
    machine.write("/run/port.conf", "[Service]\nEnvironment=VEN_HTTP_PORT=8082\n")
    machine.sh(f"install -D /run/port.conf {second}.d/port.conf")
    machine.sh("systemctl daemon-reload && systemctl start second && sleep 5")

    states = [machine.show(name, "second") for name in ("StatusText", "ActiveState", "NRestarts")]

    assert states == ["standby", "active", "0"]
    machine.sh("systemctl stop second")


def test_it_is_exposed_to_little(
    installed: Machine, print_at_the_end: Callable[[Iterable[str]], None]
) -> None:
    said = installed.sh(f"systemd-analyze security --no-pager {UNIT}")

    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert exposure, said
    print_at_the_end([f"systemd-analyze security: {exposure[1]} of 10"])
    assert float(exposure[1]) <= MOST_EXPOSED
