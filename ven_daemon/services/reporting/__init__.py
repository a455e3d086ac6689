"""Reporting: what is owed is built and kept, sent in order, and completed when readings come late.

Owing        what fell due → the outbox, with the mark of how far that goes
Completing   late readings → the report of their time once more, whole
Draining     the outbox → the VTN, VENs side by side, each in its order
Keeping      what is too old or too much goes, and is counted
"""

from ven_daemon.services.reporting.building import Building, Manner
from ven_daemon.services.reporting.calendar import Calendar, Timing
from ven_daemon.services.reporting.completing import Completing
from ven_daemon.services.reporting.draining import Draining
from ven_daemon.services.reporting.keeping import Keeping
from ven_daemon.services.reporting.owing import Owing
from ven_daemon.services.reporting.subjects import Subjects

__all__ = [
    "Building",
    "Calendar",
    "Completing",
    "Draining",
    "Keeping",
    "Manner",
    "Owing",
    "Subjects",
    "Timing",
]
