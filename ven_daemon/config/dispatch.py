"""Settings: what payloads mean to which resources, how these are reached, and the fail-safe."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import NoDecode

from ven_daemon.config.kinds import Area, Period, read_json
from ven_daemon.domain.dispatching.rules import POLICIES, Rule
from ven_daemon.domain.dispatching.selectors import Route, Selector

SINKS = {
    "log": None,
    "http": "sink_http_url",
    "sql": "sink_sql_url",
    "mqtt": "sink_mqtt_url",
}
"""Every sink, and the setting without which there is none."""

Percent = Annotated[float, Field(ge=-100, le=100)]


class _Whom(BaseModel):
    """Some resources: what is not given is any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str | None = None
    sub_type: str | None = None
    resource: str | None = None

    @property
    def whom(self) -> Selector:
        """Give it as the domain has it."""
        return Selector(self.type, self.sub_type, self.resource)


class RouteSetting(_Whom):
    """By which sink some resources are reached."""

    sink: str

    def route(self) -> Route:
        """Give it as the domain has it."""
        return Route(self.sink, self.whom)


class RuleSetting(_Whom):
    """Which policy reads a payload type, for some resources."""

    payload: str
    policy: str
    levels: Annotated[tuple[Percent, ...], Field(min_length=4, max_length=4)] = (100, 75, 50, 0)
    level: int = Field(default=3, ge=0, le=3)
    steps: dict[Decimal, Percent] = Field(default_factory=dict)
    units: str | None = None
    currency: str | None = None

    @field_validator("policy")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in POLICIES:
            raise ValueError(f"there is no policy {name!r}: one of {', '.join(sorted(POLICIES))}")
        return name

    def rule(self) -> Rule:
        """Give it as the domain has it."""
        return Rule(
            self.payload,
            self.policy,
            self.whom,
            self.levels,
            self.level,
            tuple(sorted(self.steps.items())),
            self.units,
            self.currency,
        )


def _read_routes(value: Any) -> Any:
    """Take the name of a sink for all, or a list."""
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return [{"sink": value.strip()}]
    return read_json(value)


class DispatchSettings(Area):
    """Dispatch; docs/dispatch.md says what holds where nothing is set."""

    sinks: Annotated[tuple[RouteSetting, ...], NoDecode, BeforeValidator(_read_routes)] = ()
    """By which sink commands go out: a name, or a list by type or resource; unset: `log`."""

    @field_validator("sinks")
    @classmethod
    def _sinks_are_set_up(
        cls, routes: tuple[RouteSetting, ...], info: ValidationInfo
    ) -> tuple[RouteSetting, ...]:
        problems = []
        for name in sorted({each.sink for each in routes}):
            if name not in SINKS:
                problems.append(f"there is no sink {name!r}: one of {', '.join(sorted(SINKS))}")
            # An address that is wrong is absent here, and said already.
            elif (address := SINKS[name]) and info.data.get(address, "wrong") is None:
                problems.append(f"{name} is not set up: VEN_{address.upper()}")
        if problems:
            raise ValueError("; ".join(problems))
        return routes

    dispatch_policies: Annotated[tuple[RuleSetting, ...], NoDecode, BeforeValidator(read_json)] = ()
    """What payloads mean in kW, where it is not what docs/dispatch.md says: a list of rules."""

    dispatch_horizon: Period = Field(default=timedelta(days=1), le=timedelta(days=14))
    """How far ahead dispatches are planned."""

    dispatch_retention: Period = timedelta(days=7)
    """How long dispatches that ended stay on record."""

    failsafe_after: Period = timedelta(hours=1)
    """How long the VTN may be silent before limits fall back to what is subscribed."""

    failsafe: Literal["hold", "release"] = "hold"
    """What becomes of events then: they hold to their end, or are released at once."""

    failsafe_telemetry_after: Period = Field(
        default=timedelta(minutes=15), ge=timedelta(minutes=1), le=timedelta(days=1)
    )
    """How long a resource that brings readings may bring none."""

    failsafe_telemetry: Literal["hold", "release"] = "hold"
    """What becomes of events then: they hold to their end, or it is released until it is heard."""

    failsafe_stop: Literal["hold", "release"] = "hold"
    """What a stop of the daemon does: nothing, or it releases what is followed."""
