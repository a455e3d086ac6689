"""Registration, decided: what is wanted of a VTN follows from the inventory."""

from tests.domain.registrations import VEN, records, row
from ven_daemon.domain.fleet import Ven
from ven_daemon.domain.ids import ClientId, VenName
from ven_daemon.domain.naming import derived_client_id
from ven_daemon.domain.planning import want


def test_what_is_wanted_follows_from_the_inventory() -> None:
    ven = Ven(VenName("Århus\0"), (row(1), row(2, enabled=False), row(3)))

    made = want(ven, records(), None, ("all", "{ven}"), ("{type}", "{sub_type}"))

    assert (made.ven, made.name, made.targets) == ("Århus\0", "Århus", ("all", "Aarhus"))
    assert (made.client_id, made.bound) == (derived_client_id(VenName("Århus\0")), False)
    assert [each.key for each in made.resources] == ["k1", "k3"]
    assert made.resources[0].name == "Pub"
    assert made.resources[1].name.startswith("Pub#")
    assert made.resources[0].targets == ("EV",)


def test_a_vens_own_credential_binds_it() -> None:
    made = want(Ven(VEN, ()), records(), ClientId("mine"), (), ())

    assert (made.client_id, made.bound) == ("mine", True)
