"""What is wanted, what is there and what is on record of a VEN in a few words."""

from ven_daemon.domain.attributes import Attribute
from ven_daemon.domain.fleet import Resource
from ven_daemon.domain.ids import ClientId, ResourceId, ResourceKey, ResourceName, VenId, VenName
from ven_daemon.domain.registration import (
    ObservedResource,
    ObservedVen,
    Origin,
    Policy,
    Record,
    Records,
    Status,
    WantedVen,
    Wish,
)

VEN = VenName("Aalborg")
MINE, PRUNE, ALL = Policy(), Policy(prune=True), Policy(prune=True, prune_adopted=True)
HELD = ObservedVen(VenId("v1"), "Aalborg", "c1")
KEY = Attribute("RESOURCE_ID", ("k",))
POWER = (KEY, Attribute("MAX_POWER_CONSUMPTION", (22.0,)))
OTHER = (KEY, Attribute("MAX_POWER_CONSUMPTION", (11.0,)))
NOTE = Attribute("NOTE_OF_SOMEBODY", ("keep me",))


def wish(name: str = "R", power: float = 22.0, key: str = "k", *problems: str) -> Wish:
    row = Resource(1, ResourceKey(key), name, capacities={"P_max_kw": power}, problems=problems)
    return Wish(ResourceName(name), row)


def wanted(*wishes: Wish, bound: bool = False, client: str = "c1") -> WantedVen:
    return WantedVen(VEN, "Aalborg", ClientId(client), (), wishes, bound)


def there(
    name: str = "R", power: tuple[Attribute, ...] = POWER, id_: str = "r1", ven: str = "v1"
) -> ObservedResource:
    return ObservedResource(ResourceId(id_), VenId(ven), name, "c1", (), power)


def record(name: str = "R", id_: str | None = "r1", **fields: object) -> Record:
    known = Record(name, Status.REGISTERED, key="k", vtn_id=id_, origin=Origin.CREATED)
    return known._replace(**fields)  # type: ignore[arg-type]


def records(*known: Record, ven: Record | None = None) -> Records:
    return Records(ven, {each.name: each for each in known})


def row(number: int, name: str = "Pub", *, enabled: bool = True, power: float = 22.0) -> Resource:
    return Resource(
        number,
        ResourceKey(f"k{number}"),
        name,
        resource_type="EV",
        capacities={"P_max_kw": power},
        ven=VEN,
        enabled=enabled,
    )
