"""Every dialect by its name, for reading what was kept in one."""

from collections.abc import Mapping

from ven_daemon.wire.profile import Profile
from ven_daemon.wire.v301 import Profile301
from ven_daemon.wire.v310 import Profile310

PROFILES: Mapping[str, Profile] = {each.name: each for each in (Profile310(), Profile301())}
