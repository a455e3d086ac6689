"""Build the real VTNs once, into a cache outside the repository.

    python -m tests.rig.openleadr_install

A binary that is there already is taken as it is. Needs cargo (Rust 1.91 or
newer), a C compiler, cmake, pkg-config and the OpenSSL headers.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BUILD_WITHIN = 40 * 60.0
_TAIL = 3_000


@dataclass(frozen=True)
class Release:
    """One published version of openleadr-vtn, and how it differs for who runs it."""

    version: str
    profile: str
    features: tuple[str, ...] = ()
    fixed_port: int | None = None

    @property
    def is_30(self) -> bool:
        """Whether it speaks OpenADR 3.0: roles instead of scopes, resources under vens."""
        return self.profile == "3.0"


OPENADR_31 = Release("0.2.6", "3.1", features=("internal-oauth",))
OPENADR_30 = Release("0.1.4", "3.0", fixed_port=3000)
RELEASES = (OPENADR_31, OPENADR_30)


class BuildError(RuntimeError):
    """The VTN could not be built; says what is missing or where the log is."""


def cache_folder() -> Path:
    """Where builds are kept between runs: VEN_DAEMON_CACHE, else the user's cache folder."""
    own = os.environ.get("VEN_DAEMON_CACHE")
    if own:
        return Path(own)
    general = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(general) / "ven-daemon"


def installed(release: Release) -> Path:
    """Give the program of *release*, built now where it is not there yet."""
    root = cache_folder() / f"openleadr-vtn-{release.version}"
    program = root / "bin" / "openleadr-vtn"
    if program.exists():
        return program
    root.mkdir(parents=True, exist_ok=True)
    with _only_one_builds(root.with_suffix(root.suffix + ".lock")):
        if not program.exists():
            _build(release, root)
    return program


def _build(release: Release, root: Path) -> None:
    cargo = shutil.which("cargo")
    if cargo is None:
        raise BuildError("cargo is not installed: openleadr-vtn needs Rust 1.91 or newer")
    log = cache_folder() / "log" / f"{release.version}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        done = subprocess.run(
            _command(cargo, release, root),
            env=_environment(),
            cwd=root,  # no .env of somebody else's project
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            timeout=_BUILD_WITHIN,
        )
    if done.returncode != 0:
        end = log.read_text(errors="replace")[-_TAIL:]
        raise BuildError(f"openleadr-vtn {release.version} did not build, see {log}:\n{end}")


def _command(cargo: str, release: Release, root: Path) -> list[str]:
    features = ["--features", ",".join(release.features)] if release.features else []
    return [
        *(cargo, "install", "openleadr-vtn", "--version", release.version, "--locked"),
        *features,
        *("--root", str(root), "--target-dir", str(cache_folder() / "target")),
    ]


def _environment() -> dict[str, str]:
    """Queries are checked against the cache in the package, never against a database."""
    return {k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | {"SQLX_OFFLINE": "true"}


@contextlib.contextmanager
def _only_one_builds(lock: Path) -> Iterator[None]:
    """Hold *lock*; the system lets go of it when its holder dies."""
    deadline = time.monotonic() + _BUILD_WITHIN
    with lock.open("w") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise BuildError(f"somebody else has held {lock} for too long") from None
                time.sleep(1)
        yield


def main() -> int:
    """Build every release that the acceptance tests use."""
    for release in RELEASES:
        started = time.monotonic()
        try:
            program = installed(release)
        except BuildError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        took = time.monotonic() - started
        sys.stdout.write(f"openleadr-vtn {release.version}: {program} ({took:.0f} s)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
