"""A fleet-grade OpenADR 3 client.

The functions of the sample client are here by their names; they are loaded when they
are first asked for, so that importing a room of the package costs that room only.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ven_daemon.api import (
        create_report,
        generate_resources,
        get_access_token,
        load_ven_resources_from_sqlite,
        load_vens_from_sqlite,
        poll_events,
        respond_to_event,
        sample_registration,
        startup,
    )

__all__ = [
    "create_report",
    "generate_resources",
    "get_access_token",
    "load_ven_resources_from_sqlite",
    "load_vens_from_sqlite",
    "poll_events",
    "respond_to_event",
    "sample_registration",
    "startup",
]


def __getattr__(name: str) -> object:
    """Load a function of `ven_daemon.api`."""
    if name in __all__:
        return getattr(import_module("ven_daemon.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
