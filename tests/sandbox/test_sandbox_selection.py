"""Listings: whatever was put, replaced and taken out, they are what a plain search would find."""

from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ven_daemon.sandbox import selection
from ven_daemon.sandbox.selection import Clause, Selections
from ven_daemon.sandbox.shelf import Row, Shelf

CLAUSES: list[Clause] = [
    frozenset({("programID", "p")}),
    frozenset({("targets", None), ("targets", "a")}),
    frozenset({("targets", "a"), ("targets", "b")}),
    frozenset({("targets", "nobody")}),
    frozenset(),
]

events = st.fixed_dictionaries(
    {
        "id": st.sampled_from("uvwxyz"),
        "programID": st.sampled_from("pq"),
        "eventName": st.sampled_from([None, "n", "m"]),
        "targets": st.lists(st.sampled_from("abc"), max_size=3),
        "priority": st.sampled_from([-1.0, 0.0, 5.0]),
        "ends": st.sampled_from([10.0, 20.0, float("inf")]),
        "createdDateTime": st.just(""),
    }
)
steps = st.lists(st.one_of(events, st.sampled_from("uvwxyz"), st.just("wipe")), max_size=30)


def new_shelf() -> Shelf:
    return Shelf(
        "event",
        "eventName",
        parent="programID",
        indexed=("programID",),
        unique=("programID", "eventName"),
        weigh=lambda event: event["priority"],
        end=lambda event: event["ends"],
    )


def plainly(rows: dict[str, Row], clauses: tuple[Clause, ...], now: float | None) -> list[str]:
    found = [
        row
        for row in rows.values()
        if all(clause & set(row.facets) for clause in clauses) and (now is None or row.ends > now)
    ]
    return [row.id for row in sorted(found, key=lambda row: row.rank)]


@settings(max_examples=100, deadline=None)
@given(steps, st.lists(st.sampled_from(CLAUSES), max_size=3, unique=True).map(tuple))
def test_a_listing_is_what_a_search_through_everything_finds(
    changes: list[Any], clauses: tuple[Clause, ...]
) -> None:
    shelf = new_shelf()
    selections = Selections(shelf)
    clock = count()
    for change in changes:
        if change == "wipe":
            shelf.clear()
        elif isinstance(change, dict):
            shelf.put(shelf.compose(change))
        elif change in shelf.rows:
            shelf.drop(shelf.rows[change])

        for now in (None, float(next(clock))):
            found = [row.id for row in selections.select(*clauses, now=now)]
            assert found == plainly(shelf.rows, clauses, now)
        assert all(order.rows for order in shelf.orders.values())
        keys = {(r.parent, r.name) for r in shelf.rows.values() if r.name is not None}
        named = sum(row.name is not None for row in shelf.rows.values())
        assert shelf.duplicates == named - len(keys)


def test_what_is_kept_of_listings_is_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(selection, "MOST_ROWS", 25)
    shelf = new_shelf()
    for n in range(10):
        event = {"id": f"e{n}", "programID": "p", "targets": ["a"], "createdDateTime": ""}
        shelf.put(shelf.compose({**event, "priority": 0.0, "ends": 99.0}))
    selections = Selections(shelf)

    for n in range(20):
        asked: Clause = frozenset({("targets", "a"), ("targets", str(n))})
        assert len(selections.select(asked, CLAUSES[0])) == 10

    assert len(selections._kept) == 2
