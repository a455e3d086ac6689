"""How a resource stands, in the words of OPERATING_STATE and the levels of SIMPLE."""

from ven_daemon.domain.readings import Quantity
from ven_daemon.domain.reporting.measures.subjects import Ask, Measure, Stance, Subject

WORDS = frozenset(
    {
        "NORMAL",
        "ERROR",
        "IDLE_NORMAL",
        "RUNNING_NORMAL",
        "RUNNING_CURTAILED",
        "RUNNING_HEIGHTENED",
        "IDLE_CURTAILED",
        "SGD_ERROR_CONDITION",
        "IDLE_HEIGHTENED",
        "IDLE_OPTED_OUT",
        "RUNNING_OPTED_OUT",
    }
)
"""The operating states of OpenADR (Definition, Table 4)."""

TROUBLE = frozenset({"ERROR", "SGD_ERROR_CONDITION"})

MOMENT = 0.001
"""Seconds before the end of a stretch that tell how one stands then."""

IDLE_SHARE = 0.01
"""Below this share of its rating a resource idles."""


def operating_state(subject: Subject, ask: Ask) -> Measure:
    """Say how a resource stands at the end of a stretch.

    Its opting out counts first, then its own word of trouble, then its silence, then
    what it was told to do, and where it was told nothing, its own word again.
    """
    spell = subject.spell(max(ask.start, ask.end - MOMENT), ask.end)
    said = _word(subject, ask)
    if spell.opted_out:
        return Measure(f"{_pace(subject, ask)}_OPTED_OUT")
    if said in TROUBLE:
        return Measure(said)
    if is_silent(subject, ask.end):
        return Measure("ERROR")
    if spell.stance is not Stance.NORMAL:
        return Measure(f"{_pace(subject, ask)}_{spell.stance.value}")
    return Measure(said or "NORMAL")


def simple_level(subject: Subject, ask: Ask) -> Measure:
    """Give the level that was operated at; who has opted out operates at none."""
    spell = subject.spell(ask.start, ask.end)
    return Measure(0 if spell.opted_out else max(0, min(3, spell.level)))


def is_silent(subject: Subject, at: float) -> bool:
    """Whether nothing was heard of a resource for as long as it may be silent."""
    if subject.silent_after is None:
        return False
    since = at - subject.silent_after
    if any(since <= told <= at for told, _ in reversed(subject.words)):
        return False
    known = [series for good in subject.series.values() for series in (good, good.bad) if series]
    return not any(series.last(since, at) for series in known)


def _word(subject: Subject, ask: Ask) -> str | None:
    start = min(ask.start, ask.end - ask.gap)
    told = next((word for at, word in reversed(subject.words) if at <= ask.end), None)
    fresh = any(start <= at <= ask.end for at, _ in reversed(subject.words))
    return told if fresh and told in WORDS else None


def _pace(subject: Subject, ask: Ask) -> str:
    found = subject.of(Quantity.POWER).last(min(ask.start, ask.end - ask.gap), ask.end)
    most = subject.capacities.get("P_max_kw", 0.0)
    return "IDLE" if found and abs(found[1]) <= abs(most) * IDLE_SHARE else "RUNNING"
