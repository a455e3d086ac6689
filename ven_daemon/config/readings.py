"""Settings: what is taken of readings, and how long it is kept."""

from datetime import timedelta

from pydantic import ByteSize, Field

from ven_daemon.config.kinds import Area, Period


class ReadingsSettings(Area):
    """Telemetry."""

    readings_retention: Period = timedelta(days=30)
    """How long readings are kept; older ones are not taken."""

    readings_size: ByteSize = Field(default=ByteSize(5 * 1024**3), ge=1024**2)
    """How much room readings may take, such as `5GiB`; then the oldest are deleted."""

    readings_queue: int = Field(default=50_000, ge=1)
    """Readings that may wait for the store before others are told to come back."""

    readings_per_post: int = Field(default=10_000, ge=1)
    """Readings of one HTTP request, at the most."""

    readings_body: ByteSize = Field(default=ByteSize(2 * 1024**2), ge=1024)
    """Bytes of one HTTP request with readings, decompressed, at the most."""
