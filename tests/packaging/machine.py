"""A machine under a real systemd, with our service installed as docs/deployment.md says."""

import shutil
import time
from collections.abc import Callable
from typing import Self

from tests.packaging.engine import DockerError, Engine
from tests.packaging.images import STANDINS
from tests.packaging.ingredients import CHECKOUT

UNIT = "ven-daemon.service"
SECRET = "a secret of the fleet"
_IMAGE = "ven-daemon-systemd"
_PRIVILEGES = (
    *("--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN", "--cap-add", "SYS_PTRACE"),
    *("--security-opt", "seccomp=unconfined", "--cgroupns", "host"),
    *("--volume", "/sys/fs/cgroup:/sys/fs/cgroup", "--tmpfs", "/run", "--tmpfs", "/run/lock"),
)
_BIN = "/opt/ven-daemon/bin"
_SETTINGS = """\
vtn_url = "http://127.0.0.1:3000"
client_id = "fleet"
inventory_url = "sqlite:////var/lib/ven-daemon/resources.db"
state_url = "sqlite:////var/lib/ven-daemon/state.db"
"""


class Machine:
    """One container with systemd as its first process; leaving the block ends it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._container = ""

    def __enter__(self) -> Self:
        context = self._engine.folder / "machine"
        shutil.copytree(CHECKOUT / "deploy/systemd", context / "systemd")
        self._engine.build(_IMAGE, context, STANDINS / "systemd.Dockerfile")
        self._container = self._engine.docker("run", "--detach", *_PRIVILEGES, _IMAGE).strip()
        self.wait_until(self._has_booted, "it has booted", within=60)
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.docker("rm", "--force", "--volumes", self._container)

    def install(self) -> None:
        """Install the service with the sample fleet, and start a sandbox VTN that wants tokens."""
        self.sh("sh /root/systemd/install.sh")
        self.write("/etc/ven-daemon/ven-daemon.toml", _SETTINGS)
        self.write("/etc/ven-daemon/secrets/client_secret", SECRET)
        self.sh("chmod 0600 /etc/ven-daemon/secrets/client_secret")
        self.write("/root/clients.csv", f"client_id,client_secret,role\nfleet,{SECRET},bl\n")
        self.sh(
            f"systemd-run --unit=sandbox {_BIN}/ven-daemon sandbox"
            " --port 3000 --clients /root/clients.csv"
        )
        self.sh(
            "systemd-run --wait --pipe -p User=ven-daemon -p StateDirectory=ven-daemon"
            f" -p PrivateTmp=yes {_BIN}/ven-daemon samples --out /tmp/samples"
            " --db-path /var/lib/ven-daemon/resources.db"
        )

    def sh(self, command: str) -> str:
        """Run a command as root."""
        return self._engine.docker("exec", self._container, "sh", "-euc", command)

    def write(self, file: str, text: str) -> None:
        """Write a file; text without single quotes."""
        assert "'" not in text
        self.sh(f"printf %s '{text}' >{file}")

    def show(self, name: str, unit: str = UNIT) -> str:
        """Give one property of a unit."""
        return self.sh(f"systemctl show {unit} --value --property={name}").strip()

    def probe(self, path: str) -> str:
        """Ask the daemon."""
        return self.sh(f"{_BIN}/probe {path}")

    def summary(self) -> str:
        """What the VTN has counted."""
        return self.sh(f"{_BIN}/probe /sandbox/summary 3000")

    def journal(self, unit: str = UNIT) -> str:
        """What systemd and the daemon said."""
        return self.sh(f"journalctl --no-pager --unit={unit} --lines=60")

    def wait_until(self, holds: Callable[[], bool], what: str, within: float) -> None:
        """Wait for something that comes true by itself."""
        deadline = time.monotonic() + within
        while not holds():
            assert time.monotonic() < deadline, f"not within {within:g} s: {what}\n{self.journal()}"
            time.sleep(0.5)

    def _has_booted(self) -> bool:
        try:
            return self.sh("systemctl is-system-running").strip() == "running"
        except DockerError:
            return False
