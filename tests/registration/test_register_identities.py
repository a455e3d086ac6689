"""`ven-daemon register` as an operator meets it: dialects and identities."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.registration.fleet import RESOURCES, VENS, SmallFleet
from tests.registration.operators import assert_all_is_there, operator
from tests.rig.installation import Installation
from tests.rig.sandbox import SandboxVtn


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
