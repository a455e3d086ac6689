"""Registration, decided: what is done about a VEN, and what is counted."""

from dataclasses import replace

import pytest

from tests.domain.registrations import ALL, HELD, MINE, VEN, record, records, there, wanted, wish
from ven_daemon.domain.planning import plan, without_unreadable
from ven_daemon.domain.registration import Kind, ObservedVen, Origin, Record, Status


@pytest.mark.parametrize(
    ("found", "known", "kind"),
    [
        ([], None, Kind.CREATE),
        ([], record("Aalborg", "v1"), Kind.CREATE),
        ([HELD], None, Kind.ADOPT),
        ([HELD], record("Aalborg", None), Kind.ADOPT),
        ([HELD], record("Aalborg", "old"), Kind.ADOPT),
        ([HELD], record("Aalborg", "v1"), Kind.NOTHING),
        ([replace(HELD, name="Vejle")], None, Kind.CREATE),
        ([replace(HELD, client_id=None)], record("Aalborg", "v1"), Kind.NOTHING),
    ],
)
def test_what_is_done_about_a_ven(
    found: list[ObservedVen], known: Record | None, kind: Kind
) -> None:
    made = plan(wanted(wish()), found, [], records(ven=known), MINE, VEN)

    assert (made.kind, made.reason) == (kind, "")


def test_a_ven_without_enabled_resources_is_not_created() -> None:
    assert plan(wanted(), [], [], records(), MINE, VEN).kind is Kind.NOTHING


def test_a_ven_that_left_and_is_gone_needs_nothing() -> None:
    assert plan(None, [], [], records(ven=record("Aalborg", "v1")), ALL, VEN).kind is Kind.NOTHING


def test_a_ven_of_another_client_is_a_conflict() -> None:
    mine = wanted(wish(), bound=True, client="mine")

    made = plan(mine, [HELD], [there()], records(record()), ALL, VEN)

    assert made.kind is Kind.CONFLICT
    assert "binds VEN 'Aalborg' to client 'c1', its credential here is 'mine'" in made.reason
    assert (made.resources, made.forgotten) == ((), ())


def test_a_credential_that_stands_for_another_ven_is_a_conflict() -> None:
    made = plan(wanted(bound=True), [replace(HELD, name="Vejle")], [], records(), ALL, VEN)

    assert made.kind is Kind.CONFLICT
    assert made.reason == "its credential 'c1' already stands for VEN 'Vejle'"


def test_a_derived_client_is_no_credential_to_conflict_with() -> None:
    assert plan(wanted(client="mine"), [HELD], [], records(), ALL, VEN).kind is Kind.ADOPT


def test_what_vanished_and_what_is_known_are_counted() -> None:
    known = records(
        record("A", "r1"), record("B", "r2"), record("C", None), ven=record("Aalborg", "v1")
    )
    wishes = [wish("A", key="a"), wish("B", key="b"), wish("C", key="c"), wish("D", key="d")]

    made = plan(wanted(*wishes), [HELD], [there("A")], known, MINE, VEN)

    assert (made.vanished, made.known) == (1, 3)


def test_a_ven_that_is_shown_unreadably_is_left_alone_with_all_it_has() -> None:
    held = Record("Aalborg", Status.REGISTERED, vtn_id="v1", origin=Origin.CREATED)
    made = plan(wanted(wish()), (), (), records(record(), ven=held), MINE, VEN)

    told = without_unreadable(made, {"v1": "venName: a string was expected"})

    assert (told.kind, told.resources) == (Kind.CONFLICT, ())
    assert "venName" in told.reason
