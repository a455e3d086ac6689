"""Settings: reading programs and events."""

from datetime import timedelta

from pydantic import Field

from ven_daemon.config.kinds import Area, Period


class EventSettings(Area):
    """How often the VTN is asked for events, and what is borne of them."""

    poll_interval: Period = timedelta(seconds=30)
    """How often each VEN, or the shared credential, asks for events."""

    program_interval: Period = timedelta(hours=1)
    """How often programs are read; one that an event names is asked for at once."""

    event_intervals_most: int = Field(default=20_000, ge=1)
    """Intervals that an event may have; one with more is quarantined."""

    events_kept: Period = timedelta(days=30)
    """How long what became of an event is remembered after it is gone."""
