"""A Docker engine of our own, on a machine that reaches no image registry.

It lives in a temporary folder, shares nothing with an engine that runs already, and is
ended with everything it holds. Where images would be pulled they are made: the base
image by debootstrap, under the very name that our Dockerfile asks for.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tests.packaging import ingredients
from tests.rig.processes import Program

_NEEDED = {
    "dockerd": "docker.io",
    "debootstrap": "debootstrap",
    "iptables": "iptables",
}
_LIMITS = ("nofile=1024:1024", "nproc=4096:4096")  # below what a container itself may raise
_BUILD_WITHIN = 600.0


class DockerError(AssertionError):
    """A docker or compose command failed; says all it wrote."""


def missing() -> str | None:
    """Name what this machine lacks to run any of this, and how to get it."""
    if os.geteuid() != 0:
        return "a Docker engine of its own is started, which only root can"
    packages = [package for program, package in _NEEDED.items() if not shutil.which(program)]
    if packages:
        return f"apt-get install --no-install-recommends {' '.join(packages)}"
    return ingredients.missing()


class Engine:
    """One private dockerd; every command goes to it, never to another."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ven-docker-"))
        self._socket = self.folder / "docker.sock"
        self._client = "/usr/bin/docker" if Path("/usr/bin/docker").exists() else "docker"
        self._daemon: Program | None = None

    def __enter__(self) -> Self:
        limits = [part for limit in _LIMITS for part in ("--default-ulimit", limit)]
        self._daemon = Program(
            [
                *("dockerd", "--host", f"unix://{self._socket}"),
                *("--data-root", self.folder / "data", "--exec-root", self.folder / "exec"),
                *("--pidfile", self.folder / "pid", *limits),
            ],
            self.folder / "dockerd.log",
        )
        try:
            self._daemon.wait_until(self._answers, "answers", within=60)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for container in self.docker("ps", "-aq").split():
                self.docker("rm", "-fv", container)
        finally:
            self._end()

    def docker(self, *arguments: str | Path, within: float = 120.0) -> str:
        """Run one docker command; anything but exit code 0 fails the test."""
        return _run([self._client, *map(str, arguments)], self.environment(), within)

    def inspect(self, container: str) -> dict[str, Any]:
        """What the engine knows of a container or image."""
        found: dict[str, Any] = json.loads(self.docker("inspect", container))[0]
        return found

    def build(self, tag: str, context: Path, file: Path | None = None) -> None:
        """Build an image; the classic builder asks no registry for a frontend."""
        self.docker("build", "--tag", tag, "--file", file or context / "Dockerfile", context,
                    within=_BUILD_WITHIN)  # fmt: skip

    def compose(
        self, *arguments: str, env: Mapping[str, str] | None = None, within: float = 300.0
    ) -> str:
        """Run one compose command in the folder of our docker-compose.yml."""
        argv = [*ingredients.compose(self._client), *arguments]
        return _run(argv, self.environment() | (env or {}), within, cwd=ingredients.CHECKOUT)

    def environment(self) -> dict[str, str]:
        """Lead every client to this engine."""
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.folder),
            "DOCKER_HOST": f"unix://{self._socket}",
            "DOCKER_BUILDKIT": "0",
        }

    def _answers(self) -> bool:
        try:
            self.docker("info")
        except DockerError:
            return False
        return True

    def _end(self) -> None:
        if self._daemon is not None:
            self._daemon.stop(within=30)
        shutil.rmtree(self.folder, ignore_errors=True)


def _run(
    argv: Sequence[str], env: Mapping[str, str], within: float, cwd: Path | None = None
) -> str:
    done = subprocess.run(
        argv,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=within,
    )
    if done.returncode != 0:
        said = f"{done.stdout[-3_000:]}\n{done.stderr[-3_000:]}"
        raise DockerError(f"{' '.join(argv)} ended with {done.returncode}\n{said}")
    return done.stdout
