"""Each dialect against golden JSON: every request it makes, every shape it reads."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.wire.reports import REPORT, REPORT_ID
from ven_daemon.domain.attributes import Attribute, Point
from ven_daemon.domain.ids import (
    ClientId,
    EventId,
    ProgramId,
    ResourceId,
    ResourceName,
    VenId,
    VenName,
)
from ven_daemon.domain.registration import (
    ObservedResource,
    ObservedVen,
    Target,
    WantedResource,
    WantedVen,
)
from ven_daemon.wire import common
from ven_daemon.wire.profile import Form, Page, Profile, Request, Unreadable, WireError
from ven_daemon.wire.v301 import Profile301
from ven_daemon.wire.v310 import Profile310

GOLDEN = Path(__file__).parent / "golden"
V310, V301 = Profile310(), Profile301()
PROFILES = {"3.1": V310, "3.0": V301}

CURVE = Attribute("CURVE_OF_SOMEBODY", (Point(1.0, 2.5), True))
WISH = WantedResource(
    ResourceName("Algade 1"),
    (
        Attribute("MAX_POWER_CONSUMPTION", (22.0,)),
        Attribute("LOCATION", (9.92, 57.05)),
    ),
    ("EV",),
)
WANTED = WantedVen(
    VenName("Nykøbing Falster"),
    "Nykøbing Falster",
    ClientId("client-1"),
    ("all", "falster"),
    (),
)
HELD = ObservedVen(VenId("ven-1"), "Nykøbing Falster", "client-1")
SHOWN = ObservedResource(
    ResourceId("res-1"),
    VenId("ven-1"),
    "Algade 1",
    "another-client",
    (Target("set by the VTN"),),
    (Attribute("MAX_POWER_CONSUMPTION", (11.0,)), CURVE, Attribute("ADDRESS", ("old",))),
)


def golden(profile: str, name: str) -> bytes:
    return (GOLDEN / profile / f"{name}.json").read_bytes()


def made(profile: Profile) -> dict[str, Request | None]:
    """Make every request that a profile can make."""
    ven = VenId("ven-1")
    requests = {
        "discover": profile.discover_token_endpoint(),
        "list_vens": profile.list_vens(Page()),
        "list_vens_by_name": profile.list_vens(Page(50, 25), "Ærø & co"),
        "list_resources_of_ven": profile.list_resources(Page(), ven),
        "create_ven_bl": profile.create_ven(WANTED, Form.BL),
        "create_ven_ven": profile.create_ven(WANTED, Form.VEN),
        "delete_ven": profile.delete_ven(HELD),
        "create_resource_bl": profile.create_resource(WISH, HELD, Form.BL),
        "create_resource_ven": profile.create_resource(WISH, HELD, Form.VEN),
        "update_resource_bl": profile.update_resource(WISH, SHOWN, HELD, Form.BL),
        "update_resource_ven": profile.update_resource(WISH, SHOWN, HELD, Form.VEN),
        "delete_resource": profile.delete_resource(SHOWN),
        "list_programs": profile.list_programs(Page()),
        "get_program": profile.get_program(ProgramId("44")),
        "list_events": profile.list_events(Page(100, 25)),
        "get_event": profile.get_event(EventId("0f6e-1")),
        "list_reports": profile.list_reports(Page()),
        "list_reports_of_event": profile.list_reports(Page(50), EventId("event-1"), "Ærø & co"),
        "get_report": profile.get_report(REPORT_ID),
        "create_report": profile.create_report(profile.write_report(REPORT)),
        "replace_report": profile.replace_report(REPORT_ID, profile.write_report(REPORT)),
        "delete_report": profile.delete_report(REPORT_ID),
    }
    if profile.hides_by_targets:
        requests["list_events_of_target"] = profile.list_events(Page(), "Ærø & co")
    if not profile.resources_need_ven:
        requests["list_resources"] = profile.list_resources(Page())
    return requests


@pytest.mark.parametrize(
    ("profile", "name"),
    [(profile, name) for profile in PROFILES for name in orjson.loads(golden(profile, "requests"))],
)
def test_a_request_is_as_it_was_agreed(profile: str, name: str) -> None:
    agreed: dict[str, Any] = orjson.loads(golden(profile, "requests"))[name]

    request = made(PROFILES[profile])[name]

    assert request is not None
    assert (request.method, request.path) == (agreed["method"], agreed["path"])
    assert [list(pair) for pair in request.query] == agreed.get("query", [])
    assert orjson.loads(request.body or b"null") == agreed.get("body")
    assert request.idempotent is (agreed["method"] != "POST")


@pytest.mark.parametrize("profile", PROFILES)
def test_no_request_is_without_its_golden(profile: str) -> None:
    agreed = orjson.loads(golden(profile, "requests")).keys()
    unspoken = (
        {"discover", "create_resource_ven", "update_resource_ven"} if profile == "3.0" else set()
    )

    assert made(PROFILES[profile]).keys() - unspoken == agreed


def test_3_0_knows_no_forms() -> None:
    requests = made(V301)

    assert requests["discover"] is None
    assert requests["create_resource_ven"] == requests["create_resource_bl"]
    assert requests["update_resource_ven"] == requests["update_resource_bl"]
    with pytest.raises(WireError):
        V301.read_token_endpoint(b"{}")


def test_a_ven_names_no_client_and_gives_no_targets() -> None:
    requests = made(V310)

    for name in ("create_ven_ven", "create_resource_ven", "update_resource_ven"):
        request = requests[name]
        assert request is not None
        assert b"clientID" not in (request.body or b"")
        assert b"targets" not in (request.body or b"")


def test_3_1_reads_where_tokens_come_from() -> None:
    body = golden("3.1", "auth_server")

    assert V310.read_token_endpoint(body) == "https://login.example.org/oauth2/token"


def test_3_1_reads_a_ven() -> None:
    assert V310.read_ven(golden("3.1", "ven")) == ObservedVen(
        VenId("ven-1"),
        "Nykøbing Falster",
        "client-1",
        (Target("group-1"), Target("falster")),
        (Attribute("AREA", ("DK2",)),),
    )


def test_3_1_reads_what_it_can_of_a_page_of_vens() -> None:
    listing = V310.read_vens(golden("3.1", "vens"))

    assert listing.items == (
        ObservedVen(VenId("ven-1"), "Aalborg", "client-1"),
        ObservedVen(VenId("ven-2"), "Vejle"),
    )
    assert listing.unreadable == (
        Unreadable("ven-3", "venName: a string was expected"),
        Unreadable(None, "id: a string was expected"),
        Unreadable("ven-5", "targets: a list was expected"),
        Unreadable(None, "an object was expected"),
    )
    assert listing.size == 6


def test_3_1_reads_a_resource() -> None:
    shown = V310.read_resource(golden("3.1", "resource"), WISH, VenId("elsewhere"))

    assert shown == ObservedResource(
        ResourceId("res-1"),
        VenId("ven-1"),
        "Algade 1",
        "client-1",
        (Target("EV"),),
        (
            Attribute("LOCATION", (9.92, 57.05)),
            Attribute("MAX_POWER_CONSUMPTION", (22,)),
            Attribute("DESCRIPTION", ("Chargingstations, Aalborg",)),
            CURVE,
        ),
    )


def test_3_1_reads_what_it_can_of_a_page_of_resources() -> None:
    listing = V310.read_resources(golden("3.1", "resources"), VenId("ven-1"))

    assert [resource.id for resource in listing.items] == ["res-1", "res-2", "res-3"]
    assert listing.items[1].attributes == (Attribute("X", ()),)
    assert [bad.id for bad in listing.unreadable] == ["res-4"]
    assert listing.size == 4


def test_a_value_that_the_specification_does_not_know_is_given_back_as_it_was() -> None:
    odd = V310.read_resources(golden("3.1", "resources"), VenId("ven-1")).items[2]

    written = orjson.loads(common.write_attributes(odd.attributes))

    assert written == orjson.loads(golden("3.1", "resources"))[2]["attributes"]


def test_3_0_reads_a_ven_and_keeps_the_type_of_its_targets() -> None:
    assert V301.read_ven(golden("3.0", "ven")) == ObservedVen(
        VenId("ven-1"),
        "Nykøbing Falster",
        None,
        (Target("group-1", "GROUP"), Target("falster", "GROUP"), Target("7", "SERVICE_AREA")),
        (Attribute("AREA", ("DK2",)),),
    )


def test_3_0_reads_what_it_can_of_a_page_of_vens() -> None:
    listing = V301.read_vens(golden("3.0", "vens"))

    assert listing.items == (
        ObservedVen(VenId("ven-1"), "Aalborg"),
        ObservedVen(VenId("ven-2"), "Vejle"),
    )
    assert [bad.id for bad in listing.unreadable] == ["ven-3", "ven-4", None]
    assert listing.size == 5


def test_3_0_reads_a_resource() -> None:
    assert V301.read_resource(golden("3.0", "resource"), WISH, VenId("ven-1")) == ObservedResource(
        ResourceId("res-1"),
        VenId("ven-1"),
        "Algade 1",
        None,
        (Target("EV", "GROUP"),),
        (Attribute("MAX_POWER_CONSUMPTION", (22,)), CURVE),
    )


def test_3_0_reads_what_it_can_of_a_page_of_resources() -> None:
    listing = V301.read_resources(golden("3.0", "resources"), VenId("ven-1"))

    assert [(each.id, each.ven_id) for each in listing.items] == [
        ("res-1", "ven-1"),
        ("res-2", "ven-1"),
    ]
    assert [bad.id for bad in listing.unreadable] == ["res-3"]
