"""What an operator sets to register the small fleet, and finds at the VTN."""

from tests.registration.fleet import RESOURCES, VENS, SmallFleet
from tests.rig.sandbox import SandboxVtn


def assert_all_is_there(vtn: SandboxVtn) -> None:
    held = vtn.summary()
    assert (held["vens"], held["resources"]) == (len(VENS), RESOURCES)
    assert held["duplicates"] == 0


def operator(vtn: SandboxVtn, fleet: SmallFleet) -> dict[str, str]:
    """The settings of an installation that signs as the business client."""
    return {
        "VEN_VTN_URL": vtn.url,
        "VEN_INVENTORY_URL": fleet.url,
        "VEN_CLIENT_ID": "operator",
        "VEN_CLIENT_SECRET": "s-operator",
        "VEN_REQUEST_TIMEOUT": "2",
    }
