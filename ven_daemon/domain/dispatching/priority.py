"""Which of several events holds when: per payload type, the better one splits the others.

A lower number wins and none is the lowest (User Guide 7.1). The standard leaves ties
open; here the newest modification wins, then the smaller event id (F38). Where intervals
of one event overlap, the later one in its list takes over.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import pairwise

from ven_daemon.domain.dispatching.claims import Claim, Rank

_FOR_EVER = datetime.max.replace(tzinfo=UTC)


def resolve(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Say which claim holds when, for one resource, in order of start and type.

    Each is cut to what it has won. Of one type, what lasts does not overlap, leaves no
    time unclaimed that a claim covers, and belongs to the best claim throughout. Who
    loses resumes when the winner ends. An instant holds unless a better claim covers it,
    and takes no time from anybody.
    """
    types: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        types[claim.payload.type].append(claim)
    won = [claim for some in types.values() for claim in _of_one_type(some)]
    won.sort(key=lambda claim: (claim.start, claim.payload.type, claim.rank))
    return tuple(won)


def _of_one_type(claims: Sequence[Claim]) -> list[Claim]:
    lasting = sorted((c for c in claims if not c.is_instant), key=lambda each: each.start)
    return _sweep(lasting) + _instants([c for c in claims if c.is_instant], lasting)


def _sweep(claims: Sequence[Claim]) -> list[Claim]:
    """Walk from boundary to boundary; the best of those that have begun holds."""
    edges = sorted({edge for claim in claims for edge in (claim.start, _end(claim))})
    begun: list[tuple[Rank, int]] = []
    won: list[Claim] = []
    last, waiting = -1, 0
    for edge, following in pairwise(edges):
        while waiting < len(claims) and claims[waiting].start <= edge:
            heappush(begun, (claims[waiting].rank, waiting))
            waiting += 1
        while begun and _end(claims[begun[0][1]]) <= edge:
            heappop(begun)
        if not begun:
            last = -1
            continue
        end = None if following == _FOR_EVER else following
        if begun[0][1] == last:
            won[-1] = won[-1]._replace(end=end)
        else:
            last = begun[0][1]
            won.append(claims[last]._replace(start=edge, end=end))
    return won


def _instants(instants: Sequence[Claim], lasting: Sequence[Claim]) -> list[Claim]:
    best: dict[datetime, Claim] = {}
    for claim in sorted(instants, key=lambda each: each.rank):
        best.setdefault(claim.start, claim)
    return [
        claim
        for at, claim in best.items()
        if not any(each.rank < claim.rank and each.start <= at < _end(each) for each in lasting)
    ]


def _end(claim: Claim) -> datetime:
    return _FOR_EVER if claim.end is None else claim.end
