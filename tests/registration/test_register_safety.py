"""`ven-daemon register` as an operator meets it: what it must not do."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.registration.fleet import SmallFleet
from tests.registration.operators import assert_all_is_there, operator
from tests.rig.installation import COMMAND, Installation
from tests.rig.sandbox import SandboxVtn


@pytest.mark.parametrize(
    ("path", "status"),
    [("auth/server", 302), ("auth/token", 307), ("vens", 301), ("resources", 308)],
)
def test_f23_a_redirect_is_never_followed(
    fleet: SmallFleet, vtn: SandboxVtn, tmp_path: Path, path: str, status: int
) -> None:
    with SandboxVtn("--client", "operator:s-operator:bl") as closed:
        settings = operator(closed, fleet)
        elsewhere = vtn.url.replace("127.0.0.1", "localhost")
        rule = {"path": f"^/{path}$", "kind": "redirect", "location": f"{elsewhere}/vens"}
        closed.faults([{**rule, "status": status}])

        began = time.monotonic()
        done = Installation(tmp_path, **settings).run("register", "--wait", "2", within=40)
        taken = time.monotonic() - began

    assert done.exit_code in (1, 2), str(done)
    assert "localhost" in done.stderr or path == "auth/token"
    assert "Traceback" not in done.stderr
    assert vtn.summary()["requests"] == 0
    assert taken < 10


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_f21_a_bomb_costs_little_memory(
    installation: Installation, vtn: SandboxVtn, method: str
) -> None:
    calm = peak_of(installation, "register", "--json")
    vtn.reset()
    installation.lose_state()
    bomb = {"method": method, "kind": "bomb", "bytes": 2**30, "times": 2}
    vtn.faults([{**bomb, "path": "^/vens$"}, {**bomb, "path": "^/resources$"}])

    struck = peak_of(installation, "register", "--json")

    assert_all_is_there(vtn)
    assert struck - calm < 40 * 2**20


def test_secrets_are_shown_nowhere(fleet: SmallFleet, tmp_path: Path) -> None:
    with SandboxVtn("--client", "operator:s-operator-s3cr3t:bl") as vtn:
        settings = operator(vtn, fleet) | {
            "VEN_CLIENT_SECRET": "s-operator-s3cr3t",
            "VEN_LOG_LEVEL": "DEBUG",
        }
        quoting = {"title": "Bad", "detail": "the secret s-operator-s3cr3t is not for you"}
        busy = {"kind": "status", "status": 503, "times": 1, "body": quoting}
        vtn.faults([{"path": "^/auth/token$", **busy}, {"path": "^/resources$", **busy}])
        installation = Installation(tmp_path, **settings)
        command = installation.start("register")
        command.wait_until(lambda: vtn.summary()["writes"] > 0, "it is under way", within=15)
        in_process_list = Path(f"/proc/{command.pid}/cmdline").read_bytes()
        assert command.wait(within=30) == 0, command.output()
        installation.settings["VEN_CLIENT_SECRET"] = "wr0ng"
        refused = installation.run("register", "--wait", "1")
        tokens = [b"eyJ", b"s-operator-s3cr3t"]

    said = command.output() + refused.stdout + refused.stderr
    assert b"s3cr3t" not in in_process_list
    assert refused.exit_code == 1, str(refused)
    assert "wr0ng" not in said
    assert [each for each in tokens if each in said.encode()] == []
    on_disk = b"".join(each.read_bytes() for each in tmp_path.glob("state.db*"))
    assert [each for each in tokens if each in on_disk] == []


def peak_of(installation: Installation, *arguments: str) -> int:
    """Run the command; give its largest resident set in bytes."""
    process = subprocess.Popen(
        [COMMAND, *arguments],
        cwd=installation.folder,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **installation.settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    with process.stdout as out:
        said = out.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said
    assert json.loads(said)
    return usage.ru_maxrss * 1024
