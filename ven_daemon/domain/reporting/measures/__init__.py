"""Values of reports: what a resource has to say of a stretch of time, and how sure it is.

    measure(subject, ask)    one value with its quality, in the unit that is asked for
    summed(measures, units)  the same for many resources as one
    Subject, Series, Spell   what is known of a resource: readings, capacities, what it followed

Nothing is invented: a value that is not known is None and MISSING; one that is known in
part, inferred or expected is ESTIMATED; one that rests on bad readings alone is BAD.
"""

from ven_daemon.domain.reporting.measures.aggregates import summed
from ven_daemon.domain.reporting.measures.answers import measure
from ven_daemon.domain.reporting.measures.series import GAP, Series
from ven_daemon.domain.reporting.measures.subjects import (
    MISSING,
    Ask,
    Baseline,
    Measure,
    Spell,
    Stance,
    Subject,
    ask,
)
from ven_daemon.domain.reporting.measures.units import answered_in

__all__ = [
    "GAP",
    "MISSING",
    "Ask",
    "Baseline",
    "Measure",
    "Series",
    "Spell",
    "Stance",
    "Subject",
    "answered_in",
    "ask",
    "measure",
    "summed",
]
