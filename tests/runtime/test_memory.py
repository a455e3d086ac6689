"""What is freed goes back to the system."""

import ctypes
import platform
import subprocess
import sys

import pytest

from ven_daemon.runtime import memory

MANY = """
from pathlib import Path
from ven_daemon.runtime.memory import give_back

def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

blocks = [bytearray(2000) for _ in range(20_000)]
last = bytearray(2000)  # glibc gives back by itself what is free at the end
del blocks
before = resident()
assert give_back()
print(before - resident())
"""

RARE = ("aiomqtt", "cryptography", "psycopg", "rich", "sqlalchemy.dialects.postgresql")
LOADED = f"""
import sys
import ven_daemon.cli
print(*(name for name in {RARE} if name in sys.modules))
"""

glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone keeps memory")


def _said(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


@glibc
def test_forty_megabytes_that_were_freed_below_what_is_in_use_go_back() -> None:
    given_back = int(_said(MANY))

    assert given_back > 30 * 2**20


@glibc
def test_threads_can_be_told_to_share_one_arena() -> None:
    assert _said("from ven_daemon.runtime.memory import *; print(share_one_arena())") == "True"


def test_another_c_library_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())

    assert not memory.share_one_arena()
    assert not memory.give_back()


def test_what_only_some_daemons_use_is_not_loaded_by_all() -> None:
    assert _said(LOADED) == ""
