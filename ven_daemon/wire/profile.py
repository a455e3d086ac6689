"""The port between dialects and those who send: requests and listings as values."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, NamedTuple, Protocol, TypeVar

from ven_daemon.domain.events import Event, Program
from ven_daemon.domain.ids import EventId, ProgramId, ReportId, VenId
from ven_daemon.domain.registration import (
    ObservedResource,
    ObservedVen,
    WantedResource,
    WantedVen,
)
from ven_daemon.domain.reporting.reports import ObservedReport, Report

T = TypeVar("T")

PAGE_LIMIT = 50
"""Largest page that OpenADR allows (`limit`, maximum 50)."""

INTERVALS_MOST = 20_000
"""Intervals that one event may have, unless told otherwise (F34)."""


class WireError(Exception):
    """Bytes that are not what the dialect says; the message names the place, not the value."""


class Form(StrEnum):
    """Whose request body it is, in 3.1."""

    VEN = "ven"
    BL = "bl"


class Request(NamedTuple):
    """One HTTP request, relative to the base URL of a VTN."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    attributes: bytes | None = None
    """The attributes in the body, as they are written there: most answers repeat them so."""

    @property
    def idempotent(self) -> bool:
        """Whether sending it twice does no more than sending it once."""
        return self.method != "POST"


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of a collection."""

    skip: int = 0
    limit: int = PAGE_LIMIT

    def query(self, **filters: str | None) -> tuple[tuple[str, str], ...]:
        """Spell the slice and the filters that are set as query parameters."""
        pairs = [(name, value) for name, value in filters.items() if value is not None]
        return (*pairs, ("skip", str(self.skip)), ("limit", str(self.limit)))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One element of a page that is not what the dialect says."""

    id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """What a page held. `size` counts every element, readable or not."""

    items: tuple[T, ...]
    unreadable: tuple[Unreadable, ...]
    size: int


class Shown(NamedTuple, Generic[T]):
    """One program or event as a reader was shown it: its words, and what they say."""

    id: str
    digest: str
    """Of the words and the dialect: whoever is shown the same is shown the same digest."""
    json: bytes
    """The words, members sorted; empty where they cannot be kept as JSON."""
    dialect: str
    modified: datetime | None
    item: T | None = None
    """What they say; None where they were known, or cannot be read."""
    reason: str | None = None
    """Why they cannot be read."""


class Profile(Protocol):
    """One dialect: pure functions between bytes and domain values."""

    name: str
    hides_by_targets: bool
    """Whether targets decide who may see a program or event (object privacy)."""
    resources_need_ven: bool
    """Whether resources can only be listed under their ven."""

    def discover_token_endpoint(self) -> Request | None:
        """Ask where tokens come from; None where the dialect cannot."""

    def read_token_endpoint(self, body: bytes) -> str:
        """Read the answer to that question."""

    def list_vens(self, page: Page, name: str | None = None) -> Request:
        """Ask for a page of vens, all or those of one name."""

    def read_vens(self, body: bytes) -> Listing[ObservedVen]:
        """Read a page of vens."""

    def create_ven(self, wanted: WantedVen, form: Form) -> Request:
        """Ask for a new ven."""

    def read_ven(self, body: bytes) -> ObservedVen:
        """Read one ven."""

    def delete_ven(self, ven: ObservedVen) -> Request:
        """Ask to remove a ven."""

    def list_resources(
        self, page: Page, ven: VenId | None = None, name: str | None = None
    ) -> Request:
        """Ask for a page of resources: all that may be seen, those of a ven, or of a name."""

    def read_resources(self, body: bytes, ven: VenId | None = None) -> Listing[ObservedResource]:
        """Read a page of resources; *ven* is whose they are, where it was asked for."""

    def create_resource(self, wanted: WantedResource, ven: ObservedVen, form: Form) -> Request:
        """Ask for a new resource."""

    def update_resource(
        self, wanted: WantedResource, observed: ObservedResource, ven: ObservedVen, form: Form
    ) -> Request:
        """Ask to replace a resource, keeping of it what is not ours."""

    def read_resource(
        self, body: bytes, sent: WantedResource, ven: VenId, written: bytes | None = None
    ) -> ObservedResource:
        """Read the answer to a resource that was *sent*, its attributes *written* so."""

    def delete_resource(self, resource: ObservedResource) -> Request:
        """Ask to remove a resource."""

    def list_programs(self, page: Page) -> Request:
        """Ask for a page of programs."""

    def read_programs(self, body: bytes, known: Container[str] = ()) -> Listing[Shown[Program]]:
        """Read a page of programs; those whose digest is *known* are left unread."""

    def get_program(self, id_: ProgramId) -> Request:
        """Ask for one program."""

    def read_program(self, body: bytes) -> Shown[Program]:
        """Read one program."""

    def list_events(self, page: Page, target: str | None = None) -> Request:
        """Ask for a page of events, all or those of one target."""

    def read_events(
        self, body: bytes, known: Container[str] = (), intervals_most: int = INTERVALS_MOST
    ) -> Listing[Shown[Event]]:
        """Read a page of events; those whose digest is *known* are left unread."""

    def get_event(self, id_: EventId) -> Request:
        """Ask for one event."""

    def read_event(self, body: bytes, intervals_most: int = INTERVALS_MOST) -> Shown[Event]:
        """Read one event."""

    def write_report(self, report: Report) -> bytes:
        """Write a report as it is sent."""

    def read_written(self, body: bytes) -> Report:
        """Read a report that was written by us."""

    def list_reports(
        self, page: Page, event: EventId | None = None, client: str | None = None
    ) -> Request:
        """Ask for a page of reports, all or those of one event and one clientName."""

    def read_reports(self, body: bytes) -> Listing[ObservedReport]:
        """Read a page of reports."""

    def create_report(self, body: bytes) -> Request:
        """Ask for a new report, written before."""

    def replace_report(self, id_: ReportId, body: bytes) -> Request:
        """Ask to replace a report by one that was written before."""

    def get_report(self, id_: ReportId) -> Request:
        """Ask for one report."""

    def read_report(self, body: bytes) -> ObservedReport:
        """Read one report."""

    def delete_report(self, id_: ReportId) -> Request:
        """Ask to remove a report."""
