"""The rules of time, one test each, named as the rule; docstrings cite the User Guide of 3.1."""

import pytest

from tests.domain.times import SEEN, at, drawn, event, interval, period, placed, windows
from ven_daemon.domain.events import ReportDescriptor
from ven_daemon.domain.timeline import EventStatus


def test_without_an_event_period_each_interval_brings_its_own() -> None:
    """The User Guide: "one must be present in every interval" (7.4)."""
    given = event(interval("08:00", "PT1H"), interval("10:00", "PT30M"))

    assert drawn(placed(given)) == ["08:00-09:00 0", "10:00-10:30 1"]


def test_the_interval_s_period_wins_over_the_event_s() -> None:
    """The User Guide: "the latter is expected to take precedence" (7.3)."""
    given = event(interval("09:00", "PT5M"), of=period("08:00", "PT1H"))

    assert drawn(placed(given)) == ["09:00-09:05 0"]


def test_each_part_of_a_period_is_inherited_by_itself() -> None:
    """T-19: an interval with only a start takes the event's duration."""
    given = event(interval("09:00"), interval(lasts="PT2H"), of=period("08:00", "PT1H"))

    assert drawn(placed(given)) == ["09:00-10:00 0", "10:00-12:00 1"]


def test_with_an_event_period_alone_intervals_follow_each_other() -> None:
    """The User Guide: "the beginning time of the first … fixed duration of all" (7.3)."""
    given = event(interval(), interval(), interval(), of=period("08:00", "PT1H"))

    assert drawn(placed(given)) == ["08:00-09:00 0", "09:00-10:00 1", "10:00-11:00 2"]


def test_an_interval_without_a_start_begins_when_the_previous_ends() -> None:
    """The User Guide: "immediately after the previous interval" (7.3, Example 7.4-1)."""
    given = event(interval(), interval(lasts="PT2H"), interval(), of=period("08:00", "PT1H"))

    assert drawn(placed(given)) == ["08:00-09:00 0", "09:00-11:00 1", "11:00-12:00 2"]


def test_after_a_start_of_its_own_the_chain_goes_on_from_there() -> None:
    """The previous interval is the one before in the list, not in time."""
    given = event(interval(), interval("12:00"), interval(), of=period("08:00", "PT1H"))

    assert drawn(placed(given)) == ["08:00-09:00 0", "12:00-13:00 1", "13:00-14:00 2"]


def test_an_event_without_a_start_begins_when_it_is_first_seen() -> None:
    """'do it now' at the level of the event (7.3)."""
    given = event(interval(), interval(), of=period(lasts="PT1H"))

    assert drawn(placed(given)) == ["06:30-07:30 0", "07:30-08:30 1"]


def test_a_first_interval_without_a_start_takes_the_event_s() -> None:
    """The User Guide: "identical to the event.intervalPeriod.start if present" (7.3)."""
    given = event(interval(lasts="PT15M"), of=period("08:00", "PT1H"))

    assert drawn(placed(given)) == ["08:00-08:15 0"]


def test_a_first_interval_without_any_start_begins_when_it_is_first_seen() -> None:
    """The User Guide: "'do it now' if event.intervalPeriod is not present" (7.3)."""
    given = event(interval(lasts="PT15M"), interval(lasts="PT5M"))

    assert drawn(placed(given)) == ["06:30-06:45 0", "06:45-06:50 1"]


def test_whoever_comes_late_skips_ahead() -> None:
    """25 hourly prices from midnight, read at six: the interval of six (7.3)."""
    prices = [interval(PRICE=hour, id=hour) for hour in range(25)]
    timeline = placed(event(*prices, of=period("00:00", "PT1H")))

    (now,) = timeline.at(at("06:00"))
    assert now.payloads[0].values == (6,)
    assert drawn(timeline, since="06:00", most=1) == ["06:00-07:00 6"]


def test_intervals_may_overlap_and_leave_gaps() -> None:
    """The User Guide: "to have them overlap or have temporal gaps" (7.4)."""
    timeline = placed(
        event(interval("08:00", "PT2H"), interval("09:00", "PT2H"), interval("15:00", "PT1H"))
    )

    assert drawn(timeline) == ["08:00-10:00 0", "09:00-11:00 1", "15:00-16:00 2"]
    assert [w.index for w in timeline.at(at("09:30"))] == [0, 1]
    assert timeline.at(at("12:00")) == ()


