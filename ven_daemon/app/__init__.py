"""Wiring: settings become engines, sessions, stores, services and loops, here and nowhere else."""

from ven_daemon.app.connection import obtain_token
from ven_daemon.app.daemon import Daemon
from ven_daemon.app.registration import (
    Built,
    Registering,
    build_samples,
    open_inventory,
    open_registration,
    open_state,
    store_credentials,
)

__all__ = [
    "Built",
    "Daemon",
    "Registering",
    "build_samples",
    "obtain_token",
    "open_inventory",
    "open_registration",
    "open_state",
    "store_credentials",
]
