"""The VTNs to accept against, and an installation that speaks to each of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.interop.business import Business
from tests.rig.installation import Installation
from tests.rig.openleadr import OpenleadrVtn
from tests.rig.openleadr_install import OPENADR_30, OPENADR_31, RELEASES, Release
from tests.rig.postgres import Postgres

pytest.register_assert_rewrite("tests.interop.readback")  # failures there show both sides

VtnOf = Callable[[Release], OpenleadrVtn]


@pytest.fixture(scope="session")
def vtn_of(postgres: Postgres) -> Iterator[VtnOf]:
    """Give the VTN of a release, started when it is first asked for, emptied each time."""
    running: dict[Release, OpenleadrVtn] = {}
    with ExitStack() as at_the_end:

        def give(release: Release) -> OpenleadrVtn:
            if release not in running:
                vtn = OpenleadrVtn(release, postgres.fresh_database())
                running[release] = at_the_end.enter_context(vtn)
            running[release].wipe()
            return running[release]

        yield give


@pytest.fixture(params=RELEASES, ids=lambda release: f"openadr-{release.profile}")
def vtn(request: pytest.FixtureRequest, vtn_of: VtnOf) -> OpenleadrVtn:
    """Each VTN in turn, holding nothing."""
    return vtn_of(request.param)


@pytest.fixture
def business(vtn: OpenleadrVtn) -> Iterator[Business]:
    """A business client of that VTN; what it made is gone when the test ends."""
    client = Business(vtn)
    yield client
    client.end()


@pytest.fixture
def vtn_31(vtn_of: VtnOf) -> OpenleadrVtn:
    """The VTN of OpenADR 3.1, holding nothing."""
    return vtn_of(OPENADR_31)


@pytest.fixture
def vtn_30(vtn_of: VtnOf) -> OpenleadrVtn:
    """The VTN of OpenADR 3.0, holding nothing."""
    return vtn_of(OPENADR_30)


@pytest.fixture(scope="session")
def sample_inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample fleet, generated once by the command itself."""
    installation = Installation(tmp_path_factory.mktemp("samples"))
    out = installation.folder / "csv"
    installation.succeed("samples", "--out", out, "--db-path", installation.inventory)
    return installation.inventory


@pytest.fixture
def installation_for(
    tmp_path: Path, sample_inventory: Path
) -> Callable[[OpenleadrVtn, str], Installation]:
    """Make an installation with the sample fleet, for one VTN and one credential mode."""

    def make(vtn: OpenleadrVtn, mode: str) -> Installation:
        business = {
            "VEN_CLIENT_ID": vtn.business.id,
            "VEN_CLIENT_SECRET": vtn.business.secret,
        }
        return Installation(
            tmp_path,
            sample_inventory,
            VEN_VTN_URL=vtn.url,
            VEN_PROFILE=vtn.release.profile,
            VEN_CREDENTIAL_MODE=mode,
            VEN_REQUEST_TIMEOUT="10",  # as long is waited after a kill for what may still arrive
            **({} if mode == "per-ven" else business),
            # 3.0 has no way to ask a VTN where its tokens come from
            **({"VEN_TOKEN_URL": f"{vtn.url}/auth/token"} if vtn.release.is_30 else {}),
        )

    return make


@pytest.fixture
def installation(
    vtn: OpenleadrVtn, installation_for: Callable[[OpenleadrVtn, str], Installation]
) -> Installation:
    """An installation that speaks for the whole fleet with one business client."""
    return installation_for(vtn, "shared")
