"""The objects of one kind, with the indexes that find them fast.

The sandbox holds each object as the bytes it sends. Every row stands in one sorted list for each of
its facets (a member with a value); a listing is cut out of those, never sorted anew for a page.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from math import inf
from operator import attrgetter
from typing import Any, NamedTuple

import orjson

Facet = tuple[Hashable, Hashable]
"""A member of the object (or several together) and its value."""

ALL: Facet = ("", None)
"""The facet that every row has."""

UNTARGETED: Facet = ("targets", None)

_rank = attrgetter("rank")


class Row(NamedTuple):
    """One object: what the rules look at, and the whole of it as it goes over the wire."""

    id: str
    name: str | None
    parent: str | None
    client: str | None
    targets: list[Any]
    created: str
    wire: bytes
    rank: tuple[float, int]
    """Its place in a listing: a weight, then the order of making."""
    facets: tuple[Facet, ...]
    ends: float
    """When it has transpired, in seconds since 1970."""


class Order:
    """The rows of one facet, in the order of their rank."""

    __slots__ = ("rows", "stamp")

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.stamp = 0
        """When it changed last, by the shelf's count of changes."""

    def put(self, row: Row) -> None:
        """Add a row; one that is newer than all others costs no search."""
        if not self.rows or self.rows[-1].rank < row.rank:
            self.rows.append(row)
        else:
            insort(self.rows, row, key=_rank)

    def replace(self, old: Row, row: Row) -> None:
        """Put a row in the place of the one it was."""
        if old.rank == row.rank:
            self.rows[self._place(old)] = row
        else:
            self.drop(old)
            self.put(row)

    def drop(self, row: Row) -> None:
        """Take a row out."""
        del self.rows[self._place(row)]

    def _place(self, row: Row) -> int:
        return bisect_left(self.rows, row.rank, key=_rank)


def facets_of_targets(targets: Collection[Any]) -> Iterator[Facet]:
    """Name the targets of 3.1, which are strings, or those of 3.0, which are typed values."""
    if not targets:
        yield UNTARGETED
    for target in targets:
        if isinstance(target, str):
            yield "targets", target
        elif isinstance(target, dict) and isinstance(values := target.get("values"), list):
            kind = target.get("type")
            for value in values:
                if isinstance(kind, str) and isinstance(value, str):
                    yield "targets", (kind, value)


class Shelf:
    """The objects of one kind.

    *name*, *parent* and *indexed* are members; *unique* are those that no two objects should have
    in common. *weigh* says what comes before the order of making in a listing, *end* when an object
    has transpired.
    """

    def __init__(
        self,
        noun: str,
        name: str,
        *,
        parent: str | None = None,
        indexed: Sequence[str] = (),
        unique: Sequence[str] = (),
        weigh: Callable[[Mapping[str, Any]], float] = lambda _: 0.0,
        end: Callable[[Mapping[str, Any]], float] = lambda _: inf,
        more: Callable[[Mapping[str, Any]], Iterator[Facet]] = lambda _: iter(()),
    ) -> None:
        self.noun = noun
        self.name_member = name
        self._parent = parent
        self._indexed = tuple(indexed)
        self._unique = tuple(unique)
        self._weigh, self._end, self._more = weigh, end, more
        self._made = self._changes = 0
        self.clear()

    def clear(self) -> None:
        """Forget everything but how often something changed."""
        self.rows: dict[str, Row] = {}
        self.orders: dict[Facet, Order] = {}
        self.duplicates = 0
        """How many objects bear a name that another one of the same scope bore before."""

    def __len__(self) -> int:
        return len(self.rows)

    def find(self, member: Hashable, value: Hashable) -> Sequence[Row]:
        """List what has a value in a member (one that is indexed), in the order of rank."""
        order = self.orders.get((member, value))
        return order.rows if order is not None else ()

    def stamp(self, member: Hashable, value: Hashable) -> int:
        """Say when what `find` answers changed last."""
        order = self.orders.get((member, value))
        return order.stamp if order is not None else 0

    def twins(self, row: Row) -> Sequence[Row]:
        """List what has the same name in the same scope, *row* itself as well if it is there."""
        key = self._key(row.facets)
        return self.find(*key) if key is not None else ()

    def compose(self, members: Mapping[str, Any]) -> Row:
        """Make a row out of an object's members, those of the metadata included."""
        # The copy gives back what the encoder reserved at the end: 4 kB for a microsecond.
        wire = bytes(memoryview(orjson.dumps(members)))
        old = self.rows.get(members["id"])
        if old is None:
            self._made += 1
        targets = members.get("targets")
        return Row(
            id=members["id"],
            name=members.get(self.name_member),
            parent=members.get(self._parent) if self._parent else None,
            client=members.get("clientID"),
            targets=targets if isinstance(targets, list) else [],
            created=members["createdDateTime"],
            wire=wire,
            rank=(self._weigh(members), self._made if old is None else old.rank[1]),
            facets=tuple(dict.fromkeys(self._facets(members))),
            ends=self._end(members),
        )

    def put(self, row: Row) -> None:
        """Add an object, or replace the one of its id; only its rank decides where it stands."""
        self._changes += 1
        old = self.rows.get(row.id)
        before, after = frozenset(old.facets if old else ()), frozenset(row.facets)
        key = self._key(row.facets)
        if old is not None:
            self._leave(old, before - after)
        for facet in row.facets:
            order = self._order(facet)
            if old is not None and facet in before:
                order.replace(old, row)
            else:
                self.duplicates += facet == key and len(order.rows) > 0
                order.put(row)
        self.rows[row.id] = row

    def drop(self, row: Row) -> None:
        """Take an object out."""
        self._changes += 1
        del self.rows[row.id]
        self._leave(row, row.facets)

    def _leave(self, row: Row, facets: Collection[Facet]) -> None:
        key = self._key(row.facets)
        for facet in facets:
            order = self._order(facet)
            order.drop(row)
            self.duplicates -= facet == key and len(order.rows) > 0
            if not order.rows:
                del self.orders[facet]

    def _order(self, facet: Facet) -> Order:
        """Fetch the order of a facet for a change."""
        order = self.orders.get(facet)
        if order is None:
            order = self.orders[facet] = Order()
        order.stamp = self._changes
        return order

    def _facets(self, members: Mapping[str, Any]) -> Iterator[Facet]:
        yield ALL
        yield from facets_of_targets(members.get("targets") or ())
        for member in self._indexed:
            if isinstance(value := members.get(member), str):
                yield member, value
        if self._unique:
            values = tuple(members.get(member) for member in self._unique)
            if all(isinstance(value, str) for value in values):
                yield self._unique, values
        yield from self._more(members)

    def _key(self, facets: Collection[Facet]) -> Facet | None:
        """Find the facet that no two objects should have in common."""
        return next((facet for facet in facets if facet[0] == self._unique), None)
