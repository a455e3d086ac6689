"""An inventory of each kind, and the command line as a user meets it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from ven_daemon.cli.main import app


@dataclass(frozen=True)
class Said:
    """What a command said, and how it left."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, object]:
        """Standard output as one JSON document."""
        return orjson.loads(self.out)

    @property
    def words(self) -> str:
        """Standard error in one line, however wide the terminal."""
        return " ".join(self.err.split())


Command = Callable[..., Said]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `ven-daemon` in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Said:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture(params=["sqlite", "postgresql"])
def inventory_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an inventory can be made: a file that is not there, or an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/resources.db"
    url: str = request.getfixturevalue("postgres_url")
    return url
