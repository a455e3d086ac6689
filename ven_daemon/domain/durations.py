"""ISO 8601 durations as OpenADR writes them: by value, never by spelling.

`PT1H`, `P0Y0M0DT1H0M0S` and `PT60M` are one value (T-03). Years and months stay
calendar units until they meet a start; days are 24 hours of UTC (T-42). `P9999Y`, in
all its spellings, is not a length but for ever, and is told before any arithmetic could
overflow: no function here raises OverflowError.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

LONGEST_TEXT = 64
"""Characters of a duration; more is none."""

FOR_EVER_MONTHS = 9999 * 12
FOR_EVER = timedelta(days=9999 * 365)
"""From this length on a duration outlasts every calendar: it is endless."""

FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)
LAST_INSTANT = datetime.max.replace(tzinfo=UTC)

_MICROSECOND = timedelta(microseconds=1)
_WORTH = {
    "weeks": 604_800_000_000,
    "days": 86_400_000_000,
    "hours": 3_600_000_000,
    "minutes": 60_000_000,
    "seconds": 1_000_000,
}
_NUMBER = r"(\d+(?:[.,]\d+)?)"
# The T may be missing before H and S, as in the User Guide's own `P1H` and `P0S` (T-04).
_FORM = re.compile(
    r"([+-]?)P(?:(\d+)Y)?(?:(\d+)M)?"
    rf"(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:(?:T|(?=[\d.,]+[HS]))(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time, with the calendar units that have none of their own.

    Equal values are equal lengths. Both parts have the same sign, and that of an
    endless one is never negative.
    """

    months: int = 0
    """Calendar months, years included as twelve each."""
    length: timedelta = timedelta(0)
    endless: bool = False
    """For ever: nothing else of it counts."""

    @property
    def is_zero(self) -> bool:
        """Whether it is no time at all, as an unset duration is written by some VTNs (T-18)."""
        return not self.endless and self.months == 0 and not self.length

    @property
    def is_negative(self) -> bool:
        """Whether it leads backwards."""
        return not self.endless and (self.months < 0 or self.length < timedelta(0))

    @property
    def is_endless(self) -> bool:
        """Whether it outlasts the calendar, said so or not."""
        return self.endless or self.months >= FOR_EVER_MONTHS or self.length >= FOR_EVER

    def after(self, start: datetime) -> datetime | None:
        """Give the instant this long after *start* (UTC); None is never.

        Months first, clipped at the end of the month: a month after 31 January is the
        last of February. What would lie before the calendar is its first instant.
        """
        return None if self.is_endless else later(start, self.months, self.length)

    def times(self, count: int) -> "Duration":
        """Give *count* of it, one after the other."""
        if count == 0 or self.is_zero:
            return ZERO
        if self.is_endless:
            return ENDLESS
        return _duration(self.months * count, self.length // _MICROSECOND * count)

    def divided(self, count: int) -> "Duration | None":
        """Give one of *count* equal parts; None where calendar months do not divide."""
        if self.is_endless:
            return ENDLESS
        if self.months % count:
            return None
        return Duration(self.months // count, self.length / count)

    def __str__(self) -> str:
        """Write it as the schema's pattern wants it, each value in one way only."""
        if self.is_endless:
            return "P9999Y"
        years, months = divmod(abs(self.months), 12)
        length = abs(self.length)
        minutes, seconds = divmod(length.seconds, 60)
        clock = [(minutes // 60, "H"), (minutes % 60, "M")]
        date = "".join(f"{n}{u}" for n, u in ((years, "Y"), (months, "M"), (length.days, "D")) if n)
        time = "".join(f"{n}{u}" for n, u in clock if n) + _seconds(seconds, length.microseconds)
        if not date and not time:
            return "PT0S"
        return f"{'-' if self.is_negative else ''}P{date}{'T' if time else ''}{time}"


ENDLESS = Duration(endless=True)
ZERO = Duration()


@lru_cache(maxsize=4096)
def parse_duration(text: str) -> Duration:
    """Read a duration leniently; ValueError where it is none.

    Beyond the schema's pattern: `P0S`, `P1H`, weeks beside other units, fractions of
    any unit with a length, either case, a plus sign.
    """
    found = _FORM.fullmatch(text.strip()) if len(text) <= LONGEST_TEXT else None
    if found is None or not any(found.groups()[1:]):
        raise ValueError(f"not an ISO 8601 duration: {text[:LONGEST_TEXT]!r}")
    sign, years, months, *rest = found.groups()
    direction = -1 if sign == "-" else 1
    microseconds = sum(
        round(Decimal(number.replace(",", ".")) * worth)
        for number, worth in zip(rest, _WORTH.values(), strict=True)
        if number
    )
    calendar = 12 * int(years or 0) + int(months or 0)
    return _duration(direction * calendar, direction * microseconds)


def later(start: datetime, months: int, length: timedelta) -> datetime | None:
    """Add calendar months, then a length; None is beyond the calendar."""
    try:
        return (_add_months(start, months) if months else start) + length
    except OverflowError:
        return FIRST_INSTANT if months < 0 or length < timedelta(0) else None


def shifted(instant: datetime, by: timedelta) -> datetime:
    """Move an instant, at most to the ends of the calendar."""
    return later(instant, 0, by) or LAST_INSTANT


def _add_months(start: datetime, months: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    day = min(start.day, monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)


def _duration(months: int, microseconds: int) -> Duration:
    if months >= FOR_EVER_MONTHS or microseconds >= FOR_EVER // _MICROSECOND:
        return ENDLESS
    # Backwards there is no for ever: it ends where the calendar begins.
    microseconds = max(microseconds, -FOR_EVER // _MICROSECOND)
    return Duration(max(months, -FOR_EVER_MONTHS), timedelta(microseconds=microseconds))


def _seconds(whole: int, microseconds: int) -> str:
    if microseconds:
        return f"{whole}.{microseconds:06}".rstrip("0") + "S"
    return f"{whole}S" if whole else ""
