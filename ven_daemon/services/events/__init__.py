"""Reading events: one repeatable step per reader, from the VTN's listing to our record."""

from ven_daemon.services.events.reader import EVERYBODY, Changed, Reader
from ven_daemon.services.events.service import EventService

__all__ = ["EVERYBODY", "Changed", "EventService", "Reader"]
