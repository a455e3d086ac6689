"""Which policy reads which payload type, for whom: an operator's rules, then the defaults."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from ven_daemon.domain.dispatching import policies
from ven_daemon.domain.dispatching.policies import Policy
from ven_daemon.domain.dispatching.selectors import EVERYBODY, Kind, Selector, choose


@dataclass(frozen=True, slots=True)
class Rule:
    """Which policy reads a payload type, for whom, and with what."""

    payload: str
    """A payload type, or the beginning of several and `*`."""
    policy: str
    whom: Selector = EVERYBODY
    levels: tuple[float, ...] = (100, 75, 50, 0)
    """Of `levels` and `alert`: percent of P_max_kw at level 0, 1, 2, 3."""
    level: int = 3
    """Of `alert`: the level that it stands for."""
    steps: tuple[tuple[Decimal, float], ...] = ()
    """Of `thresholds`: from this value on, that percentage of P_max_kw."""
    units: str | None = None
    currency: str | None = None

    def bound(self) -> Policy:
        """Give the function, with what the rule says of it.

        Raises:
            KeyError: there is no policy of this name.
        """
        return POLICIES[self.policy](self)

    def reads(self, payload: str) -> bool:
        """Whether it is about a payload type."""
        if self.payload.endswith("*"):
            return payload.startswith(self.payload[:-1])
        return payload == self.payload


POLICIES: Mapping[str, Callable[[Rule], Policy]] = {
    "ignore": lambda _: policies.ignore,
    "levels": lambda rule: partial(policies.levels, rule.levels, None, -100.0),
    # An alert sheds; it does not make a store discharge into a grid that may be down.
    "alert": lambda rule: partial(policies.levels, rule.levels, rule.level, 0.0),
    "thresholds": lambda rule: partial(policies.thresholds, rule.steps, rule.units, rule.currency),
    "import_limit": lambda _: policies.import_limit,
    "export_limit": lambda _: policies.export_limit,
    "setpoint": lambda _: policies.setpoint,
    "relative": lambda _: policies.relative,
    "charge": lambda _: policies.charge,
}
"""Every policy that a rule may name."""

_EV, _BATTERY, _PV = (Selector(type=kind) for kind in ("EV", "BATTERY", "PV"))
_LEVELS = ((_EV, (100.0, 50.0, 25.0, 0.0)), (_BATTERY, (100.0, 0.0, -50.0, -100.0)))
_ALERTS = {"GRID_EMERGENCY": 3, "BLACK_START": 3, "FLEX_ALERT": 2, "POSSIBLE_OUTAGE": 1}


def _alert(name: str, level: int) -> tuple[Rule, ...]:
    payload = f"ALERT_{name}"
    if name == "POSSIBLE_OUTAGE":  # a store had better be full by then
        stores = [Rule(payload, "ignore", whom) for whom, _ in _LEVELS]
    else:
        stores = [Rule(payload, "alert", whom, table, level) for whom, table in _LEVELS]
    return Rule(payload, "alert", level=level), *stores, Rule(payload, "ignore", _PV)


DEFAULTS = (
    Rule("SIMPLE", "levels"),
    *(Rule("SIMPLE", "levels", whom, table) for whom, table in _LEVELS),
    Rule("SIMPLE", "ignore", _PV),
    *(rule for name, level in _ALERTS.items() for rule in _alert(name, level)),
    Rule("IMPORT_CAPACITY_LIMIT", "import_limit"),
    Rule("EXPORT_CAPACITY_LIMIT", "export_limit"),
    Rule("DISPATCH_SETPOINT", "setpoint"),
    Rule("DISPATCH_SETPOINT_RELATIVE", "relative"),
    Rule("CHARGE_STATE_SETPOINT", "charge", _EV),
    Rule("CHARGE_STATE_SETPOINT", "charge", _BATTERY),
)
"""What holds where no setting says otherwise; docs/dispatch.md lists it."""


@dataclass(slots=True)
class Rules:
    """Chooses policies: an operator's rules before the defaults, the most specific first."""

    own: tuple[Rule, ...] = ()
    _apart: frozenset[str | None] = field(init=False, repr=False)
    """The resources that a rule names."""
    _found: dict[tuple[str, Kind], Policy] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Note who is set apart."""
        self._apart = frozenset(rule.whom.resource for rule in self.own)

    def policy(self, payload: str, kind: Kind) -> Policy:
        """Choose the policy for a payload type and a resource."""
        key = (payload, self.class_of(kind))
        if key not in self._found:
            rule = self._choose(self.own, payload, kind) or self._choose(DEFAULTS, payload, kind)
            self._found[key] = rule.bound() if rule else policies.ignore
        return self._found[key]

    def class_of(self, kind: Kind) -> Kind:
        """Forget which resource it is, where no rule asks."""
        return kind if kind.resource in self._apart else Kind(kind.type, kind.sub_type, "")

    @staticmethod
    def _choose(rules: Iterable[Rule], payload: str, kind: Kind) -> Rule | None:
        return choose([rule for rule in rules if rule.reads(payload)], kind)
