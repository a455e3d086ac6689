"""How the fleet stands by what is on record: for when no daemon runs that could be asked."""

from collections import Counter
from typing import Any

from yarl import URL

from ven_daemon.config import Settings
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.registration import Records, Status
from ven_daemon.runtime.fleet_view import STATES
from ven_daemon.store import migrations
from ven_daemon.store.database import open_database
from ven_daemon.store.pauses import Pauses
from ven_daemon.store.registrations import RegistrationStore

FAILING_SHOWN = 50


async def on_record(settings: Settings) -> dict[str, Any] | None:
    """Read the state database, beside whoever works with it; None where there is none yet.

    Raises:
        StoreError: it cannot be read.
    """
    database = open_database(settings.state_url, read_only=True)
    try:
        if await migrations.look(database) is None:
            return None
        pauses = Pauses()
        await pauses.open(database)
        vtn = str(URL(str(settings.vtn_url).rstrip("/") + "/"))
        store = RegistrationStore(database, vtn)
        records = await store.records()
        document = _document(vtn, records, pauses)
        changed = await store.last_change()
        return {**document, "as_of": changed and changed.isoformat().replace("+00:00", "Z")}
    finally:
        await database.dispose()


def _document(vtn: str, records: dict[VenName, Records], pauses: Pauses) -> dict[str, Any]:
    counts = Counter(dict.fromkeys((*STATES, "resources", "resources_registered"), 0))
    failing = []
    for ven, found in records.items():
        reasons = _reasons(found)
        counts["paused" if ven in pauses else _state(found, reasons)] += 1
        counts["resources"] += len(found.resources)
        counts["resources_registered"] += sum(_is_held(each) for each in found.resources.values())
        if reasons:
            failing.append({"ven": ven, "failures": reasons[:10]})
    return {
        "running": False,
        "ready": False,
        "vtn": {"url": vtn},
        "fleet": dict(counts),
        "paused": list(pauses),
        "failing": failing[:FAILING_SHOWN],
    }


def _reasons(found: Records) -> list[dict[str, str | None]]:
    named = [(None, found.ven), *found.resources.items()]
    return [
        {"resource": name, "reason": each.last_error or each.status.value}
        for name, each in named
        if each is not None and not _is_held(each)
    ]


def _state(found: Records, reasons: list[dict[str, str | None]]) -> str:
    if found.ven is None or not _is_held(found.ven):
        return "failed"
    return "partly" if reasons else "registered"


def _is_held(record: Any) -> bool:
    return bool(record.status is Status.REGISTERED)
