"""The parts of the running daemon: one file per concern, each with its own loops."""

from ven_daemon.app.parts.certificates import CertificatesPart
from ven_daemon.app.parts.dispatch import DispatchPart
from ven_daemon.app.parts.events import EventsPart
from ven_daemon.app.parts.part import Part
from ven_daemon.app.parts.readings import ReadingsPart
from ven_daemon.app.parts.registration import RegistrationPart
from ven_daemon.app.parts.reporting import ReportingPart

__all__ = [
    "CertificatesPart",
    "DispatchPart",
    "EventsPart",
    "Part",
    "ReadingsPart",
    "RegistrationPart",
    "ReportingPart",
]
