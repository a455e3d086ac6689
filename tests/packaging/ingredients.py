"""What is made once and kept outside the repository: a base system, and Compose.

Nothing comes from an image registry or a download page; packages of Debian, Go and Python do.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.rig.openleadr_install import cache_folder

CHECKOUT = Path(__file__).resolve().parents[2]
SUITE = "bookworm"
BASE_IMAGE = f"debian:{SUITE}-slim"

_COMPOSE = "2.40.3"
_MIRROR = "http://deb.debian.org/debian"
_OURS_TO_LEND = (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pip.conf"))
_WITHIN = 900.0

# As the slim images of Debian are: no manuals, no translations, no downloaded packages kept.
_SLIM = {
    "etc/dpkg/dpkg.cfg.d/slim": """\
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/info/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
""",
    "etc/apt/apt.conf.d/slim": """\
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
""",
}
_LEFT_OUT = ("usr/share/info", "usr/share/lintian", "usr/share/locale", "usr/share/man",
             "var/cache/apt", "var/lib/apt/lists")  # fmt: skip


def missing() -> str | None:
    """Name what is needed to make them."""
    if _plugin("docker") or _compose_program().exists() or shutil.which("go"):
        return None
    return "Docker Compose is missing, and so is Go, with which it would be built"


def base_system() -> Path:
    """Give the base image's file system as a tar, made now where it is not there yet."""
    return _made(cache_folder() / "packaging" / f"debian-{SUITE}-slim.tar", _make_base_system)


def compose(docker: str) -> list[str]:
    """Give the Compose command: the plugin where it is installed, else one built from source."""
    if _plugin(docker):
        return [docker, "compose"]
    return [str(_made(_compose_program(), _build_compose))]


def _plugin(docker: str) -> bool:
    program = shutil.which(docker)
    asked = program and subprocess.run([program, "compose", "version"], capture_output=True)
    return bool(asked) and asked.returncode == 0


def _compose_program() -> Path:
    return cache_folder() / "packaging" / f"docker-compose-{_COMPOSE}"


def _made(file: Path, make: Callable[[Path, Path], None]) -> Path:
    """Make *file* in a folder of its own; it appears whole or not at all."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="ven-packaging-", dir=file.parent) as folder:
            make(Path(folder), Path(folder) / file.name)
            (Path(folder) / file.name).rename(file)
    return file


def _make_base_system(folder: Path, tar: Path) -> None:
    root = folder / "root"
    _run("debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, root, _MIRROR)
    for name, text in _SLIM.items():
        (root / name).write_text(text)
    for name in _LEFT_OUT:
        shutil.rmtree(root / name)
        (root / name).mkdir()
    for file in (root / "usr/share/doc").rglob("*"):
        if file.is_file() and file.name != "copyright":
            file.unlink()
    for file in filter(Path.exists, _OURS_TO_LEND):  # so that it reaches the same registries
        shutil.copyfile(file, root / file.relative_to("/"))
    _run("tar", "-C", root, "-cf", tar, ".")


def _build_compose(folder: Path, program: Path) -> None:
    """Build it in a throw-away module: `go install` refuses a module that excludes others."""
    module = folder / "module"
    module.mkdir()
    package = "github.com/docker/compose/v2/cmd"
    _run("go", "mod", "init", "throwaway", cwd=module)
    _run("go", "get", f"{package}@v{_COMPOSE}", cwd=module)
    _run("go", "build", "-o", program, package, cwd=module)


def _run(*argv: str | Path, cwd: Path | None = None) -> None:
    done = subprocess.run(
        [str(part) for part in argv],
        cwd=cwd,
        env={**os.environ, "GOFLAGS": "-mod=mod"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_WITHIN,
    )
    assert done.returncode == 0, f"{argv[0]} failed:\n{done.stdout[-2_000:]}{done.stderr[-2_000:]}"
