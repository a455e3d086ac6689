"""Resources with readings, and what is asked of them."""

from ven_daemon.domain.readings import Quantity
from ven_daemon.domain.reporting.measures import Ask, Series, Subject

HOUR = 3600.0
DAY = 24 * HOUR
NOON = 10 * DAY + 12 * HOUR
ONE = NOON + HOUR
RATED = {"P_max_kw": 22.0, "P_min_kw": -10.0, "E_max_kwh": 100.0, "E_min_kwh": 10.0}


def over(start: float, end: float, value: float, every: float = 60.0) -> Series:
    count = int((end - start) / every) + 1
    return Series([start + n * every for n in range(count)], [value] * count)


def subject(**series: Series) -> Subject:
    known = {Quantity(name): one for name, one in series.items()}
    return Subject(series=known, capacities=RATED)


def asked(kind: str, **changed: object) -> Ask:
    return Ask(kind, NOON, ONE)._replace(**changed)  # type: ignore[arg-type]


DRAWING = subject(power=over(NOON, ONE, 4.0))
EMPTY = Subject(capacities=RATED, silent_after=None)
