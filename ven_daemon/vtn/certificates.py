"""The certificate that a server shows."""

import asyncio
import ssl
from datetime import datetime

from yarl import URL

CONNECT_SECONDS = 5.0


async def expiry_of(url: URL, context: ssl.SSLContext) -> datetime:
    """Shake hands as requests do, and say until when the certificate shown holds.

    Raises:
        OSError, TimeoutError: no connection can be made, or the certificate does not hold.
    """
    from cryptography import x509  # seven megabytes, for VTNs with TLS alone

    async with asyncio.timeout(CONNECT_SECONDS):
        _, writer = await asyncio.open_connection(url.host, url.port, ssl=context)
    try:
        shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(shown).not_valid_after_utc
    finally:
        writer.transport.abort()
