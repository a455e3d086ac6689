"""`ven-daemon register` as an operator meets it: what it says."""

from tests.registration.fleet import RESOURCES, VENS, SmallFleet
from tests.rig.installation import Installation
from tests.rig.sandbox import SandboxVtn


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
