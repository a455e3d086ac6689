"""OpenADR 3.1: resources are first-class, bodies say whose they are, targets are strings."""

from collections.abc import Iterable
from functools import lru_cache

from orjson import Fragment

from ven_daemon.domain.attributes import Attribute, foreign
from ven_daemon.domain.events import Payload
from ven_daemon.domain.ids import ResourceId, VenId
from ven_daemon.domain.registration import (
    ObservedResource,
    ObservedVen,
    Target,
    WantedResource,
    WantedVen,
)
from ven_daemon.wire import common, events
from ven_daemon.wire.event_reading import EventReading
from ven_daemon.wire.profile import Form, Listing, Page, Request
from ven_daemon.wire.reporting import ReportWriting


class Profile310(EventReading, ReportWriting):
    """The dialect of OpenADR 3.1.x."""

    name = "3.1"
    hides_by_targets = True
    resources_need_ven = False
    reports_name_program = False

    def discover_token_endpoint(self) -> Request | None:
        """`GET /auth/server` is a required endpoint (Definition, 3.1 authentication)."""
        return Request("GET", "auth/server")

    def read_token_endpoint(self, body: bytes) -> str:
        """Read `authServerInfo`."""
        return common.text(common.decode_object(body), "tokenURL")

    def list_vens(self, page: Page, name: str | None = None) -> Request:
        """`GET /vens`; a VEN's own token shows its own ven only."""
        return Request("GET", "vens", page.query(venName=name))

    def read_vens(self, body: bytes) -> Listing[ObservedVen]:
        """Read a page of vens."""
        return common.read_listing(body, _ven)

    def create_ven(self, wanted: WantedVen, form: Form) -> Request:
        """`POST /vens`: VENs may neither name a client nor give targets."""
        business = form is Form.BL
        shape = {
            "objectType": "BL_VEN_REQUEST" if business else "VEN_VEN_REQUEST",
            "clientID": wanted.client_id if business else None,
            "venName": wanted.name,
            "targets": list(wanted.targets) if business else None,
        }
        return Request("POST", "vens", body=common.encode(shape))

    def read_ven(self, body: bytes) -> ObservedVen:
        """Read one ven."""
        return _ven(common.decode_object(body))

    def delete_ven(self, ven: ObservedVen) -> Request:
        """`DELETE /vens/{venID}`."""
        return Request("DELETE", f"vens/{ven.id}")

    def list_resources(
        self, page: Page, ven: VenId | None = None, name: str | None = None
    ) -> Request:
        """`GET /resources`, of every ven that the token may see or of one."""
        return Request("GET", "resources", page.query(venID=ven, resourceName=name))

    def read_resources(self, body: bytes, ven: VenId | None = None) -> Listing[ObservedResource]:
        """Read a page of resources; each names its ven itself."""
        del ven
        return common.read_listing(body, lambda shape: _resource(shape, common.attributes(shape)))

    def create_resource(self, wanted: WantedResource, ven: ObservedVen, form: Form) -> Request:
        """`POST /resources`."""
        shape = _resource_shape(wanted, ven, form)
        attributes = common.write_attributes(wanted.attributes)
        shape["attributes"] = Fragment(attributes)
        if form is Form.BL:
            shape["targets"] = wanted.targets
        return Request("POST", "resources", (), common.encode(shape), attributes)

    def update_resource(
        self, wanted: WantedResource, observed: ObservedResource, ven: ObservedVen, form: Form
    ) -> Request:
        """`PUT /resources/{resourceID}`: a full replacement, so what is not ours goes back too."""
        shape = _resource_shape(wanted, ven, form)
        kept = foreign(observed.attributes)
        attributes = common.write_attributes((*wanted.attributes, *kept))
        shape["attributes"] = Fragment(attributes)
        if form is Form.BL:
            shape["clientID"] = observed.client_id or shape["clientID"]
            shape["targets"] = [target.value for target in observed.targets]
        path, written = f"resources/{observed.id}", None if kept else attributes
        return Request("PUT", path, (), common.encode(shape), written)

    def read_resource(
        self, body: bytes, sent: WantedResource, ven: VenId, written: bytes | None = None
    ) -> ObservedResource:
        """Read the answer to a resource that was sent."""
        del ven
        shape, is_echo = common.decode_echo(body, written)
        if is_echo:
            return _resource(shape, sent.attributes)
        return _resource(shape, common.attributes(shape, sent.attributes))

    def delete_resource(self, resource: ObservedResource) -> Request:
        """`DELETE /resources/{resourceID}`."""
        return Request("DELETE", f"resources/{resource.id}")

    def attributes_of_program(self, shape: common.Shape) -> Iterable[Payload]:
        """3.1 has a list of valuesMaps."""
        return [events.payload(each) for each in common.elements(shape, "attributes")]


def _resource_shape(wanted: WantedResource, ven: ObservedVen, form: Form) -> common.Shape:
    business = form is Form.BL
    return {
        "objectType": "BL_RESOURCE_REQUEST" if business else "VEN_RESOURCE_REQUEST",
        "clientID": ven.client_id if business else None,
        "venID": ven.id,
        "resourceName": wanted.name,
    }


def _ven(shape: common.Shape) -> ObservedVen:
    return ObservedVen(
        VenId(common.identifier(shape, "id")),
        common.text(shape, "venName"),
        common.optional_text(shape, "clientID"),
        _targets(common.elements(shape, "targets")),
        common.attributes(shape),
    )


def _resource(shape: common.Shape, attributes: tuple[Attribute, ...]) -> ObservedResource:
    return ObservedResource(
        ResourceId(common.identifier(shape, "id")),
        VenId(common.identifier(shape, "venID")),
        common.text(shape, "resourceName"),
        common.optional_text(shape, "clientID"),
        _targets(common.elements(shape, "targets")),
        attributes,
    )


def _targets(values: Iterable[object]) -> tuple[Target, ...]:
    return _shared_targets(tuple(map(str, values)))


@lru_cache(maxsize=4096)
def _shared_targets(values: tuple[str, ...]) -> tuple[Target, ...]:
    """A fleet has few different sets of targets: thousands of resources share each."""
    return tuple(map(Target, values))
