"""One sample inventory for the session; small fleets, sandboxes and installations for each test."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.registration.fleet import SmallFleet, three_vens
from tests.registration.inside import OWN, Registrar, business
from tests.rig.installation import Installation
from tests.rig.sandbox import SandboxVtn
from tests.sandbox.rig import Sandbox
from ven_daemon.sandbox.clients import Client

# What they find amiss shows both sides.
pytest.register_assert_rewrite("tests.registration.faults", "tests.registration.operators")

Command = Callable[..., Installation]


@pytest.fixture(scope="session")
def sample_inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample fleet, as the command makes it."""
    installation = Installation(tmp_path_factory.mktemp("samples"))
    installation.succeed("samples", "--out", "csv", "--db-path", installation.inventory)
    return installation.inventory


@pytest.fixture
def fleet(tmp_path: Path) -> SmallFleet:
    """Aalborg with 10 resources, Brande with 9 and Corsør with 8."""
    return three_vens(tmp_path / "resources.db")


@pytest.fixture
async def strict() -> AsyncIterator[Sandbox]:
    """A VTN that asks for nothing and refuses a name that is there already."""
    async with Sandbox(clients=(), open=True, request_limit=1.0) as sandbox:
        yield sandbox


@pytest.fixture
async def lenient() -> AsyncIterator[Sandbox]:
    """A VTN that accepts a second object of a name: nothing but we keeps them single."""
    async with Sandbox(clients=(), open=True, lenient=True, request_limit=1.0) as sandbox:
        yield sandbox


@pytest.fixture(params=["strict", "lenient"])
async def either(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """The same, and one that accepts a second object of a name."""
    lenient = request.param == "lenient"
    async with Sandbox(clients=(), open=True, lenient=lenient, request_limit=1.0) as sandbox:
        yield sandbox


@pytest.fixture
async def closed() -> AsyncIterator[Sandbox]:
    """A VTN that knows a business client and a client for each VEN of the small fleet."""
    clients = (Client("operator", "s-operator", "bl"), *(Client(c, f"s-{c}") for c in OWN.values()))
    async with Sandbox(clients=clients, request_limit=1.0) as sandbox:
        yield sandbox


@pytest.fixture
async def per_ven(closed: Sandbox, fleet: SmallFleet) -> Registrar:
    """The small fleet where each VEN registers itself."""
    registrar = Registrar(fleet, closed.url, credential_mode="per-ven")
    await registrar.give_credentials(OWN)
    return registrar


@pytest.fixture
async def shared(closed: Sandbox, fleet: SmallFleet) -> Registrar:
    """The small fleet where one business client registers all."""
    return Registrar(fleet, closed.url, **business())


@pytest.fixture
async def registrar(strict: Sandbox, fleet: SmallFleet) -> Registrar:
    """The small fleet and its VTN, put together in this process."""
    return Registrar(fleet, strict.url)


@pytest.fixture(scope="module")
def _open_process() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open", "--request-limit", "2") as sandbox:
        yield sandbox


@pytest.fixture
def vtn(_open_process: SandboxVtn) -> SandboxVtn:
    """An open VTN in a process of its own, without a past."""
    _open_process.reset()
    return _open_process


@pytest.fixture
def installation(vtn: SandboxVtn, fleet: SmallFleet, tmp_path: Path) -> Installation:
    """The installed command with the small fleet, pointed at `vtn`."""
    folder = tmp_path / "installation"
    folder.mkdir()
    return Installation(folder, VEN_VTN_URL=vtn.url, **of(fleet))


def of(fleet: SmallFleet) -> dict[str, str]:
    """The settings of an installation that registers *fleet*, impatient where tests wait."""
    return {"VEN_INVENTORY_URL": fleet.url, "VEN_REQUEST_TIMEOUT": "2"}
