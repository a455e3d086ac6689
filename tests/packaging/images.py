"""Our image, and stand-ins for those of others that our compose file names.

A stand-in has the name, the user, the paths and the variables of the image it stands for,
and the real program in it, so that what is tested is our own wiring.
"""

import importlib.util
import re
import shutil
from pathlib import Path

from tests.packaging import ingredients
from tests.packaging.engine import Engine
from tests.rig.openleadr_install import OPENADR_31, installed

OURS = "ven-daemon:latest"
STANDINS = Path(__file__).with_name("standins")
_COMPOSE_FILE = ingredients.CHECKOUT / "docker-compose.yml"


def named_in_compose(repository: str) -> str:
    """Give the image of *repository* with the tag that docker-compose.yml has."""
    found = re.search(rf"image: ({re.escape(repository)}:\S+)", _COMPOSE_FILE.read_text())
    assert found, f"docker-compose.yml names no {repository}"
    return found[1]


def build_ours(engine: Engine) -> None:
    """Build the Dockerfile, from the base image that it names."""
    engine.docker("import", ingredients.base_system(), ingredients.BASE_IMAGE)
    engine.build(OURS, ingredients.CHECKOUT)


def build_standins(engine: Engine) -> None:
    """Build those of the VTN and of PostgreSQL."""
    context = engine.folder / "context"
    shutil.copytree(STANDINS, context)
    engine.build("ven-daemon-standin-base", context, STANDINS / "base.Dockerfile")
    shutil.copy(installed(OPENADR_31), context)
    vtn = named_in_compose("ghcr.io/openleadr/openleadr-rs")
    assert vtn.endswith(f":v{OPENADR_31.version}")
    engine.build(vtn, context, STANDINS / "vtn.Dockerfile")
    _copy_postgres(context)
    engine.build(named_in_compose("postgres"), context, STANDINS / "postgres.Dockerfile")


def _copy_postgres(context: Path) -> None:
    spec = importlib.util.find_spec("pgserver")
    assert spec is not None, "pgserver is missing: pip install -r requirements-dev.lock"
    assert spec.origin is not None
    package = Path(spec.origin).parent
    shutil.copytree(package / "pginstall", context / "pginstall", symlinks=True)
    shutil.copytree(package.parent / "pgserver.libs", context / "pgserver.libs", symlinks=True)
