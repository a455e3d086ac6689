"""Listings: the rows that meet every condition, kept from page to page while nothing changes."""

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from ven_daemon.sandbox.shelf import ALL, Facet, Order, Row, Shelf

Clause = frozenset[Facet]
"""A condition: a row meets it with any one of these facets."""

MOST_ROWS = 4_000_000
"""How many rows may be listed in what is kept, a pointer each."""

_EVERYTHING: Clause = frozenset((ALL,))


class _Kept(NamedTuple):
    state: tuple[Clause, int, int]
    """What it was gathered from: the narrowest clause, how many orders, when they changed last."""
    until: float
    rows: Sequence[Row]


class Selections:
    """What was asked of one shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._kept: dict[tuple[tuple[Clause, ...], bool], _Kept] = {}
        self._size = 0

    def select(self, *clauses: Clause, now: float | None = None) -> Sequence[Row]:
        """List in the order of rank what meets each clause; with *now*, what has not transpired.

        The answer may be the shelf's own list: it is to be read before anything is changed.
        """
        narrowest = min(clauses, key=self._weight, default=_EVERYTHING)
        orders = [order for facet in narrowest if (order := self._shelf.orders.get(facet))]
        if not orders:
            return ()
        if len(orders) == 1 and len(clauses) <= 1 and now is None:
            return orders[0].rows
        # An order that is gone is seen by their number, one that came back by its stamp.
        state = narrowest, len(orders), max(order.stamp for order in orders)
        key = (clauses, now is not None)
        kept = self._kept.get(key)
        if kept is None or kept.state != state or (now is not None and now >= kept.until):
            kept = _Kept(state, *_gather(orders, clauses, narrowest, now))
            self._keep(key, kept)
        return kept.rows

    def _weight(self, clause: Clause) -> int:
        orders = self._shelf.orders
        return sum(len(order.rows) for facet in clause if (order := orders.get(facet)))

    def _keep(self, key: tuple[tuple[Clause, ...], bool], kept: _Kept) -> None:
        """Keep a listing; the oldest go where it becomes too much."""
        old = self._kept.pop(key, None)
        self._size += len(kept.rows) - (len(old.rows) if old is not None else 0)
        self._kept[key] = kept
        while self._size > MOST_ROWS and len(self._kept) > 1:
            oldest = self._kept.pop(next(iter(self._kept)))
            self._size -= len(oldest.rows)


def _gather(
    orders: Sequence[Order], clauses: Sequence[Clause], narrowest: Clause, now: float | None
) -> tuple[float, list[Row]]:
    """List anew, and say until when that holds if nothing changes."""
    if len(orders) == 1:
        rows = orders[0].rows
    else:
        found = {row.id: row for order in orders for row in order.rows}
        rows = sorted(found.values(), key=lambda row: row.rank)
    for clause in clauses:
        if clause is not narrowest:
            rows = [row for row in rows if not clause.isdisjoint(row.facets)]
    if now is None:
        return inf, rows
    rows = [row for row in rows if row.ends > now]
    return min((row.ends for row in rows), default=inf), rows
