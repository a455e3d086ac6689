"""What an installed wheel carries."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_wheel_carries_the_migrations_the_towns_and_its_types(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]

    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)

    [wheel] = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    migrations = {
        f"ven_daemon/_migrations/{file.relative_to(ROOT / 'alembic')}"
        for file in (ROOT / "alembic").rglob("*.py")
    }
    assert migrations <= names
    assert {"ven_daemon/py.typed", "ven_daemon/services/samples/towns.csv"} <= names
