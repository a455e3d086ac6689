"""What a payload means in kW for one resource: plain functions, chosen by rules.

A policy never leaves the resource's own limits, and says where it had to clamp. Powers
are kW, consumption positive; energies are kWh. Defaults are listed in docs/dispatch.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from math import floor
from typing import NamedTuple

from ven_daemon.domain.attributes import Value
from ven_daemon.domain.dispatching.ratings import Bounds, Pool, Rating
from ven_daemon.domain.payload_types import number

_TO_KW = {None: 1.0, "KW": 1.0, "W": 0.001, "MW": 1000.0}
_PERCENT = frozenset({None, "PERCENT", "PERCENTAGE", "%"})

ALONE = Pool()
"""Nobody to share with: for payloads that nobody shares."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One payload, for one resource, for one window."""

    type: str
    values: tuple[Value, ...]
    rating: Rating
    units: str | None = None
    currency: str | None = None
    hours: float | None = None
    """How long the window is; None is open-ended."""
    pool: Pool = ALONE
    """Everybody who shares the value, this resource too."""

    @property
    def number(self) -> float | None:
        """Its value, where it is one number."""
        return number(self.values[0]) if self.values else None


class Derived(NamedTuple):
    """What was made of it: nothing is a value too, with its reason."""

    kw: float | None = None
    kwh: float | None = None
    reason: str = ""


Policy = Callable[[Ask], Derived]


def ignore(_: Ask) -> Derived:
    """Hand the payload on as it is."""
    return Derived()


def levels(table: tuple[float, ...], level: int | None, least: float, ask: Ask) -> Derived:
    """Limit by level: *table* in percent of P_max_kw, below zero of what may be exported.

    *level* None is read from the payload. No percentage goes below *least*.
    """
    at = ask.number if level is None else level
    if at is None or not 0 <= at < len(table):
        return Derived(reason=f"there is no level {_shown(at)}")
    return _percent(max(table[int(at)], least), ask.rating)


def thresholds(
    steps: tuple[tuple[Decimal, float], ...], units: str | None, currency: str | None, ask: Ask
) -> Derived:
    """Limit by a number that costs: from each step on, its percentage of P_max_kw.

    Money is compared as decimals. A value in other units than the steps is not guessed at.
    """
    for ours, theirs in ((units, ask.units), (currency, ask.currency)):
        if ours is not None and ours != theirs:
            return Derived(reason=f"given in {theirs}, and the thresholds in {ours}")
    if ask.number is None:
        return Derived(reason="not a number")
    value = Decimal(str(ask.number))
    reached = [percent for step, percent in sorted(steps) if value >= step]
    return _percent(reached[-1] if reached else 100.0, ask.rating)


def import_limit(ask: Ask) -> Derived:
    """Share a limit of consumption by capacity."""
    return _shared(ask, ask.rating.imports, ask.pool.imports, limits=True)


def export_limit(ask: Ask) -> Derived:
    """Share a limit of export by what each may export; the kW are negative."""
    return _shared(ask, ask.rating.exports, ask.pool.exports, sign=-1, limits=True)


def setpoint(ask: Ask) -> Derived:
    """Share a power by capacity: consumption where it is positive, else export."""
    if (ask.number or 0.0) < 0:
        return _shared(ask, ask.rating.exports, ask.pool.exports, sign=-1)
    return _shared(ask, ask.rating.imports, ask.pool.imports)


def relative(ask: Ask) -> Derived:
    """Share a change of power by the reach of each; the kW are a change, too."""
    mine = _reach(ask.rating.imports) + _reach(ask.rating.exports)
    all_ = _reach(ask.pool.imports) + _reach(ask.pool.exports)
    derived = _shared(ask, (0.0, mine), (0.0, all_), sign=-1 if (ask.number or 0.0) < 0 else 1)
    return derived._replace(reason=_join("a change, not a level", derived.reason))


def charge(ask: Ask) -> Derived:
    """Say what energy a store is to hold, and what power suffices, were it empty now.

    PERCENT is a fraction by the standard, and most write 80 for 0.8 (T-09): what cannot
    be a fraction is taken for percent.
    """
    value, rating = ask.number, ask.rating
    if value is None or rating.e_max is None:
        return Derived(reason="not a number" if value is None else "no E_max_kwh")
    if ask.units in _PERCENT:
        asked = rating.e_max * (value if value <= 1 else value / 100)
    elif ask.units == "KWH":
        asked = value
    else:
        return Derived(reason=f"a state of charge in {ask.units}")
    empty = rating.e_min or 0.0
    kwh = min(max(asked, empty), rating.e_max)
    words = _join(_clamped(asked, kwh, "kWh"), rating.problem)
    if rating.p_max is None:
        return Derived(None, round(kwh, 3), _join(words, "no P_max_kw"))
    most = max(0.0, rating.p_max)
    needed = (kwh - empty) / ask.hours if ask.hours else most
    return Derived(round(min(needed, most), 3), round(kwh, 3), words)


SHARED: frozenset[Policy] = frozenset({import_limit, export_limit, setpoint, relative})
"""The policies whose answer depends on who else is meant."""


def _shared(ask: Ask, own: Bounds, all_: Bounds, *, sign: int = 1, limits: bool = False) -> Derived:
    """Give each its least, and the same part of what it can do beyond: sums never exceed.

    *limits* are positive whatever the direction; a negative one is none at all (F40).
    """
    value, scale, rating = ask.number, _TO_KW.get(ask.units), ask.rating
    if value is None or scale is None:
        return Derived(reason="not a number" if value is None else f"in {ask.units}, not in kW")
    if rating.p_max is None:
        return Derived(reason="no P_max_kw")
    asked = value * scale if limits else abs(value * scale)
    (low, high), (least, most) = own, all_
    within = min(max(asked, least), most)
    part = (within - least) / (most - least) if most > least else 0.0
    kw = low + part * (high - low)
    words = _clamped(sign * asked, sign * within, "kW" if own == all_ else "kW for all")
    # Down to a watt: rounding must not make them exceed what they share.
    kw = floor(kw * 1000 + 1e-6) / 1000
    return Derived(sign * kw or 0.0, None, _join(words, rating.problem))


def _percent(percent: float, rating: Rating) -> Derived:
    if rating.p_max is None:
        return Derived(reason="no P_max_kw")
    of = rating.p_max if percent >= 0 else max(0.0, -rating.low)
    asked = of * percent / 100
    kw = min(max(asked, rating.low), rating.p_max)
    words = _join(_clamped(asked, kw, "kW"), rating.problem)
    return Derived(round(kw, 3) or 0.0, None, words)


def _clamped(asked: float, kept: float, unit: str) -> str:
    if abs(asked - kept) < 0.0005:
        return ""
    return f"clamped from {_shown(asked)} to {_shown(kept)} {unit}"


def _reach(bounds: Bounds) -> float:
    return bounds[1] - bounds[0]


def _join(*words: str) -> str:
    return ", ".join(each for each in words if each)


def _shown(value: float | None) -> str:
    return "None" if value is None else f"{value or 0.0:.6g}"
