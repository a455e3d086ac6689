"""What sinks are told of the events that tests publish."""

from ven_daemon.domain.dispatches import Do
from ven_daemon.domain.events import Payload

APPLY, RELEASE = Do.APPLY, Do.RELEASE
EVERYBODY = [(APPLY, "cafe", 12.5), (APPLY, "charger", 12.5), (APPLY, "pool", 12.5)]
SMALL = Payload("SIMPLE", (3,))
