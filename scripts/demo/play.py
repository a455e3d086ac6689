"""What the business logic at the VTN does while one watches."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import cos, pi
from typing import Any

from scripts.demo.http import send

TOWNS = ["Aalborg", "Aarhus", "Randers"]
LIMITED = "Vejle"
ALARMED = "Kolding"
STEP = 20
"""Seconds of one interval of the curtailment."""


@dataclass
class Business:
    """A client of the VTN that makes programs and events, and remembers their ids."""

    vtn: str
    made: dict[str, Any] = field(default_factory=dict)

    def tariff(self) -> str:
        """Publish a day of prices for everybody, hour by hour."""
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        prices = [round(0.11 - 0.07 * cos(2 * pi * (hour.hour + n - 4) / 24), 4) for n in range(24)]
        self._event(
            "day-ahead prices",
            period={"start": _instant(hour), "duration": "PT1H"},
            descriptors=[{"payloadType": "PRICE", "units": "KWH", "currency": "EUR"}],
            payloads=[("PRICE", price) for price in prices],
        )
        return f"day-ahead prices for all, {min(prices)} to {max(prices)} EUR/kWh"

    def curtailment(self) -> str:
        """Ask a group of towns for less, in steps, and for a report of each step."""
        self._event(
            "curtailment",
            priority=1,
            targets=TOWNS,
            period={"start": _instant(datetime.now(UTC) + timedelta(seconds=5)), "duration": _STEP},
            payloads=[("SIMPLE", 1), ("SIMPLE", 2), ("SIMPLE", 1)],
            reports=[{"payloadType": "USAGE", "units": "KWH", "frequency": 1, "startInterval": 0,
                      "numIntervals": 1, "repeat": -1}],
        )  # fmt: skip
        return f"curtailment of {', '.join(TOWNS)}: three steps of {STEP} s, a report of each"

    def limit(self) -> str:
        """Limit what one town may draw."""
        start = datetime.now(UTC) + timedelta(seconds=3)
        self._event(
            "limit",
            priority=0,
            targets=[LIMITED],
            period={"start": _instant(start), "duration": "PT10M"},
            descriptors=[{"payloadType": "IMPORT_CAPACITY_LIMIT", "units": "KW"}],
            payloads=[("IMPORT_CAPACITY_LIMIT", 2000)],
        )
        return f"{LIMITED} may draw 2,000 kW at the most, for ten minutes"

    def alert(self) -> str:
        """Raise an alert that holds from now on."""
        self._event(
            "alert",
            targets=[ALARMED],
            period={"start": "0001-01-01T00:00:00Z", "duration": "PT1M"},
            payloads=[("ALERT_GRID_EMERGENCY", "a line is down")],
        )
        return f"grid emergency in {ALARMED}, from now on, for a minute"

    def harder(self) -> str:
        """Change the limit while it holds."""
        shape = self.made["limit"]
        shape["intervals"][0]["payloads"][0]["values"] = [1000]
        send("PUT", f"{self.vtn}/events/{shape['id']}", shape)
        return f"{LIMITED} may draw 1,000 kW only"

    def never_mind(self) -> str:
        """Take the limit back by deleting its event."""
        send("DELETE", f"{self.vtn}/events/{self.made.pop('limit')['id']}")
        return f"the limit of {LIMITED} is cancelled"

    def _program(self) -> str:
        if "program" not in self.made:
            self.made["program"] = send("POST", f"{self.vtn}/programs", {"programName": "Demo"})
        found: str = self.made["program"]["id"]
        return found

    def _event(
        self,
        name: str,
        *,
        period: dict[str, str],
        payloads: list[tuple[str, Any]],
        descriptors: list[dict[str, Any]] | None = None,
        reports: list[dict[str, Any]] | None = None,
        targets: list[str] | None = None,
        priority: int | None = None,
    ) -> None:
        kind = {"objectType": "EVENT_PAYLOAD_DESCRIPTOR"}
        shape = {
            "programID": self._program(),
            "eventName": name,
            "priority": priority,
            "targets": targets or [],
            "intervalPeriod": period,
            "payloadDescriptors": [{**kind, **each} for each in descriptors or []],
            "reportDescriptors": reports or [],
            "intervals": [
                {"id": n, "payloads": [{"type": type_, "values": [value]}]}
                for n, (type_, value) in enumerate(payloads)
            ],
        }
        self.made[name] = send("POST", f"{self.vtn}/events", shape)


_STEP = f"PT{STEP}S"


def acts(business: Business) -> list[tuple[float, Callable[[], str]]]:
    """Give what happens, each after so many seconds."""
    return [
        (1.0, business.tariff),
        (6.0, business.curtailment),
        (16.0, business.limit),
        (24.0, business.alert),
        (34.0, business.harder),
        (46.0, business.never_mind),
    ]


def _instant(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")
