"""The rig itself: what the acceptance tests lean on holds before they blame the daemon."""

import socket

import pytest

from tests.rig.openleadr import OpenleadrVtn
from tests.rig.openleadr_install import OPENADR_30
from tests.rig.postgres import Postgres
from tests.rig.rest import call, expect

pytestmark = [pytest.mark.interop, pytest.mark.timeout(1800)]


def test_what_a_business_client_registers_is_read_back_from_the_vtns_own_tables(
    vtn: OpenleadrVtn,
) -> None:
    vtn.register("Nykøbing Falster", "Bar 1")

    (ven,) = vtn.vens()
    (resource,) = vtn.resources()
    assert ven.name == "Nykøbing Falster"
    assert (resource.ven, resource.name) == ("Nykøbing Falster", "Bar 1")
    assert resource.attributes == {"ROOMS": [25.0]}
    assert vtn.counts() == (1, 1)
    assert vtn.duplicates() == []


def test_a_wiped_vtn_has_forgotten_its_vens_and_still_knows_its_users(vtn: OpenleadrVtn) -> None:
    vtn.register("Aarhus", "Bar 1")

    vtn.wipe()

    assert vtn.counts() == (0, 0)
    assert vtn.token(vtn.business)


def test_a_restart_with_a_new_secret_voids_every_token_and_keeps_the_objects(
    vtn: OpenleadrVtn,
) -> None:
    vtn.register("Aarhus", "Bar 1")
    before = vtn.token(vtn.business)

    vtn.restart(new_secret=True)

    assert call("GET", f"{vtn.url}/vens", token=before).status == 403
    assert call("GET", f"{vtn.url}/vens", token=vtn.token(vtn.business)).status == 200
    assert vtn.counts() == (1, 1)


def test_a_ven_client_of_31_registers_itself_and_sees_nobody_else(vtn_31: OpenleadrVtn) -> None:
    clients = vtn_31.ven_clients(["Aarhus", "Vejle"])
    vtn_31.register("Odense", "Bar 1")

    token = vtn_31.token(clients["Vejle"])
    body = {"objectType": "VEN_VEN_REQUEST", "venName": "Vejle"}
    expect(201, call("POST", f"{vtn_31.url}/vens", body=body, token=token))
    seen = call("GET", f"{vtn_31.url}/vens", token=token).json()

    assert [ven["venName"] for ven in seen] == ["Vejle"]
    assert {ven.client for ven in vtn_31.vens()} >= {clients["Vejle"].id}


def test_a_ven_user_of_30_sees_the_vens_that_were_there_when_it_was_made(
    vtn_30: OpenleadrVtn,
) -> None:
    vtn_30.register("Aarhus", "Bar 1")
    user = vtn_30.ven_user()
    vtn_30.register("Vejle", "Bar 1")

    seen = call("GET", f"{vtn_30.url}/vens", token=vtn_30.token(user)).json()

    assert [ven["venName"] for ven in seen] == ["Aarhus"]


def test_a_vtn_whose_port_is_taken_says_so(vtn_30: OpenleadrVtn, postgres: Postgres) -> None:
    assert OPENADR_30.fixed_port is not None
    second = OpenleadrVtn(OPENADR_30, postgres.fresh_database())

    with (
        socket.create_connection(("127.0.0.1", OPENADR_30.fixed_port)),
        pytest.raises(AssertionError, match="always listens on port 3000"),
    ):
        second.start()