def test_the_order_of_the_list_is_the_sequence_whatever_the_ids() -> None:
    """It is "a client generated number … Not a sequence number" (openadr3.yaml)."""
    given = event(interval(id=9), interval(id=2), interval(id=2), of=period("08:00", "PT1H"))

    assert [(w.interval_id, w.index) for w in windows(placed(given))] == [(9, 0), (2, 1), (2, 2)]


def test_an_event_lives_from_its_first_start_to_its_last_end() -> None:
    """The User Guide: "adjusted for overlaps or gaps" (7.3); a gap is part of it."""
    timeline = placed(event(interval("08:00", "PT1H"), interval("12:00", "PT1H")))

    assert (timeline.begins, timeline.ends) == (at("08:00"), at("13:00"))
    for clock, status in {
        "07:59": EventStatus.PENDING,
        "08:00": EventStatus.ACTIVE,
        "10:00": EventStatus.ACTIVE,
        "12:59": EventStatus.ACTIVE,
        "13:00": EventStatus.COMPLETED,
    }.items():
        assert timeline.status(at(clock)) is status


def test_an_event_that_ended_while_it_was_on_its_way_is_inactive() -> None:
    """The User Guide: "The client should in this case consider the event in-active" (7.3)."""
    timeline = placed(event(interval("06:00", "PT30M")), seen=SEEN)

    assert timeline.status(SEEN) is EventStatus.COMPLETED
    assert list(timeline.windows(SEEN)) == []


def test_a_shorter_event_duration_leaves_intervals_out() -> None:
    """24 hourly prices and `PT12H`: "omits the last 12 intervals" (7.3)."""
    given = event(*[interval()] * 24, of=period("00:00", "PT1H"), lasts="PT12H")

    timeline = placed(given)

    assert drawn(timeline)[-1] == "11:00-12:00 11"
    assert len(windows(timeline)) == 12


def test_a_shorter_event_duration_cuts_the_interval_it_ends_in() -> None:
    """The User Guide: "to shorten … the temporal span of an event" (7.3)."""
    given = event(interval(), interval(), of=period("08:00", "PT1H"), lasts="PT90M")

    assert drawn(placed(given)) == ["08:00-09:00 0", "09:00-09:30 1"]


