"""Events placed in absolute time: what of an event is when, exactly as OpenADR 3 means it.

    place(event, first_seen, …)    a Timeline, or why there can be none
    draws_needed(event)            what the caller must throw dice for, once per VEN
    is_cancelled(event, before, …) whether a version takes the event back
    first_seen(event, before, …)   the instant that "now" in the event means

All of it is pure: the caller brings the clock, the dice and what was known before, and
keeps them, so that a restart changes nothing. Readings of the specification where its
texts contradict each other are listed in docs/conformance.md.
"""

from ven_daemon.domain.timeline.changes import first_seen, is_cancelled
from ven_daemon.domain.timeline.placing import INTERVAL_LIMIT, Unplaceable
from ven_daemon.domain.timeline.randomizing import Draw, draws_needed
from ven_daemon.domain.timeline.timeline import EventStatus, Timeline, place

__all__ = [
    "INTERVAL_LIMIT",
    "Draw",
    "EventStatus",
    "Timeline",
    "Unplaceable",
    "draws_needed",
    "first_seen",
    "is_cancelled",
    "place",
]
