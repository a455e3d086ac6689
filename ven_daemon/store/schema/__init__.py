"""The tables: the inventory's layout (fixed by its owner) and our own state (alembic's).

The two live in two `MetaData`: what alembic compares and migrates is `STATE` only.
A file per area; a new one is imported here, so that alembic sees it.
"""

from ven_daemon.store.schema.dispatches import (
    assignments,
    dispatches,
    draws,
    entries,
    opt_outs,
    schedules,
)
from ven_daemon.store.schema.events import (
    program_sightings,
    sighting_changes,
    sightings,
    versions,
    vtn_traits,
)
from ven_daemon.store.schema.inventory import connections, resources
from ven_daemon.store.schema.metadata import INVENTORY, STATE, Instant
from ven_daemon.store.schema.outbox import outbox, outbox_totals, report_bodies, report_marks
from ven_daemon.store.schema.readings import (
    device_tokens,
    late_readings,
    reading_resources,
    reading_totals,
    readings,
    source_marks,
)
from ven_daemon.store.schema.registrations import (
    credentials,
    instance,
    resource_registrations,
    ven_registrations,
)
from ven_daemon.store.schema.service import leases, paused_vens

__all__ = [
    "INVENTORY",
    "STATE",
    "Instant",
    "assignments",
    "connections",
    "credentials",
    "device_tokens",
    "dispatches",
    "draws",
    "entries",
    "instance",
    "late_readings",
    "leases",
    "opt_outs",
    "outbox",
    "outbox_totals",
    "paused_vens",
    "program_sightings",
    "reading_resources",
    "reading_totals",
    "readings",
    "report_bodies",
    "report_marks",
    "resource_registrations",
    "resources",
    "schedules",
    "sighting_changes",
    "sightings",
    "source_marks",
    "ven_registrations",
    "versions",
    "vtn_traits",
]
