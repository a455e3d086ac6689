"""Getting tokens, and what they are worth."""

import asyncio
import base64

import aiohttp
import orjson
import pytest

from tests.sandbox.rig import CLIENTS, Sandbox, bl_ven, credential, ven_ven
from ven_daemon.sandbox.clients import Client


def claims_of(token: str) -> dict[str, object]:
    middle = token.split(".")[1]
    claims: dict[str, object] = orjson.loads(base64.urlsafe_b64decode(middle + "=="))
    return claims


async def test_the_token_url_is_told_without_a_token(vtn: Sandbox) -> None:
    reply = await vtn.get("/auth/server")

    assert (reply.status, reply.json) == (200, {"tokenURL": f"{vtn.url}/auth/token"})


async def test_in_3_0_there_is_no_such_discovery(vtn30: Sandbox) -> None:
    assert (await vtn30.get("/auth/server")).status == 404
    assert (await vtn30.ask_token(credential("ven-1"))).status == 200


async def test_a_token_is_a_bearer_for_thirty_days_that_must_not_be_stored(vtn: Sandbox) -> None:
    reply = await vtn.ask_token(credential("ven-1"))

    assert reply.status == 200
    assert (reply.json["token_type"], reply.json["expires_in"]) == ("Bearer", 2_592_000)
    assert reply.headers["Cache-Control"] == "no-store"


async def test_a_token_names_its_client_its_times_and_its_scopes(vtn: Sandbox) -> None:
    ven, operator = claims_of(await vtn.token("ven-1")), claims_of(await vtn.token("operator"))

    assert ven["sub"] == "ven-1"
    assert ven["nbf"] == ven["iat"]
    assert ven["scope"] == [
        "read_targets",
        "read_ven_objects",
        "write_reports",
        "write_subscriptions",
        "write_vens_ven",
    ]
    assert operator["scope"] == [
        "read_all",
        "write_vens_bl",
        "write_programs",
        "write_events",
        "write_subscriptions",
    ]


async def test_in_3_0_both_roles_read_all_and_write_vens(vtn30: Sandbox) -> None:
    for client in ("operator", "ven-1"):
        scopes = claims_of(await vtn30.token(client))["scope"]
        assert {"read_all", "write_vens"} <= set(scopes)  # type: ignore[call-overload]


async def test_basic_authentication_is_as_good_as_the_body(vtn: Sandbox) -> None:
    auth = aiohttp.encode_basic_auth("ven-1", "s-ven-1")
    headers = {"Authorization": auth}

    reply = await vtn.ask_token({"grant_type": "client_credentials"}, headers=headers)

    assert reply.status == 200


async def test_both_at_once_are_an_invalid_request(vtn: Sandbox) -> None:
    headers = {"Authorization": aiohttp.encode_basic_auth("ven-1", "s-ven-1")}

    reply = await vtn.ask_token(credential("ven-1"), headers=headers)

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "wrong",
    [{"client_secret": "guess"}, {"client_id": "nobody"}, {"client_id": "", "client_secret": ""}],
)
async def test_a_wrong_credential_is_an_invalid_client(vtn: Sandbox, wrong: dict[str, str]) -> None:
    reply = await vtn.ask_token({**credential("ven-1"), **wrong})

    assert reply.status == 401
    assert reply.json == {
        "error": "invalid_client",
        "error_description": "Invalid client_id or client_secret",
    }
    assert reply.headers["WWW-Authenticate"].startswith("Basic")


async def test_a_missing_credential_is_an_invalid_client(vtn: Sandbox) -> None:
    reply = await vtn.ask_token({"grant_type": "client_credentials"})

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")


async def test_an_unreadable_basic_header_is_an_invalid_client(vtn: Sandbox) -> None:
    reply = await vtn.ask_token(
        {"grant_type": "client_credentials"}, headers={"Authorization": "Basic ???"}
    )

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")


async def test_other_grants_are_not_supported(vtn: Sandbox) -> None:
    password = await vtn.ask_token({**credential("ven-1"), "grant_type": "password"})
    none = await vtn.ask_token({"client_id": "ven-1", "client_secret": "s-ven-1"})

    assert (password.status, password.json["error"]) == (400, "unsupported_grant_type")
    assert (none.status, none.json["error"]) == (400, "invalid_request")


async def test_a_parameter_given_twice_is_an_invalid_request(vtn: Sandbox) -> None:
    body = b"grant_type=client_credentials&client_id=a&client_id=b&client_secret=c"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    reply = await vtn.call("POST", "/auth/token", body, headers=headers)

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")