def test_a_longer_event_duration_repeats_the_intervals() -> None:
    """24 hourly prices and `P7D`: "repeats the prices for a week" (7.3)."""
    prices = [interval(PRICE=hour) for hour in range(24)]
    timeline = placed(event(*prices, of=period("00:00", "PT1H"), lasts="P7D"))

    found = windows(timeline, most=1000)

    assert len(found) == 7 * 24
    assert [w.turn for w in found] == [n // 24 for n in range(7 * 24)]
    assert [w.payloads[0].values[0] for w in found] == list(range(24)) * 7
    assert found[-1].end == timeline.ends == at("2026-05-11T00:00:00Z")


def test_the_last_round_is_cut_where_the_event_s_duration_ends() -> None:
    """Two hours, repeated for five."""
    given = event(interval(), interval(), of=period("08:00", "PT1H"), lasts="PT4H30M")

    assert drawn(placed(given))[-2:] == ["11:00-12:00 1", "12:00-12:30 0"]


def test_what_is_done_at_the_very_end_of_a_round_is_not_lost_to_the_next() -> None:
    """T-17: a reboot after each hour, at the instant the next one begins."""
    given = event(interval("08:00", "PT1H"), interval(CTA2045_REBOOT=0), lasts="P9999Y")

    now = placed(given).at(at("11:00"))

    assert [(w.index, w.turn, w.is_instant) for w in now] == [(1, 2, True), (0, 3, False)]


def test_an_endless_event_duration_repeats_for_ever() -> None:
    """F35: `P9999Y` "the set of intervals repeat indefinitely" (7.3)."""
    given = event(interval(), interval(), of=period("08:00", "PT1H"), lasts="P9999Y")

    timeline = placed(given)

    assert drawn(timeline, "2399-01-01T00:30:00Z", 2) == [
        "2399-01-01T00:00-2399-01-01T01:00 0",
        "2399-01-01T01:00-2399-01-01T02:00 1",
    ]
    assert timeline.ends is None


@pytest.mark.parametrize("unset", ["PT0S", "P0D", "P0Y0M0DT0H0M0S", None])
def test_an_event_duration_of_zero_is_unset(unset: str | None) -> None:
    """T-18: VTNs fill in the schema's default."""
    given = event(interval(), of=period("08:00", "PT1H", "PT0S"), lasts=unset)

    assert drawn(placed(given)) == ["08:00-09:00 0"]


def test_an_endless_interval_is_open_ended() -> None:
    """`P9999Y` "represents infinity" (7.3)."""
    timeline = placed(event(interval(), of=period(lasts="P9999Y")))

    assert drawn(timeline) == ["06:30-... 0"]
    assert timeline.status(at("2999-01-01T00:00:00Z")) is EventStatus.ACTIVE


def test_what_follows_an_endless_interval_never_begins_unless_it_has_its_own_start() -> None:
    """It is told, not lost."""
    timeline = placed(event(interval(), interval(), interval("09:00"), of=period(lasts="P9999Y")))

    assert drawn(timeline) == ["06:30-... 0", "09:00-... 2"]
    assert timeline.unreached == (1,)


@pytest.mark.parametrize("kind", ["PRICE", "EXPORT_PRICE", "GHG", "OLS"])
def test_packed_values_divide_their_interval(kind: str) -> None:
    """T-09: three values in three hours (Example 7.3-1)."""
    timeline = placed(event(interval("00:00", "PT3H", **{kind: (0.17, 0.03, 0.11)})))

    assert drawn(timeline) == ["00:00-01:00 0", "01:00-02:00 0", "02:00-03:00 0"]
    assert [w.payloads[0].values for w in windows(timeline)] == [(0.17,), (0.03,), (0.11,)]
    assert [w.part for w in windows(timeline)] == [0, 1, 2]


def test_an_event_cut_between_two_packed_values_has_no_more_of_them() -> None:
    given = event(interval("00:00", "PT3H", PRICE=(1, 2, 3)), lasts="PT2H")

    assert drawn(placed(given)) == ["00:00-01:00 0", "01:00-02:00 0"]


def test_packed_values_keep_their_place_among_intervals_that_overlap() -> None:
    """At the same instant the list's order counts."""
    given = event(interval("08:00", "PT2H", PRICE=(1, 2)), interval("09:00", "PT2H"))

    assert drawn(placed(given)) == ["08:00-09:00 0", "09:00-10:00 0", "09:00-11:00 1"]


@pytest.mark.parametrize("kind", ["CURVE", "DISPATCH_INSTRUCTION", "SOMEBODYS_OWN"])
def test_values_that_belong_together_are_not_divided(kind: str) -> None:
    """CURVE and DISPATCH_INSTRUCTION hold several values at once."""
    timeline = placed(event(interval("00:00", "PT3H", **{kind: ("a", "b", "c")})))

    assert drawn(timeline) == ["00:00-03:00 0"]


def test_payloads_of_different_packing_meet_in_the_finest_parts() -> None:
    """Each payload is divided by its own number of values."""
    payloads = {"PRICE": (1, 2), "GHG": (7, 8, 9), "SIMPLE": 3}
    timeline = placed(event(interval("00:00", "PT6H", **payloads)))

    found = {w.start.hour: tuple(p.values[0] for p in w.payloads) for w in windows(timeline)}
    assert found == {0: (1, 7, 3), 2: (1, 8, 3), 3: (2, 8, 3), 4: (2, 9, 3)}


def test_an_event_of_reports_alone_implies_a_row_of_intervals() -> None:
    """The User Guide: "implied" intervals of an hour each, for as long as it stands (8.7)."""
    asks = (ReportDescriptor("LOAD_SHED_DELTA_AVAILABLE", num_intervals=48),)
    timeline = placed(event(of=period("08:00", "PT1H"), report_descriptors=asks))

    assert timeline.is_implied
    assert drawn(timeline, most=2) == ["08:00-09:00 0", "09:00-10:00 0"]
    assert timeline.interval(47) is not None
    assert timeline.interval(47).end == at("2026-05-06T08:00:00Z")
    assert timeline.ends is None


def test_an_ad_hoc_request_for_reports_stays_though_it_lasts_no_time() -> None:
    """T-16: "0001-01-01" and "PT0H" with a frequency of 0 (8.6)."""
    asks = (ReportDescriptor("STORAGE_CHARGE_STATE", frequency=0),)
    timeline = placed(event(of=period(lasts="PT0H"), report_descriptors=asks))

    assert timeline.status(at("2027-01-01T00:00:00Z")) is EventStatus.ACTIVE
