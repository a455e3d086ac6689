"""The daemon on a disk that breaks: `python -m tests.daemon.failing_disk run …`.

From SIGUSR2 on, every fsync and fdatasync of the process is answered EIO by the kernel, as
a disk that lost a page answers it: by a seccomp filter, which needs neither root nor a
compiler. Everything else is the product as it is.
"""

import ctypes
import errno
import os
import signal

from ven_daemon.cli import main

LIBC = ctypes.CDLL(None, use_errno=True)

NUMBERS = {"x86_64": (317, 74, 75), "aarch64": (277, 82, 83)}
"""Those of seccomp, fsync and fdatasync, by machine."""

LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL = 0x7FFF_0000, 0x0005_0000
NO_NEW_PRIVILEGES, SET_FILTER, ALL_THREADS = 38, 1, 1


class Instruction(ctypes.Structure):
    """One step of a filter (`struct sock_filter`)."""

    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("value", ctypes.c_uint),
    )


class Filter(ctypes.Structure):
    """A whole one (`struct sock_fprog`)."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.POINTER(Instruction)))


def break_syncs(*_: object) -> None:
    """Let no sync of this process succeed from now on, in any of its threads."""
    seccomp, fsync, fdatasync = NUMBERS[os.uname().machine]
    steps = (Instruction * 5)(
        Instruction(LOAD, 0, 0, 0),  # the number of the system call
        Instruction(EQUAL, 1, 0, fsync),
        Instruction(EQUAL, 0, 1, fdatasync),
        Instruction(RETURN, 0, 0, FAIL | errno.EIO),
        Instruction(RETURN, 0, 0, ALLOW),
    )
    program = Filter(len(steps), steps)
    refused = LIBC.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if refused or LIBC.syscall(seccomp, SET_FILTER, ALL_THREADS, ctypes.byref(program)):
        raise OSError(ctypes.get_errno(), "no seccomp filter can be set here")


if __name__ == "__main__":
    signal.signal(signal.SIGUSR2, break_syncs)
    main()