async def test_a_token_request_in_json_is_of_the_wrong_type(vtn: Sandbox) -> None:
    reply = await vtn.post("/auth/token", credential("ven-1"))

    assert reply.status == 415
    assert "application/x-www-form-urlencoded" in reply.detail


async def test_the_token_endpoint_takes_post_only(vtn: Sandbox) -> None:
    reply = await vtn.get("/auth/token")

    assert (reply.status, reply.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/vens", "/resources"])
async def test_without_a_token_a_request_is_401_and_told_how(vtn: Sandbox, path: str) -> None:
    reply = await vtn.get(path)

    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="VTN"'


async def test_another_scheme_is_no_token(vtn: Sandbox) -> None:
    basic = {"Authorization": aiohttp.encode_basic_auth("ven-1", "s-ven-1")}

    assert (await vtn.get("/vens", headers=basic)).status == 401


async def test_an_invalid_token_is_403_with_the_words_of_real_vtns(vtn: Sandbox) -> None:
    good = await vtn.token("ven-1")
    for token in ("x", "a.b.c", good[:-4] + "AAAA", "ä.ö.ü"):
        reply = await vtn.get("/vens", headers={"Authorization": f"Bearer {token}"})

        assert (reply.status, reply.detail) == (403, "Invalid authentication token provided")


async def test_an_expired_token_is_invalid() -> None:
    async with Sandbox(token_lifetime=1) as vtn:
        assert (await vtn.get("/vens", "ven-1")).status == 200
        await asyncio.sleep(2.05)  # expiry is told in whole seconds, rounded up

        assert (await vtn.get("/vens", "ven-1")).detail == "Invalid authentication token provided"


async def test_revoking_kills_the_tokens_issued_so_far_and_no_later_one(vtn: Sandbox) -> None:
    await vtn.get("/vens", "ven-1")
    await vtn.call("POST", "/sandbox/revoke")
    assert (await vtn.get("/vens", "ven-1")).status == 403

    vtn.forget_tokens()

    assert (await vtn.get("/vens", "ven-1")).status == 200


async def test_revoking_can_be_for_some_clients_only(vtn: Sandbox) -> None:
    await vtn.get("/vens", "ven-1")
    await vtn.get("/vens", "ven-2")

    await vtn.post("/sandbox/revoke", {"clients": ["ven-1"]})

    assert (await vtn.get("/vens", "ven-1")).status == 403
    assert (await vtn.get("/vens", "ven-2")).status == 200


async def test_a_token_of_another_process_is_invalid(vtn: Sandbox) -> None:
    async with Sandbox() as other:
        foreign = await other.token("ven-1")

    reply = await vtn.get("/vens", headers={"Authorization": f"Bearer {foreign}"})

    assert reply.status == 403


async def test_a_missing_scope_is_403_and_named() -> None:
    reader = Client("reader", "s-reader", "ven", scopes=("read_ven_objects",))
    blind = Client("blind", "s-blind", "ven", scopes=())
    async with Sandbox(clients=(*CLIENTS, reader, blind)) as vtn:
        write = await vtn.post("/vens", ven_ven("x"), "reader")
        read = await vtn.get("/vens", "blind")

    assert write.status == read.status == 403
    assert write.detail == "Missing 'write_vens_bl' or 'write_vens_ven' scope"
    assert read.detail == "Missing 'read_all' or 'read_ven_objects' scope"


async def test_a_client_that_cannot_be_a_client_id_cannot_act_as_a_ven() -> None:
    async with Sandbox(clients=(Client("abc@clients", "s-abc@clients", "ven"),)) as vtn:
        reply = await vtn.get("/vens", "abc@clients")

    assert reply.status == 401
    assert reply.detail == "OAuth2 subject cannot be parsed as OpenADR clientId"


async def test_an_open_sandbox_gives_tokens_to_anybody(open_vtn: Sandbox) -> None:
    assert (await open_vtn.ask_token(credential("whoever"))).status == 200


async def test_secrets_are_in_no_ledger_and_no_answer(vtn: Sandbox) -> None:
    await vtn.post("/vens", bl_ven("ven-1", "n"), "operator")
    refused = await vtn.ask_token({**credential("ven-1"), "client_secret": "a-wrong-guess"})

    seen = refused.body + (await vtn.get("/sandbox/ledger")).body

    assert b"s-operator" not in seen
    assert b"a-wrong-guess" not in seen
    assert (await vtn.token("operator")).encode() not in seen
    assert "s-ven-1" not in repr(CLIENTS)
