"""An answer got in one call, and the head of one spelled by hand."""

from yarl import URL

from tests.vtn.servers import exchanging
from ven_daemon.vtn.exchange import Answer, Tls

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


async def get(url: URL, tls: Tls | None = None, seconds: float = 10.0) -> Answer:
    async with exchanging(tls, seconds) as exchange:
        return await exchange.send("GET", url, {})
