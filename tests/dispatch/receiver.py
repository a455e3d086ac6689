"""A device gateway: an HTTP server in a thread, which carries out each key and do once."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class Receiver:
    """Remembers every command that it was sent, and what it made of them."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []
        self.refuses = False
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.commands.extend(json.loads(body)["commands"])
                self.send_response(503 if receiver.refuses else 200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://127.0.0.1:{self._server.server_port}/commands"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    @property
    def carried_out(self) -> list[tuple[str, str]]:
        """What it did, in order: do and resource, each key and do once."""
        done: dict[tuple[str, str], tuple[str, str]] = {}
        for each in [*self.commands]:
            done.setdefault((each["key"], each["do"]), (each["do"], each["resource_id"]))
        return [*done.values()]
