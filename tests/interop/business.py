"""A business client of a real VTN, and a daemon that follows what it makes there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.daemon.service import Service
from tests.rig.openleadr import OpenleadrVtn
from tests.rig.rest import call, expect

DAY = {"start": "2036-03-02T00:00:00Z", "duration": "PT1H"}


class Business:
    """A business client: what it made is gone when it leaves."""

    def __init__(self, vtn: OpenleadrVtn) -> None:
        self._vtn = vtn
        self._token = vtn.token(vtn.business)
        self._made: list[str] = []

    def program(self, name: str, **members: Any) -> str:
        return self._make("programs", {"programName": name, **members})

    def event(self, program: str, **members: Any) -> str:
        return self._make("events", self.shape(program, **members))

    def shape(self, program: str, **members: Any) -> dict[str, Any]:
        return {"programID": program, "intervals": simple(1), "intervalPeriod": DAY, **members}

    def change(self, event: str, shape: dict[str, Any]) -> None:
        expect(200, self.send("PUT", f"events/{event}", shape))

    def delete(self, path: str) -> None:
        expect(200, self.send("DELETE", path))
        self._made.remove(path)

    def end(self) -> None:
        for path in reversed(self._made):
            self.send("DELETE", path)

    def send(self, method: str, path: str, body: object = None) -> Any:
        return call(method, f"{self._vtn.url}/{path}", body=body, token=self._token)

    def _make(self, kind: str, shape: dict[str, Any]) -> str:
        made: str = expect(201, self.send("POST", kind, shape)).json()["id"]
        self._made.append(f"{kind}/{made}")
        return made


def simple(*levels: float, kind: str = "SIMPLE") -> list[dict[str, Any]]:
    return [
        {"id": n, "payloads": [{"type": kind, "values": [level]}]} for n, level in enumerate(levels)
    ]


@contextmanager
def daemon(vtn: OpenleadrVtn, folder: Path, **settings: str) -> Iterator[Service]:
    """A daemon that speaks for two VENs with one business client, unless told otherwise."""
    environment = {
        "VEN_PROFILE": vtn.release.profile,
        "VEN_CREDENTIAL_MODE": "shared",
        "VEN_CLIENT_ID": vtn.business.id,
        "VEN_CLIENT_SECRET": vtn.business.secret,
        "VEN_REQUEST_TIMEOUT": "10",
        "VEN_POLL_INTERVAL": "0.3",
        **({"VEN_TOKEN_URL": f"{vtn.url}/auth/token"} if vtn.release.is_30 else {}),
        **settings,
    }
    with Service(folder, vtn.url, **environment) as service:
        service.wait_until_ready()
        yield service
