"""The part of a dialect that reads programs and events: 3.1 and 3.0.1 nearly agree on it."""

from abc import ABC, abstractmethod
from collections.abc import Container, Iterable
from functools import partial

from ven_daemon.domain.events import Event, Payload, Program
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.wire import events
from ven_daemon.wire.common import Shape
from ven_daemon.wire.elements import read_element, read_elements
from ven_daemon.wire.profile import INTERVALS_MOST, Listing, Page, Request, Shown


class EventReading(ABC):
    """Requests and answers about programs and events."""

    name: str
    hides_by_targets: bool

    @abstractmethod
    def attributes_of_program(self, shape: Shape) -> Iterable[Payload]:
        """Give what a program says of itself, under the names of 3.1."""

    def list_programs(self, page: Page) -> Request:
        """`GET /programs`."""
        return Request("GET", "programs", page.query())

    def read_programs(self, body: bytes, known: Container[str] = ()) -> Listing[Shown[Program]]:
        """Read a page of programs."""
        return read_elements(body, self.name, self._program, known)

    def get_program(self, id_: ProgramId) -> Request:
        """`GET /programs/{programID}`."""
        return Request("GET", f"programs/{id_}")

    def read_program(self, body: bytes) -> Shown[Program]:
        """Read one program."""
        return read_element(body, self.name, self._program)

    def list_events(self, page: Page, target: str | None = None) -> Request:
        """`GET /events`: never with `active`, which VTNs take for different things (T-20).

        One target per query, since some VTNs want all of several to match (T-12).
        """
        return Request("GET", "events", page.query(targets=target))

    def read_events(
        self, body: bytes, known: Container[str] = (), intervals_most: int = INTERVALS_MOST
    ) -> Listing[Shown[Event]]:
        """Read a page of events."""
        read = partial(events.read_event, intervals_most=intervals_most)
        return read_elements(body, self.name, read, known)

    def get_event(self, id_: EventId) -> Request:
        """`GET /events/{eventID}`."""
        return Request("GET", f"events/{id_}")

    def read_event(self, body: bytes, intervals_most: int = INTERVALS_MOST) -> Shown[Event]:
        """Read one event."""
        read = partial(events.read_event, intervals_most=intervals_most)
        return read_element(body, self.name, read)

    def _program(self, shape: Shape) -> Program:
        return events.read_program(shape, self.attributes_of_program)
