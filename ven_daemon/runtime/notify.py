"""Telling systemd: sd_notify(3) over its socket, and nothing where there is none."""

import os
import socket


def notify(*assignments: str) -> bool:
    """Send assignments such as `READY=1`; False where nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]  # a name in the abstract namespace
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.sendto("\n".join(assignments).encode(), address)
    except OSError:  # nobody is there, or there is no file descriptor left
        return False
    return True


def watchdog_seconds() -> float | None:
    """Say how often systemd wants to hear of us (WatchdogSec=), in seconds; None: never."""
    usec, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID")
    if not usec.isdigit() or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / 1_000_000
