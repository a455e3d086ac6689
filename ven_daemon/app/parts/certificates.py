"""Keeping up with certificates: files of ours that change, and when the VTN's runs out."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from yarl import URL

from ven_daemon.app.parts.part import Part
from ven_daemon.config import Settings
from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.runtime.figures import Figure
from ven_daemon.runtime.loop import Loop
from ven_daemon.vtn.certificates import expiry_of
from ven_daemon.vtn.exchange import Exchange

LOOK_EVERY = timedelta(seconds=2)
"""Between two looks at our files."""

ASK_EVERY = 3600.0
"""Seconds between two looks at the VTN's certificate; a tenth where the last one failed."""

WARN_DAYS = 7

_log = structlog.get_logger(__name__)


class CertificatesPart(Part):
    """What is trusted follows the files without a restart; a bad file changes nothing (F32)."""

    name = "certificates"

    def __init__(self, settings: Callable[[], Settings], exchange: Exchange) -> None:
        self.expires: datetime | None = None
        """When the VTN's certificate runs out, where that is known."""
        self._settings = settings
        self._exchange = exchange
        self._ask_at = 0.0
        self._looking = Loop("certificates", self._look)
        self._looking.wake()

    def cadences(self) -> Sequence[tuple[Loop, timedelta]]:
        """Look every two seconds."""
        return ((self._looking, LOOK_EVERY),)

    async def _look(self) -> None:
        """Look at the files and, more seldom, at the VTN."""
        try:
            if self._exchange.trust_what_changed():
                _log.info("tls.files_reloaded")
                self._ask_at = 0.0
        except ConfigurationError as error:
            _log.error("tls.files_refused", error=str(error))
        url = URL(str(self._settings().vtn_url))
        if url.scheme == "https" and time.monotonic() >= self._ask_at:
            await self._ask(url)

    async def _ask(self, url: URL) -> None:
        try:
            self.expires = await expiry_of(url, self._exchange.context)
        except (OSError, TimeoutError) as error:
            # Requests fail of the same, and say so with what it means.
            _log.debug("tls.certificate_not_seen", error=str(error))
            self._ask_at = time.monotonic() + ASK_EVERY / 10
            return
        self._ask_at = time.monotonic() + ASK_EVERY
        days = (self.expires - datetime.now(UTC)).total_seconds() / 86400
        if days < WARN_DAYS:
            _log.warning("tls.certificate_runs_out", days=round(days, 1))

    def figures(self) -> Iterable[Figure]:
        """Give what is left of the certificate's life."""
        if self.expires is not None:
            left = (self.expires - datetime.now(UTC)).total_seconds()
            yield Figure.gauge("cert_expiry_seconds", "Life left of the VTN's certificate.", left)
