"""A VTN in domain terms."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from aiohttp import web
from pydantic import SecretStr

from tests.vtn.servers import Handler, Http, always, as_json, collection, http, transporting
from ven_daemon.domain.attributes import Attribute
from ven_daemon.domain.errors import ForbiddenError, NotFoundError, OutcomeUnknownError
from ven_daemon.domain.ids import ClientId, ResourceId, ResourceName, VenId, VenName
from ven_daemon.domain.registration import (
    ObservedResource,
    ObservedVen,
    WantedResource,
    WantedVen,
)
from ven_daemon.vtn.client import VtnClient
from ven_daemon.vtn.token import BearerToken, Credential, NoCredential
from ven_daemon.wire.profile import Form, Profile
from ven_daemon.wire.v301 import Profile301
from ven_daemon.wire.v310 import Profile310

VEN = WantedVen(VenName("Aalborg"), "Aalborg", ClientId("c1"), ("all",), ())
HELD = ObservedVen(VenId("v1"), "Aalborg", "c1")
PUB = WantedResource(ResourceName("Pub"), (Attribute("MAX_POWER_CONSUMPTION", (22.0,)),), ("EV",))
SHOWN = ObservedResource(ResourceId("r1"), VenId("v1"), "Pub", "c1")
AS_VEN = {"id": "v1", "venName": "Aalborg", "clientID": "c1"}
AS_RESOURCE = {"id": "r1", "venID": "v1", "resourceName": "Pub"}


@asynccontextmanager
async def client_of(
    answer: Handler,
    credential: Credential | None = None,
    form: Form | None = Form.BL,
    profile: Profile | None = None,
) -> AsyncIterator[tuple[VtnClient, Http]]:
    async with http(answer) as server, transporting(server.url, patience=0.3) as transport:
        yield (
            VtnClient(transport, profile or Profile310(), credential or NoCredential(), form),
            server,
        )


def token(scope: object) -> BearerToken:
    claims = base64.urlsafe_b64encode(orjson.dumps({"scope": scope})).decode()
    return BearerToken(SecretStr(f"e30.{claims}.c2ln"))


@pytest.mark.parametrize(
    ("credential", "form"),
    [
        (token("read_all write_vens_bl"), Form.BL),
        (token("read_targets read_ven_objects write_vens"), Form.VEN),
        (token("write_vens_ven"), Form.VEN),
        (token(["write_vens", "write_vens_bl"]), Form.BL),
        (token("read_all"), Form.BL),
        (token(None), Form.BL),
        (token(5), Form.BL),
        (BearerToken(SecretStr("opaque")), Form.BL),
        (NoCredential(), Form.BL),
    ],
)
async def test_the_form_follows_from_the_scopes_of_the_token(
    credential: Credential, form: Form
) -> None:
    async with client_of(always(201, AS_VEN), credential, None) as (client, server):
        await client.create_ven(VEN)

    sent = orjson.loads(server.bodies[0])
    assert sent["objectType"] == ("BL_VEN_REQUEST" if form is Form.BL else "VEN_VEN_REQUEST")


@pytest.mark.parametrize("form", list(Form))
async def test_a_form_that_was_given_stands(form: Form) -> None:
    async with client_of(always(201, AS_RESOURCE), token("write_vens"), form) as (client, server):
        await client.create_resource(PUB, HELD)

    assert orjson.loads(server.bodies[0])["objectType"].startswith(form.value.upper())


async def test_what_was_created_replaced_and_removed_is_told() -> None:
    async def answer(request: web.Request) -> web.Response:
        return as_json(AS_VEN if request.path.startswith("/vens") else AS_RESOURCE)

    async with client_of(answer) as (client, server):
        assert await client.create_ven(VEN) == HELD
        assert (await client.create_resource(PUB, HELD)).id == "r1"
        assert (await client.update_resource(PUB, SHOWN, HELD)).id == "r1"
        await client.delete_resource(SHOWN)
        await client.delete_ven(HELD)

    assert [(request.method, request.path) for request in server.seen] == [
        ("POST", "/vens"),
        ("POST", "/resources"),
        ("PUT", "/resources/r1"),
        ("DELETE", "/resources/r1"),
        ("DELETE", "/vens/v1"),
    ]


async def test_what_is_gone_already_is_as_good_as_removed() -> None:
    async with client_of(always(404, {})) as (client, _):
        await client.delete_resource(SHOWN)
        await client.delete_ven(HELD)


async def test_what_may_not_be_removed_is_told() -> None:
    async with client_of(always(403, {"title": "No"})) as (client, _):
        with pytest.raises(ForbiddenError):
            await client.delete_ven(HELD)


async def test_an_answer_about_another_ven_leaves_the_outcome_unknown() -> None:
    other = {**AS_VEN, "venName": "Vejle"}
    async with client_of(always(201, other)) as (client, _):
        with pytest.raises(OutcomeUnknownError, match="'Aalborg' was sent, 'Vejle' came back"):
            await client.create_ven(VEN)


@pytest.mark.parametrize("profile", [Profile310(), Profile301()], ids=lambda profile: profile.name)
async def test_an_answer_about_another_resource_leaves_the_outcome_unknown(
    profile: Profile,
) -> None:
    other = {**AS_RESOURCE, "resourceName": "Bar"}
    async with client_of(always(201, other), profile=profile) as (client, _):
        with pytest.raises(OutcomeUnknownError, match="'Pub' was sent, 'Bar' came back"):
            await client.create_resource(PUB, HELD)
        with pytest.raises(OutcomeUnknownError, match="'Pub' was sent, 'Bar' came back"):
            await client.update_resource(PUB, SHOWN, HELD)


def page(body: bytes, status: int = 200, kind: str = "text/html") -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers={"Content-Type": kind})

    return answer


@pytest.mark.parametrize(
    "odd",
    [
        page(b"<html>sign in to the hotel's network</html>"),
        page(b"<html></html>", 201),
        page(b""),
        page(b"", 204),
        page(b"[]", 201, "application/json"),
        page(b"null", 200, "application/json"),
        page(b'{"id":"v1"', 201, "application/json"),
        page(b'{"venName":"Aalborg"}', 201, "application/json"),
        page(b'{"id":"","venName":"Aalborg"}', 201, "application/json"),
    ],
)
async def test_a_success_that_cannot_be_read_leaves_the_outcome_unknown(odd: Handler) -> None:
    async with client_of(odd) as (client, server):
        with pytest.raises(OutcomeUnknownError) as caught:
            await client.create_ven(VEN)

    assert caught.value.settled
    assert "hotel" not in str(caught.value)
    assert len(server.seen) == 1


async def test_an_empty_answer_is_no_empty_listing() -> None:
    async with client_of(page(b"")) as (client, _):
        with pytest.raises(OutcomeUnknownError, match=r"GET vens.*an empty body"):
            await client.vens()


async def test_a_filter_that_the_vtn_ignores_is_applied_here() -> None:
    vens = [AS_VEN, {"id": "v2", "venName": "Vejle"}, {"id": "v3", "venName": "aalborg"}]
    async with client_of(always(200, vens)) as (client, server):
        found = await client.vens("Aalborg")

    assert [ven.id for ven in found] == ["v1"]
    assert server.seen[0].query["venName"] == "Aalborg"


async def test_resources_of_other_vens_are_left_out() -> None:
    rows = [AS_RESOURCE, {**AS_RESOURCE, "id": "r2", "venID": "v2"}]
    async with client_of(always(200, rows)) as (client, server):
        of_one = await client.resources(VenId("v1"))
        of_all = await client.resources()

    assert [resource.id for resource in of_one] == ["r1"]
    assert [resource.id for resource in of_all] == ["r1", "r2"]
    assert server.seen[0].query["venID"] == "v1"


async def test_in_3_0_resources_belong_to_the_ven_they_stand_under() -> None:
    rows = [{"id": "r1", "resourceName": "Pub"}]
    async with client_of(always(200, rows), profile=Profile301()) as (client, server):
        [found] = await client.resources(VenId("v1"))

    assert found.ven_id == "v1"
    assert server.seen[0].path == "/vens/v1/resources"


async def test_resources_of_a_ven_that_is_gone_are_told_as_such() -> None:
    async with client_of(always(404, {}), profile=Profile301()) as (client, _):
        with pytest.raises(NotFoundError):
            await client.resources(VenId("v9"))


async def test_a_full_replacement_keeps_what_is_not_ours() -> None:
    note = Attribute("NOTE", ("keep me",))
    shown = SHOWN._replace(attributes=(note, Attribute("ADDRESS", ("old",))))
    async with client_of(always(200, AS_RESOURCE)) as (client, server):
        await client.update_resource(PUB, shown, HELD)

    assert orjson.loads(server.bodies[0])["attributes"] == [
        {"type": "MAX_POWER_CONSUMPTION", "values": [22.0]},
        {"type": "NOTE", "values": ["keep me"]},
    ]


async def test_what_cannot_be_read_is_kept_in_mind_until_it_can() -> None:
    rows: list[object] = [AS_RESOURCE, {"id": "r2", "venID": "v1", "resourceName": 7}]
    async with client_of(collection(rows)) as (client, _):
        shown = await client.resources()
        before = dict(client.unreadable)
        rows[1] = {"id": "r2", "venID": "v1", "resourceName": "Inn"}
        await client.resources()

        assert [each.id for each in shown] == ["r1"]
        assert before.keys() == {"r2"}
        assert "resourceName" in before["r2"]
        assert client.unreadable == {}
