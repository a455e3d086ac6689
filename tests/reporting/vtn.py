"""A sandbox VTN with programs and events that ask for reports."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.rig.rest import call, expect
from tests.rig.sandbox import SandboxVtn


def written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


USAGE: Mapping[str, Any] = {"payloadType": "USAGE", "units": "KWH", "readingType": "DIRECT_READ"}


class Publisher:
    """Business logic at an open sandbox."""

    def __init__(self, vtn: SandboxVtn) -> None:
        self._vtn = vtn
        made = self._post("programs", {"programName": "reported"})
        self.program: str = made["id"]

    def event(
        self,
        start: datetime,
        length: timedelta,
        intervals: int = 1,
        descriptors: Sequence[Mapping[str, Any]] = (USAGE,),
        **more: Any,
    ) -> str:
        """Publish an event of some equal intervals that asks for reports."""
        period = {"start": written(start), "duration": f"PT{length.total_seconds():g}S"}
        made = self._post(
            "events",
            {
                "programID": self.program,
                "eventName": "reported",
                "intervalPeriod": period,
                "intervals": [
                    {"id": number, "payloads": [{"type": "SIMPLE", "values": [0]}]}
                    for number in range(intervals)
                ],
                "reportDescriptors": list(descriptors),
                **more,
            },
        )
        return str(made["id"])

    def reports(self) -> list[dict[str, Any]]:
        """Give every report at the VTN, by name.

        They are listed the newest first: where some come meanwhile, others are seen twice.
        """
        found: dict[str, dict[str, Any]] = {}
        skip = 0
        while page := self._get(f"reports?skip={skip}&limit=50"):
            skip += len(page)
            found.update((report["id"], report) for report in page)
        return sorted(found.values(), key=lambda report: str(report["reportName"]))

    def withdraw(self, event: str) -> None:
        expect(200, call("DELETE", f"{self._vtn.url}/events/{event}"))

    def _get(self, path: str) -> Any:
        return expect(200, call("GET", f"{self._vtn.url}/{path}")).json()

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return expect(201, call("POST", f"{self._vtn.url}/{path}", body=body)).json()
