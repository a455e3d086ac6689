"""`ven-daemon register` as an operator meets it: what it says, how it leaves, what it hides."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.registration.fleet import RESOURCES, VENS, SmallFleet
from tests.rig.installation import COMMAND, Installation
from tests.rig.processes import free_port
from tests.rig.sandbox import SandboxVtn

SLOWLY = {"method": "POST", "path": "resources", "kind": "delay", "seconds": 0.3}


def assert_all_is_there(vtn: SandboxVtn) -> None:
    held = vtn.summary()
    assert (held["vens"], held["resources"]) == (len(VENS), RESOURCES)
    assert held["duplicates"] == 0


# What it says


def test_the_summary_is_that_of_the_sample_client(installation: Installation) -> None:
    done = installation.succeed("register")

    rule = "=" * 60
    assert done.stdout.splitlines()[:8] == [
        rule,
        "REGISTRATION SUMMARY",
        rule,
        f"Total VENs processed:          {len(VENS)}",
        f"VENs successfully registered:  {len(VENS)}",
        f"Resources registered:          {RESOURCES}",
        "Failed VENs:                   0",
        rule,
    ]
    for place, (ven, count) in enumerate(VENS.items(), 1):
        assert f"[{place}/{len(VENS)}] {ven}: {count} resources" in done.stderr


def test_json_is_one_document_and_nothing_else(
    installation: Installation, vtn: SandboxVtn, fleet: SmallFleet
) -> None:
    installation.settings["VEN_LOG_LEVEL"] = "DEBUG"
    fleet.add("Dragør", "closed bar", enabled=0)
    vtn.faults([{"method": "POST", "kind": "status", "status": 503, "skip": 3, "times": 1}])

    done = installation.succeed("register", "--json")

    assert done.summary()["vens"] == {"total": 3, "registered": 3, "failed": 0, "skipped": 1}
    assert done.summary()["resources"]["created"] == RESOURCES
    assert done.summary()["writes"] == len(VENS) + RESOURCES


def test_a_dry_run_prints_the_plan_and_writes_nothing(
    installation: Installation, vtn: SandboxVtn, fleet: SmallFleet
) -> None:
    installation.register("--ven", "Aalborg")
    before = vtn.summary()["writes"]
    fleet.capacity("Aalborg/bar 3", 33.5)
    fleet.change("Aalborg/bar 4", enabled=0)

    table = installation.succeed("register", "--dry-run")
    document = installation.succeed("register", "--dry-run", "--json").summary()

    assert vtn.summary()["writes"] == before
    plans = {each["ven"]: each for each in document["plan"]}
    assert plans["Brande"]["resources"]["create"] == VENS["Brande"]
    assert plans["Brande"]["action"] == "create"
    counts = plans["Aalborg"]["resources"]
    assert (counts["nothing"], counts["update"], counts["orphaned"]) == (8, 1, 1)
    rows = [line.split("\t") for line in table.stdout.splitlines()]
    assert {row[0] for row in rows} >= {"Aalborg", "Brande", "Corsør"}


def test_a_dry_run_after_a_lost_state_says_adopt(
    installation: Installation, vtn: SandboxVtn
) -> None:
    installation.register()
    installation.lose_state()

    document = installation.succeed("register", "--dry-run", "--json").summary()

    assert sum(each["resources"]["adopt"] for each in document["plan"]) == RESOURCES


# How it leaves


def test_it_leaves_with_1_and_names_what_failed_in_the_words_of_the_vtn(
    installation: Installation, vtn: SandboxVtn
) -> None:
    why = {"title": "Bad Request", "detail": "LOCATION is not in Jutland"}
    rule = {"method": "POST", "path": "^/resources$", "kind": "status", "status": 400}
    vtn.faults([{**rule, "body": why, "skip": 2, "times": 1}])

    failed = installation.run("register")
    again = installation.run("register")

    assert failed.exit_code == 1, str(failed)
    (line,) = [line for line in failed.stderr.splitlines() if line.startswith("failed:")]
    assert "LOCATION is not in Jutland" in line
    assert "bar" in line
    assert again.exit_code == 0, str(again)
    assert_all_is_there(vtn)


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        (["--no-such-flag"], {}, "--no-such-flag"),
        (["--limit", "0"], {}, "--limit"),
        (["--ven", "Atlantis"], {}, "Atlantis"),
        ([], {"VEN_PROFILE": "4.0"}, "VEN_PROFILE"),
        ([], {"VEN_VTN_URL": "nonsense"}, "VEN_VTN_URL"),
        ([], {"VEN_CREDENTIAL_MODE": "shared"}, "client_id"),
        ([], {"VEN_STATE_URL": "mysql://x"}, "sqlite:///"),
        ([], {"VEN_REQUEST_TIMEOUT": "-1"}, "VEN_REQUEST_TIMEOUT"),
    ],
)
def test_it_leaves_with_2_where_it_was_told_something_wrong(
    installation: Installation, arguments: list[str], settings: dict[str, str], words: str
) -> None:
    installation.settings |= settings

    done = installation.run("register", *arguments)

    assert done.exit_code == 2, str(done)
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_it_leaves_with_3_without_an_inventory(installation: Installation, tmp_path: Path) -> None:
    done = installation.run("register", "--db-path", str(tmp_path / "nowhere.db"))

    assert done.exit_code == 3, str(done)
    assert "nowhere.db" in done.stderr


def test_it_leaves_with_3_where_the_state_is_no_database(installation: Installation) -> None:
    installation.state.write_text("this is no database, and never was one\n" * 50)

    done = installation.run("register")

    assert done.exit_code == 3, str(done)
    assert str(installation.state) in done.stderr


def test_it_leaves_with_3_where_another_one_is_at_work(
    installation: Installation, vtn: SandboxVtn
) -> None:
    vtn.faults([{"kind": "delay", "seconds": 1.5}])
    with installation.start("register") as first:
        first.wait_until(lambda: vtn.summary()["requests"] > 0, "it is at work", within=15)

        second = installation.run("register")

        first.kill()
    assert second.exit_code == 3, str(second)
    assert "another ven-daemon" in second.stderr


@pytest.mark.parametrize("profile", ["auto", "3.1", "3.0"])
def test_it_leaves_with_4_where_nobody_listens(installation: Installation, profile: str) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    installation.settings |= {"VEN_VTN_URL": url, "VEN_PROFILE": profile}

    began = time.monotonic()
    done = installation.run("register", "--wait", "1")

    assert done.exit_code == 4, str(done)
    assert url in done.stderr
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("profile", ["auto", "3.1"])
def test_it_leaves_with_4_where_connections_are_taken_and_never_answered(
    installation: Installation, profile: str
) -> None:
    with silent_listener() as url:
        installation.settings |= {"VEN_VTN_URL": url, "VEN_PROFILE": profile}

        began = time.monotonic()
        done = installation.run("register", "--wait", "1")

    assert done.exit_code == 4, str(done)
    assert time.monotonic() - began < 25


def test_it_leaves_with_4_where_the_name_of_the_vtn_is_none(installation: Installation) -> None:
    installation.settings["VEN_VTN_URL"] = "http://vtn.invalid"

    done = installation.run("register", "--wait", "1")

    assert done.exit_code == 4, str(done)
    assert "vtn.invalid" in done.stderr


def test_it_leaves_with_1_where_the_vtn_answered_and_then_went_away(
    installation: Installation, fleet: SmallFleet
) -> None:
    with SandboxVtn("--open") as vtn:
        installation.settings["VEN_VTN_URL"] = vtn.url
        vtn.faults([{**SLOWLY, "skip": 5}])
        command = installation.start("register", "--wait", "1")
        command.wait_until(lambda: vtn.summary()["writes"] >= 6, "it is under way", within=15)

        vtn.program.kill()

        assert command.wait(within=40) == 1, command.output()
    assert "Traceback" not in command.output()
    assert "failed: " in command.output()


def test_it_goes_on_where_the_vtn_was_away_for_a_moment(
    installation: Installation, tmp_path: Path
) -> None:
    with SandboxVtn("--open", "--request-limit", "2", "--state", str(tmp_path / "kept")) as vtn:
        installation.settings["VEN_VTN_URL"] = vtn.url
        vtn.faults([{**SLOWLY, "skip": 5}])
        command = installation.start("register")
        command.wait_until(lambda: vtn.summary()["writes"] >= 6, "it is under way", within=15)

        vtn.program.kill()
        vtn.start()

        assert command.wait(within=40) == 0, command.output()
        assert_all_is_there(vtn)


def test_f18_it_goes_on_where_the_vtn_was_frozen_for_a_while(
    installation: Installation, vtn: SandboxVtn
) -> None:
    vtn.faults([{**SLOWLY, "skip": 5}])
    command = installation.start("register")
    command.wait_until(lambda: vtn.summary()["writes"] >= 6, "it is under way", within=15)

    vtn.pause()
    time.sleep(4)
    vtn.resume()

    assert command.wait(within=60) == 0, command.output()
    assert_all_is_there(vtn)


def test_an_interrupt_ends_it_at_once_and_the_next_run_completes_it(
    installation: Installation, vtn: SandboxVtn
) -> None:
    vtn.faults([{**SLOWLY, "seconds": 5, "skip": 5}])
    command = installation.start("register")
    command.wait_until(lambda: vtn.summary()["writes"] >= 6, "it is under way", within=15)

    command.send(signal.SIGINT)

    assert command.wait(within=10) == 130, command.output()
    assert "Traceback" not in command.output()
    vtn.faults([])
    installation.register()
    assert_all_is_there(vtn)


# What it must not do


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


# Dialects and identities


def test_a_vtn_of_3_0_is_registered_with_and_left_alone_afterwards(
    fleet: SmallFleet, tmp_path: Path
) -> None:
    with SandboxVtn("--open", "--profile", "3.0") as vtn:
        installation = Installation(tmp_path, VEN_VTN_URL=vtn.url, VEN_INVENTORY_URL=fleet.url)

        first = installation.succeed("register")
        again = installation.register()
        fleet.capacity("Brande/bar 3", 33.5)
        changed = installation.register()
        installation.lose_state()
        adopted = installation.register()

        assert "(OpenADR 3.0)" in first.stderr
        assert (again["writes"], changed["writes"], adopted["writes"]) == (0, 1, 0)
        assert adopted["resources"]["adopted"] == RESOURCES
        assert_all_is_there(vtn)


def test_3_0_survives_lost_answers(fleet: SmallFleet, tmp_path: Path) -> None:
    with SandboxVtn("--open", "--lenient", "--profile", "3.0", "--request-limit", "2") as vtn:
        settings = {"VEN_VTN_URL": vtn.url, "VEN_REQUEST_TIMEOUT": "2"}
        lost = {"method": "POST", "kind": "accept-then-reset", "ratio": 0.1, "seed": 3}
        vtn.faults([lost])

        Installation(tmp_path, VEN_INVENTORY_URL=fleet.url, **settings).register()

        assert_all_is_there(vtn)


def test_vens_with_clients_of_their_own_register_themselves(
    fleet: SmallFleet, tmp_path: Path
) -> None:
    with closed_vtn(tmp_path) as (vtn, clients):
        installation = Installation(
            tmp_path,
            VEN_VTN_URL=vtn.url,
            VEN_INVENTORY_URL=fleet.url,
            VEN_CREDENTIAL_MODE="per-ven",
        )
        installation.succeed("credentials", "import", clients)

        installation.register()
        again = installation.register()

        assert_all_is_there(vtn)
        made = [each for each in vtn.ledger() if each["accepted"]]
    assert again["writes"] == 0
    assert {each["client"] for each in made} == {"c-1", "c-2", "c-3"}
    assert {each["object"]["clientID"] for each in made} == {"c-1", "c-2", "c-3"}


def test_a_registrar_binds_each_ven_to_its_own_client(fleet: SmallFleet, tmp_path: Path) -> None:
    with closed_vtn(tmp_path) as (vtn, clients):
        installation = Installation(
            tmp_path, **operator(vtn, fleet), VEN_CREDENTIAL_MODE="registrar"
        )
        installation.succeed("credentials", "import", clients)

        installation.register()
        again = installation.register()

        assert_all_is_there(vtn)
        made = [each for each in vtn.ledger() if each["accepted"]]
    assert again["writes"] == 0
    assert {each["client"] for each in made} == {"operator"}
    bound = {each["object"]["venName"]: each["object"] for each in made if each["path"] == "/vens"}
    assert {ven: shown["clientID"] for ven, shown in bound.items()} == dict(
        zip(VENS, ("c-1", "c-2", "c-3"), strict=True)
    )
    assert bound["Corsør"]["targets"] == ["Corsoer"]


def test_a_ven_without_a_credential_fails_alone_and_is_told_what_helps(
    fleet: SmallFleet, tmp_path: Path
) -> None:
    fleet.add("Dragør", "a bar")
    with closed_vtn(tmp_path) as (vtn, clients):
        installation = Installation(
            tmp_path,
            VEN_VTN_URL=vtn.url,
            VEN_INVENTORY_URL=fleet.url,
            VEN_CREDENTIAL_MODE="per-ven",
        )
        installation.succeed("credentials", "import", clients)

        done = installation.run("register")

        assert_all_is_there(vtn)
    assert done.exit_code == 1, str(done)
    assert "Dragør: it has no credential (ven-daemon credentials import" in done.stderr


def test_credentials_without_their_key_are_a_matter_of_configuration(
    fleet: SmallFleet, tmp_path: Path
) -> None:
    with closed_vtn(tmp_path) as (vtn, clients):
        installation = Installation(
            tmp_path,
            VEN_VTN_URL=vtn.url,
            VEN_INVENTORY_URL=fleet.url,
            VEN_CREDENTIAL_MODE="per-ven",
        )
        installation.succeed("credentials", "import", clients)
        del installation.settings["VEN_CREDENTIALS_KEY"]

        done = installation.run("register")

    assert done.exit_code == 2, str(done)
    assert "VEN_CREDENTIALS_KEY" in done.stderr


def test_the_body_form_follows_from_the_scopes_of_the_token(tmp_path: Path) -> None:
    fleet = SmallFleet(tmp_path / "resources.db")
    fleet.add("Aalborg", "bar 1")
    with SandboxVtn("--client", "lonely:s-lonely:ven") as vtn:
        settings = operator(vtn, fleet) | {
            "VEN_CLIENT_ID": "lonely",
            "VEN_CLIENT_SECRET": "s-lonely",
        }
        installation = Installation(tmp_path, **settings)

        wrong = installation.run("register", "--json")
        right = installation.run("register", "--json") if wrong.exit_code else wrong
        installation.settings["VEN_BODY_FORM"] = "bl"
        fleet.add("Aalborg", "bar 2")
        told = installation.run("register")

    assert right.exit_code == 0, str(right)
    assert wrong is right
    assert told.exit_code == 1
    assert "BL_RESOURCE_REQUEST" in told.stderr


def operator(vtn: SandboxVtn, fleet: SmallFleet) -> dict[str, str]:
    """The settings of an installation that signs as the business client."""
    return {
        "VEN_VTN_URL": vtn.url,
        "VEN_INVENTORY_URL": fleet.url,
        "VEN_CLIENT_ID": "operator",
        "VEN_CLIENT_SECRET": "s-operator",
        "VEN_REQUEST_TIMEOUT": "2",
    }


@contextmanager
def closed_vtn(folder: Path) -> Iterator[tuple[SandboxVtn, Path]]:
    """A VTN with a business client and three VENs, and the file that `credentials import` takes."""
    known, mine = folder / "clients.csv", folder / "credentials.csv"
    rows = [(ven, f"c-{n}", f"s-c-{n}") for n, ven in enumerate(VENS, 1)]
    vtn_rows = [f"{client},{secret},ven" for _, client, secret in rows]
    header = "client_id,client_secret,role"
    known.write_text("\n".join([header, "operator,s-operator,bl", *vtn_rows, ""]))
    mine.write_text("\n".join(["ven,client_id,client_secret", *map(",".join, rows), ""]))
    with SandboxVtn("--clients", str(known)) as vtn:
        yield vtn, mine


@contextmanager
def silent_listener() -> Iterator[str]:
    """Take connections and say nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        taken: list[socket.socket] = []

        def take() -> None:
            try:
                while True:
                    taken.append(listener.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=take)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for each in taken:
                each.close()


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
