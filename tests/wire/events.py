"""An event with some of its members, read in either dialect."""

import orjson
import pytest

from tests.wire.test_golden import PROFILES
from ven_daemon.domain.events import Event
from ven_daemon.wire.profile import Profile, Shown

BOTH = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)


def event(profile: Profile, **members: object) -> Shown[Event]:
    body = orjson.dumps({"id": "e1", "programID": "p1", **members})
    return profile.read_event(body)


def read(profile: Profile, **members: object) -> Event:
    shown = event(profile, **members)
    assert shown.item is not None, shown.reason
    return shown.item
