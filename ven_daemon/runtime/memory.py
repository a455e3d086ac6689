"""Memory that was freed, given back: glibc keeps it for itself, most of all for each thread."""

import ctypes

_M_ARENA_MAX = -8
"""`M_ARENA_MAX` of glibc's malloc.h."""


def share_one_arena() -> bool:
    """Let all threads take memory from one place; False where the C library has no such choice.

    Ours wait for each other anyway: by default each of a database's threads keeps what it
    once needed, which is twenty megabytes after a fleet was registered. Only threads that
    begin later are meant.
    """
    return _called("mallopt", _M_ARENA_MAX, 1)


def give_back() -> bool:
    """Give back what is free, in the midst of what is used too; False where that is not known.

    It takes milliseconds, for which others wait who want memory: nothing for an event loop.
    """
    return _called("malloc_trim", 0)


def _called(name: str, *numbers: int) -> bool:
    """Call a function of the C library that only glibc has."""
    function = getattr(ctypes.CDLL(None), name, None)
    return function is not None and bool(function(*numbers))
