"""Settings: when reports leave, how they are filled, and how long they are kept."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, Field
from pydantic_settings import NoDecode

from ven_daemon.config.kinds import Area, Pause, Period, read_json
from ven_daemon.domain.reporting.standing import Standing


def _names(value: Any) -> Any:
    """Take a list, or names with commas between them."""
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return [name.strip() for name in value.split(",") if name.strip()]
    return read_json(value)


class StandingSetting(BaseModel):
    """What one program is told without asking."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    program: str
    payloads: tuple[str, ...] = Field(min_length=1)
    period: Period = timedelta(minutes=15)
    aggregate: bool = False

    def standing(self) -> Standing:
        """Give it as the domain has it."""
        return Standing(self.program, self.payloads, self.period, self.aggregate)


Standings = Annotated[tuple[StandingSetting, ...], NoDecode, BeforeValidator(read_json)]


class ReportSettings(Area):
    """Reports; docs/reports.md says which are sent, when, and of what."""

    report_grace: Pause = timedelta(seconds=5)
    """How long after something is due readings may still arrive before it is built."""

    report_jitter: Pause = Field(default=timedelta(0), le=timedelta(hours=1))
    """Over how long the reports of a fleet are spread, each VEN at a place of its own."""

    report_completion: Period = timedelta(seconds=30)
    """How often reports are completed by readings that came in late, each by one replacement."""

    report_ad_hoc: Period = timedelta(minutes=15)
    """How often what may be reported at any time is reported."""

    report_frequency: Literal["intervals", "seconds"] = "intervals"
    """What the VTN means by `frequency`; the specification counts intervals."""

    report_signed: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)] = ()
    """Programs that agreed on negative USAGE and DEMAND for net export, by name or id."""

    report_baseline: Literal["none", "history"] = "none"
    """BASELINE of resources that have none in the inventory: nothing, or the days before."""

    report_standing: Standings = ()
    """What programs are told that ask for nothing themselves; none unless set."""

    report_retention: Period = timedelta(days=30)
    """How long reports stay in the outbox, sent or not."""

    report_size: ByteSize = Field(default=ByteSize(5 * 1024**3), ge=1024**2)
    """How much room they may take; then the oldest go, what was sent first."""

    report_lanes: int = Field(default=32, ge=1, le=512)
    """VENs whose reports are sent at the same time."""
