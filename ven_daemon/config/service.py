"""Settings: the databases, the surface for operators, cadences, logs."""

from datetime import timedelta
from typing import Literal

from pydantic import Field, SecretStr

from ven_daemon.config.kinds import Area, Period


class ServiceSettings(Area):
    """The process itself."""

    inventory_url: str = "sqlite:///./config/resources.db"
    """The resources database."""

    state_url: str = "sqlite:///./var/state.db"
    """Our own database."""

    state_reserve: int = Field(default=16 * 1024 * 1024, ge=0)
    """Bytes kept beside a SQLite state, given up when its disk is full; 0 keeps none."""

    http_host: str = "127.0.0.1"
    """Where the daemon answers its operators."""

    http_port: int = Field(default=8081, ge=0, le=65535)
    """The port for it; 0 takes a free one."""

    operator_token: SecretStr | None = None
    """Bearer token of operators; without it the daemon answers its own machine only."""

    reconcile_interval: Period = timedelta(minutes=5)
    """How often the VTN is compared with the inventory."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least level that is logged."""

    log_format: Literal["auto", "json", "text"] = "auto"
    """`auto`: text on a terminal, JSON lines elsewhere."""
