"""Who holds a port that we want: read from /proc, as far as we may see."""

from collections.abc import Iterator
from pathlib import Path

_LISTENING = "0A"
"""The state of a listening socket in /proc/net/tcp."""


def taken_by(port: int) -> str:
    """Name the process that listens on *port*, as the end of a sentence; nothing if unseen."""
    try:
        sockets = {f"socket:[{inode}]" for inode in _listening_on(port)}
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and sockets & _open_by(process):
                name = (process / "comm").read_text().strip()
                return f" (by {name}, process {process.name})"
    except OSError:  # no /proc, or a process that ended while we looked
        return ""
    return ""


def _listening_on(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not Path(table).exists():
            continue
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            local, state, inode = fields[1], fields[3], fields[9]
            if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                yield inode


def _open_by(process: Path) -> set[str]:
    """Read what a process has open; of another user's nothing can be seen."""
    try:
        return {str(each.readlink()) for each in (process / "fd").iterdir()}
    except OSError:
        return set()
