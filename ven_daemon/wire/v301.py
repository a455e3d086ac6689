"""OpenADR 3.0.1: resources stand under their ven, targets have a type, bodies have no form."""

from collections.abc import Iterable

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
from ven_daemon.wire import common
from ven_daemon.wire.event_reading import EventReading
from ven_daemon.wire.profile import Form, Listing, Page, Request, WireError
from ven_daemon.wire.reporting import ReportWriting

GROUP = "GROUP"
"""The target type that our own targets bear; VEN_NAME and RESOURCE_NAME follow from names."""


class Profile301(EventReading, ReportWriting):
    """The dialect of OpenADR 3.0.x."""

    name = "3.0"
    hides_by_targets = False
    resources_need_ven = True
    reports_name_program = True

    def discover_token_endpoint(self) -> Request | None:
        """3.0.1 knows no discovery: the endpoint is `<base>/auth/token` or configured."""
        return None

    def read_token_endpoint(self, body: bytes) -> str:
        """Refuse: there is nothing to read."""
        del body
        raise WireError("3.0.1 has no token discovery")

    def list_vens(self, page: Page, name: str | None = None) -> Request:
        """`GET /vens`."""
        return Request("GET", "vens", page.query(venName=name))

    def read_vens(self, body: bytes) -> Listing[ObservedVen]:
        """Read a page of vens; resources embedded in them are passed over."""
        return common.read_listing(body, _ven)

    def create_ven(self, wanted: WantedVen, form: Form) -> Request:
        """`POST /vens`."""
        del form
        shape = {"venName": wanted.name, "targets": _write_wanted(wanted.targets)}
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
        """`GET /vens/{venID}/resources`."""
        return Request("GET", f"vens/{ven}/resources", page.query(resourceName=name))

    def read_resources(self, body: bytes, ven: VenId | None = None) -> Listing[ObservedResource]:
        """Read a page of resources of *ven*."""
        return common.read_listing(
            body, lambda shape: _resource(shape, ven, common.attributes(shape))
        )

    def create_resource(self, wanted: WantedResource, ven: ObservedVen, form: Form) -> Request:
        """`POST /vens/{venID}/resources`."""
        del form
        attributes = common.write_attributes(wanted.attributes)
        shape = {
            "resourceName": wanted.name,
            "attributes": Fragment(attributes),
            "targets": _write_wanted(wanted.targets),
        }
        path = f"vens/{ven.id}/resources"
        return Request("POST", path, (), common.encode(shape), attributes)

    def update_resource(
        self, wanted: WantedResource, observed: ObservedResource, ven: ObservedVen, form: Form
    ) -> Request:
        """`PUT …/resources/{resourceID}`: a full replacement, so what is not ours goes back too."""
        del form
        kept = foreign(observed.attributes)
        attributes = common.write_attributes((*wanted.attributes, *kept))
        shape = {
            "resourceName": wanted.name,
            "attributes": Fragment(attributes),
            "targets": _write_observed(observed.targets),
        }
        path = f"vens/{ven.id}/resources/{observed.id}"
        return Request("PUT", path, (), common.encode(shape), None if kept else attributes)

    def read_resource(
        self, body: bytes, sent: WantedResource, ven: VenId, written: bytes | None = None
    ) -> ObservedResource:
        """Read the answer to a resource of *ven* that was sent."""
        shape, is_echo = common.decode_echo(body, written)
        if is_echo:
            return _resource(shape, ven, sent.attributes)
        return _resource(shape, ven, common.attributes(shape, sent.attributes))

    def delete_resource(self, resource: ObservedResource) -> Request:
        """`DELETE /vens/{venID}/resources/{resourceID}`."""
        return Request("DELETE", f"vens/{resource.ven_id}/resources/{resource.id}")

    def attributes_of_program(self, shape: common.Shape) -> Iterable[Payload]:
        """3.0.1 has a member for each, of which 3.1 made attributes."""
        for member, kind in _PROGRAM_MEMBERS.items():
            value = shape.get(member)
            if isinstance(value, str | bool):
                yield Payload(kind, (value,))


_PROGRAM_MEMBERS = {
    "programLongName": "PROGRAM_LONG_NAME",
    "retailerName": "RETAILER_NAME",
    "retailerLongName": "RETAILER_LONG_NAME",
    "programType": "PROGRAM_TYPE",
    "country": "COUNTRY",
    "principalSubdivision": "PRINCIPAL_SUBDIVISION",
    "bindingEvents": "BINDING_EVENTS",
    "localPrice": "LOCAL",
}


def _ven(shape: common.Shape) -> ObservedVen:
    return ObservedVen(
        VenId(common.identifier(shape, "id")),
        common.text(shape, "venName"),
        None,
        tuple(_targets(common.elements(shape, "targets"))),
        common.attributes(shape),
    )


def _resource(
    shape: common.Shape, ven: VenId | None, attributes: tuple[Attribute, ...]
) -> ObservedResource:
    return ObservedResource(
        ResourceId(common.identifier(shape, "id")),
        ven or VenId(common.identifier(shape, "venID")),
        common.text(shape, "resourceName"),
        None,
        tuple(_targets(common.elements(shape, "targets"))),
        attributes,
    )


def _targets(shapes: Iterable[object]) -> Iterable[Target]:
    """Keep the type: 3.0.1 tells a group from a program, 3.1 does not."""
    for each in shapes:
        shape = common.as_object(each)
        kind = common.text(shape, "type")
        yield from (Target(str(value), kind) for value in common.elements(shape, "values"))


def _write_wanted(targets: Iterable[str]) -> list[common.Shape] | None:
    values = list(targets)
    return [{"type": GROUP, "values": values}] if values else None


def _write_observed(targets: Iterable[Target]) -> list[common.Shape] | None:
    kinds: dict[str, list[str]] = {}
    for target in targets:
        kinds.setdefault(target.kind or GROUP, []).append(target.value)
    return [{"type": kind, "values": values} for kind, values in kinds.items()] or None
