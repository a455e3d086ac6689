"""Plausible loads, for trying things out: nothing that was measured.

A value follows from seed, resource and instant alone, so whoever asks again is told
the same; there is no state and no dice.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from math import cos, pi
from types import MappingProxyType

_Curve = tuple[tuple[float, float, float], ...]
"""Humps: hour of the day, width in hours, share of the maximum."""


_DEFAULT: _Curve = ((8.0, 2.0, 0.3), (18.5, 3.0, 0.6))
CURVES: Mapping[str, _Curve] = MappingProxyType(
    {
        "Restaurants": ((12.5, 1.5, 0.5), (19.0, 2.5, 0.8)),
        "Bars": ((21.5, 4.0, 0.8),),
        "Bakeries": ((4.5, 2.5, 0.85), (10.0, 3.0, 0.35)),
        "Hotels": ((7.5, 2.0, 0.6), (20.0, 3.5, 0.65)),
        "Schools": ((10.5, 3.0, 0.7),),
        "Industries": ((11.0, 5.0, 0.75),),
        "Swimmingpools": ((8.0, 4.0, 0.55), (17.0, 4.0, 0.6)),
        "Chargingstations": ((8.5, 1.5, 0.4), (18.0, 3.0, 0.75)),
        "PV": ((13.0, 4.0, -0.8),),
    }
)
_STANDBY = 0.08
_SMOOTH = timedelta(minutes=15)


def load(
    seed: int,
    resource: str,
    sub_type: str | None,
    capacities: Mapping[str, float],
    at: datetime,
) -> float:
    """Give the kW that a resource draws at an instant, within its own limits."""
    most = capacities.get("P_max_kw", 10.0)
    least = min(capacities.get("P_min_kw", 0.0), 0.0)
    hour = at.hour + at.minute / 60 + at.second / 3600
    shift = 3 * (_chance(seed, resource, "shift") - 0.5)
    share = _STANDBY + sum(
        height * _hump(hour - centre - shift, width)
        for centre, width, height in CURVES.get(sub_type or "", _DEFAULT)
    )
    if at.weekday() >= 5 and sub_type in ("Schools", "Industries"):
        share = _STANDBY + (share - _STANDBY) * 0.2
    share *= 0.7 + 0.6 * _drift(seed, resource, at)
    return round(max(least, min(most, share * most)), 3)


def _hump(hours: float, width: float) -> float:
    """Rise and fall like a cosine, over midnight too."""
    away = abs((hours + 12) % 24 - 12)
    return 0.5 + 0.5 * cos(pi * away / width) if away < width else 0.0


def _drift(seed: int, resource: str, at: datetime) -> float:
    """Wander between 0 and 1, from quarter to quarter of an hour."""
    quarters = at.timestamp() / _SMOOTH.total_seconds()
    before = int(quarters // 1)
    part = quarters - before
    return (1 - part) * _chance(seed, resource, before) + part * _chance(seed, resource, before + 1)


def _chance(seed: int, resource: str, what: object) -> float:
    digest = blake2b(f"{seed}/{resource}/{what}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
