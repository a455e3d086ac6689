"""Keeping the objects in a file: over a stop, over a kill, over what a kill leaves half written."""

import os
import resource
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.processes import SandboxProcess, run_to_the_end
from tests.sandbox.rig import Sandbox, bl_resource, bl_ven, report_on, ven_ven
from ven_daemon.sandbox.journal import Journal, JournalError
from ven_daemon.sandbox.objects import Objects, Rules


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.ndjson"


def everything(sandbox: SandboxProcess) -> list[Any]:
    return [sandbox.call("GET", "/vens"), sandbox.call("GET", "/resources")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_was_accepted_is_there_again(state: Path, number: signal.Signals) -> None:
    with SandboxProcess("--open", "--state", state) as sandbox:
        vens = [sandbox.call("POST", "/vens", bl_ven(f"c-{n}", f"v-{n}")) for n in range(3)]
        for n in range(5):
            body = bl_resource("c-0", vens[0]["id"], f"r-{n}", targets=["EV"])
            made = sandbox.call("POST", "/resources", body)
        sandbox.call("DELETE", f"/resources/{made['id']}")
        sandbox.call("PUT", f"/vens/{vens[1]['id']}", bl_ven("c-1", "renamed", targets=["g"]))
        before = everything(sandbox)
        sandbox.signal(number)
        sandbox.wait()

    with SandboxProcess("--open", "--state", state) as sandbox:
        assert everything(sandbox) == before
        assert len(before[1]) == 4
        assert sandbox.call("GET", "/vens?targets=g")[0]["venName"] == "renamed"
        assert sandbox.call("GET", "/sandbox/summary")["requests"] == 3


def test_a_wipe_is_kept_too(state: Path) -> None:
    with SandboxProcess("--open", "--state", state) as sandbox:
        sandbox.call("POST", "/vens", bl_ven("c", "old"))
        sandbox.call("POST", "/sandbox/wipe")
        new = sandbox.call("POST", "/vens", bl_ven("c", "new"))

    with SandboxProcess("--open", "--state", state) as sandbox:
        assert everything(sandbox) == [[new], []]


def test_half_a_last_line_was_never_accepted(state: Path) -> None:
    with SandboxProcess("--open", "--state", state) as sandbox:
        kept = sandbox.call("POST", "/vens", bl_ven("c", "kept"))
    with state.open("ab") as file:
        file.write(b'{"put":"ven","object":{"id":"ha')

    with SandboxProcess("--open", "--state", state) as sandbox:
        also = sandbox.call("POST", "/vens", bl_ven("d", "also"))
    with SandboxProcess("--open", "--state", state) as sandbox:
        assert everything(sandbox) == [[also, kept], []]


def test_each_start_leaves_out_what_is_gone(state: Path) -> None:
    with SandboxProcess("--open", "--state", state) as sandbox:
        for n in range(20):
            ven = sandbox.call("POST", "/vens", bl_ven("c", f"v-{n}"))
            sandbox.call("DELETE", f"/vens/{ven['id']}")
    long = state.stat().st_size
    with SandboxProcess("--open", "--state", state):
        assert state.stat().st_size < long / 10


def test_3_0_objects_are_kept_as_well(state: Path) -> None:
    targets = [{"type": "GROUP", "values": ["g"]}]
    with SandboxProcess("--open", "--profile", "3.0", "--state", state) as sandbox:
        ven = sandbox.call("POST", "/vens", {"venName": "v", "targets": targets})
        sandbox.call("POST", f"/vens/{ven['id']}/resources", {"resourceName": "r"})
        before = sandbox.call("GET", "/vens")

    with SandboxProcess("--open", "--profile", "3.0", "--state", state) as sandbox:
        assert sandbox.call("GET", "/vens?targetType=GROUP&targetValues=g") == before


def test_programs_and_events_are_kept_in_their_order(state: Path) -> None:
    with SandboxProcess("--open", "--state", state) as sandbox:
        program = sandbox.call("POST", "/programs", {"programName": "p", "targets": ["g"]})
        for priority in (3, 1, None, 2):
            sandbox.call("POST", "/events", {"programID": program["id"], "priority": priority})
        before = [sandbox.call("GET", "/programs"), sandbox.call("GET", "/events")]
        sandbox.signal(signal.SIGKILL)
        sandbox.wait()

    with SandboxProcess("--open", "--state", state) as sandbox:
        assert [sandbox.call("GET", "/programs"), sandbox.call("GET", "/events")] == before
        assert [event["priority"] for event in before[1]] == [1, 2, 3, None]
        assert sandbox.call("GET", "/programs?targets=g") == before[0]
        sandbox.call("POST", "/sandbox/wipe")

    with SandboxProcess("--open", "--state", state) as sandbox:
        assert sandbox.call("GET", "/events") == []


@pytest.mark.parametrize("profile", ["3.1", "3.0"])
def test_reports_and_subscriptions_are_kept_and_go_with_what_they_are_about(
    state: Path, profile: str
) -> None:
    options = ("--open", "--profile", profile, "--state", state)
    with SandboxProcess(*options) as sandbox:
        program = sandbox.call("POST", "/programs", {"programName": "p"})
        of_program = {"programID": program["id"]}
        event = sandbox.call("POST", "/events", {**of_program, "intervals": []})
        report = {**of_program, **report_on(event, "r")}
        reports = [sandbox.call("POST", "/reports", report)]
        operations = {"objects": ["EVENT"], "operations": ["CREATE"], "callbackUrl": "https://x.y"}
        subscription = {"clientName": "s", **of_program, "objectOperations": [operations]}
        sandbox.call("POST", "/subscriptions", subscription)

    with SandboxProcess(*options) as sandbox:
        assert sandbox.call("GET", "/reports") == reports
        assert len(sandbox.call("GET", "/subscriptions?objects=EVENT")) == 1
        sandbox.call("DELETE", f"/reports/{reports[0]['id']}")
        sandbox.call("DELETE", f"/events/{event['id']}")
        sandbox.call("DELETE", f"/programs/{program['id']}")

    with SandboxProcess(*options) as sandbox:
        counts = sandbox.call("GET", "/sandbox/summary")
        assert {counts[kind] for kind in ("programs", "events", "reports", "subscriptions")} == {0}


def test_the_state_of_the_other_profile_is_refused(state: Path) -> None:
    with SandboxProcess("--open", "--state", state):
        pass

    ended = run_to_the_end("--open", "--profile", "3.0", "--port", "0", "--state", state)

    assert ended.returncode == 2
    assert "profile" in ended.stderr


def test_two_sandboxes_do_not_share_a_file(state: Path) -> None:
    with SandboxProcess("--open", "--state", state):
        ended = run_to_the_end("--open", "--port", "0", "--state", state)

    assert ended.returncode == 2
    assert ended.stderr == f"sandbox: {state} is in use by another sandbox\n"


@pytest.mark.parametrize(
    "line",
    [b"nonsense", b'{"put":"thing","object":{}}', b'{"put":"ven","object":{}}', b"[]", b"{}"],
)
def test_a_line_that_is_not_ours_is_named_and_nothing_is_overwritten(
    state: Path, line: bytes
) -> None:
    with SandboxProcess("--open", "--state", state):
        pass
    spoiled = state.read_bytes() + line + b"\n"
    state.write_bytes(spoiled)

    ended = run_to_the_end("--open", "--port", "0", "--state", state)

    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert f"{state}: line 2" in ended.stderr
    assert state.read_bytes() == spoiled


def test_a_file_that_is_something_else_is_left_alone(state: Path) -> None:
    state.write_bytes(b'{"my": "precious"}\n')

    ended = run_to_the_end("--open", "--port", "0", "--state", state)

    assert ended.returncode == 2
    assert state.read_bytes() == b'{"my": "precious"}\n'


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    ended = run_to_the_end("--open", "--port", "0", "--state", tmp_path / "no" / "state")

    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "No such file or directory" in ended.stderr


async def test_what_cannot_be_kept_is_not_accepted(state: Path) -> None:
    async with Sandbox(open=True) as vtn:
        journal = Journal(state, "3.1")
        journal.open(vtn.vtn.objects)
        kept = await vtn.post("/vens", bl_ven("c", "kept"))
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (journal.size + 20, before[1]))
        try:
            refused = await vtn.post("/vens", bl_ven("d", "lost"))
            gone = await vtn.delete(f"/vens/{kept.json['id']}")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, ignored)
        again = await vtn.post("/vens", ven_ven("later"))
        journal.close()

        assert (refused.status, gone.status, again.status) == (500, 500, 201)
        assert refused.detail == "A database error occurred"

    objects = Objects(Rules())
    reread = Journal(state, "3.1")
    reread.open(objects)
    reread.close()
    assert [row.name for row in objects.vens.rows.values()] == ["kept", "later"]


def test_the_file_is_for_its_owner_only(state: Path) -> None:
    journal = Journal(state, "3.1")
    journal.open(Objects(Rules()))
    journal.close()

    assert state.stat().st_mode & 0o077 == 0


def test_a_state_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=os.strerror(21)):
        Journal(tmp_path, "3.1").open(Objects(Rules()))
