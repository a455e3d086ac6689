"""What payloads mean in kW: each default as a row, and what no policy may ever do."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.attributes import Opaque, Point, Value
from ven_daemon.domain.dispatching.policies import Ask, Derived
from ven_daemon.domain.dispatching.ratings import Pool, Rating
from ven_daemon.domain.dispatching.rules import DEFAULTS, POLICIES, Rule, Rules
from ven_daemon.domain.dispatching.selectors import Kind, Selector
from ven_daemon.domain.events import Payload, PayloadDescriptor
from ven_daemon.domain.payload_types import PAYLOAD_TYPES, descriptor, problem

CAFE = Rating(25, -10, 100, 0)
CHARGER = Rating(22, 0, 100, 0)
STORE = Rating(50, -40, 200, 20)
FREEZER = Rating(100, 30)
UNKNOWN = Rating()
KINDS = {"DSR": CAFE, "EV": CHARGER, "BATTERY": STORE, "PV": Rating(0, -10)}


def derive(
    type_: str,
    value: Value,
    kind: str | None = "DSR",
    rating: Rating | None = None,
    others: tuple[Rating, ...] = (),
    rules: tuple[Rule, ...] = (),
    units: str | None = None,
    currency: str | None = None,
    hours: float | None = 1.0,
) -> Derived:
    rating = rating or KINDS[str(kind)]
    described = descriptor(type_, [PayloadDescriptor(type_, units)] if units else [])
    policy = Rules(rules).policy(type_, Kind(kind, "Cafés", "key"))
    pool = Pool.of((rating, *others))
    return policy(Ask(type_, (value,), rating, described.units, currency, hours, pool))


@pytest.mark.parametrize(
    ("kind", "level", "kw"),
    [
        ("DSR", 0, 25),
        ("DSR", 1, 18.75),
        ("DSR", 2, 12.5),
        ("DSR", 3, 0),
        ("EV", 0, 22),
        ("EV", 1, 11),
        ("EV", 2, 5.5),
        ("EV", 3, 0),
        ("BATTERY", 0, 50),
        ("BATTERY", 1, 0),
        ("BATTERY", 2, -20),
        ("BATTERY", 3, -40),
        ("PV", 3, None),
    ],
)
def test_simple_levels_by_type(kind: str, level: int, kw: float | None) -> None:
    assert derive("SIMPLE", level, kind) == (kw, None, "")


@pytest.mark.parametrize(
    ("type_", "dsr", "battery"),
    [
        ("ALERT_GRID_EMERGENCY", 0, 0),
        ("ALERT_BLACK_START", 0, 0),
        ("ALERT_FLEX_ALERT", 12.5, 0),
        ("ALERT_POSSIBLE_OUTAGE", 18.75, None),
        ("ALERT_FIRE", None, None),
    ],
)
def test_alerts_are_levels(type_: str, dsr: float | None, battery: float | None) -> None:
    assert derive(type_, "words", "DSR").kw == dsr
    assert derive(type_, "words", "BATTERY").kw == battery


@pytest.mark.parametrize(
    ("type_", "value", "rating", "others", "expected"),
    [
        pytest.param("IMPORT_CAPACITY_LIMIT", 23.5, CAFE, (CHARGER,), (12.5, None, ""), id="half"),
        pytest.param(
            "IMPORT_CAPACITY_LIMIT", 500, CAFE, (CHARGER,),
            (25, None, "clamped from 500 to 47 kW for all"), id="more than all can draw",
        ),
        pytest.param(
            "IMPORT_CAPACITY_LIMIT", 80, FREEZER, (CAFE,), (30 + 50 * 70 / 95, None, ""),
            id="what must run comes first",
        ),
        pytest.param(
            "IMPORT_CAPACITY_LIMIT", 10, FREEZER, (),
            (30, None, "clamped from 10 to 30 kW"), id="less than must run",
        ),
        pytest.param(
            "IMPORT_CAPACITY_LIMIT", -5, CAFE, (), (0, None, "clamped from -5 to 0 kW"),
            id="F40: a negative limit is none at all",
        ),
        pytest.param(
            "IMPORT_CAPACITY_LIMIT", 1e308, CAFE, (),
            (25, None, "clamped from 1e+308 to 25 kW"), id="F40: 1e308",
        ),
        pytest.param("EXPORT_CAPACITY_LIMIT", 25, CAFE, (STORE,), (-5, None, ""), id="export"),
        pytest.param("DISPATCH_SETPOINT", 10, CAFE, (), (10, None, ""), id="alone"),
        pytest.param("DISPATCH_SETPOINT", -25, CAFE, (STORE,), (-5, None, ""), id="to export"),
        pytest.param(
            "DISPATCH_SETPOINT", -25, CHARGER, (), (0, None, "clamped from -25 to 0 kW"),
            id="who cannot export",
        ),
        pytest.param(
            "DISPATCH_SETPOINT_RELATIVE", -35, CAFE, (CAFE,),
            (-17.5, None, "a change, not a level"), id="a change is shared by reach",
        ),
        pytest.param(
            "IMPORT_CAPACITY_LIMIT", 10, UNKNOWN, (CAFE,), (None, None, "no P_max_kw"),
            id="nothing known of it",
        ),
    ],
)  # fmt: skip
def test_what_is_shared_goes_by_capacity(
    type_: str,
    value: float,
    rating: Rating,
    others: tuple[Rating, ...],
    expected: tuple[float | None, None, str],
) -> None:
    kw, kwh, reason = derive(type_, value, rating=rating, others=others)

    assert (kw, kwh, reason) == (
        expected[0] if expected[0] is None else pytest.approx(expected[0], abs=0.001),
        *expected[1:],
    )


@pytest.mark.parametrize(
    ("value", "units", "hours", "expected"),
    [
        pytest.param(80, "PERCENT", 4.0, (35, 160, ""), id="T-09: 80 is percent"),
        pytest.param(0.8, "PERCENT", 4.0, (35, 160, ""), id="T-09: 0.8 is a fraction"),
        pytest.param(80, "PERCENTAGE", 4.0, (35, 160, ""), id="T-08"),
        pytest.param(60, "KWH", 1.0, (40, 60, ""), id="kWh"),
        pytest.param(60, "KWH", None, (50, 60, ""), id="open-ended"),
        pytest.param(60, "KWH", 0.1, (50, 60, ""), id="as fast as it can"),
        pytest.param(500, "KWH", 4.0, (45, 200, "clamped from 500 to 200 kWh"), id="over-full"),
        pytest.param(5, "KWH", 4.0, (0, 20, "clamped from 5 to 20 kWh"), id="too empty"),
        pytest.param(60, "VOLTS", 4.0, (None, None, "a state of charge in VOLTS"), id="nonsense"),
    ],
)
def test_a_state_of_charge_is_an_energy_within_the_store(
    value: float, units: str, hours: float | None, expected: tuple[float, float, str]
) -> None:
    assert derive("CHARGE_STATE_SETPOINT", value, "BATTERY", units=units, hours=hours) == expected


def test_a_state_of_charge_means_nothing_to_who_stores_nothing() -> None:
    assert derive("CHARGE_STATE_SETPOINT", 0.5, "DSR") == Derived()


DEAR = Rule("PRICE", "thresholds", steps=((Decimal("0.30"), 50), (Decimal("0.60"), 0)))


@pytest.mark.parametrize(
    ("price", "kw"), [(0.29, 25), (0.3, 12.5), (0.1 + 0.2, 12.5), (0.6, 0), (9, 0), (-1, 25)]
)
def test_prices_limit_by_threshold_where_an_operator_says_so(price: float, kw: float) -> None:
    assert derive("PRICE", price, rules=(DEAR,)) == (kw, None, "")


def test_without_a_threshold_a_price_is_handed_on_as_it_is() -> None:
    assert derive("PRICE", 9.0) == Derived()


def test_a_price_in_another_currency_is_not_guessed_at() -> None:
    rule = Rule("PRICE", "thresholds", steps=DEAR.steps, currency="DKK")

    assert derive("PRICE", 9.0, rules=(rule,), currency="EUR") == (
        None,
        None,
        "given in EUR, and the thresholds in DKK",
    )


def test_units_scale_or_are_not_guessed_at() -> None:
    assert derive("DISPATCH_SETPOINT", 10_000, units="W") == (10, None, "")
    assert derive("DISPATCH_SETPOINT", 10, units="KVA").reason == "in KVA, not in kW"


@pytest.mark.parametrize(
    ("rules", "kw"),
    [
        pytest.param((), 18.75, id="the default"),
        pytest.param((Rule("SIMPLE", "ignore"),), None, id="an operator's before the default"),
        pytest.param(
            (Rule("SIMPLE", "levels", Selector("DSR"), (1, 2, 3, 4)), Rule("SIMPLE", "ignore")),
            0.5, id="type before all",
        ),
        pytest.param(
            (Rule("SIMPLE", "levels", Selector(None, "Cafés"), (1, 4, 3, 4)),
             Rule("SIMPLE", "ignore", Selector("DSR"))),
            1, id="sub-type before type",
        ),
        pytest.param(
            (Rule("SIMPLE", "levels", Selector(None, None, "key"), (1, 8, 3, 4)),
             Rule("SIMPLE", "ignore", Selector("DSR", "Cafés"))),
            2, id="the resource before all",
        ),
        pytest.param(
            (Rule("SIMPLE", "ignore"), Rule("SIMPLE", "levels", levels=(1, 8, 3, 4))),
            2, id="of equals the last",
        ),
        pytest.param((Rule("SIMPLE", "ignore", Selector("EV")),), 18.75, id="somebody else's"),
        pytest.param((Rule("SIM*", "ignore"),), None, id="several types at once"),
    ],
)  # fmt: skip
def test_the_most_specific_rule_is_chosen(rules: tuple[Rule, ...], kw: float | None) -> None:
    assert derive("SIMPLE", 1, rules=rules).kw == kw


def test_rules_that_name_nobody_keep_resources_of_a_kind_together() -> None:
    rules = Rules((Rule("SIMPLE", "ignore", Selector(resource="apart")),))

    assert rules.class_of(Kind("EV", None, "a")) == rules.class_of(Kind("EV", None, "b"))
    assert rules.class_of(Kind("EV", None, "apart")) != rules.class_of(Kind("EV", None, "b"))


def test_capacities_that_contradict_leave_the_safer_one() -> None:
    """F40: never more than the rating."""
    rating = Rating.of({"P_max_kw": 10, "P_min_kw": 20, "E_max_kwh": 5, "E_min_kwh": 6})

    derived = derive("SIMPLE", 0, rating=rating)

    assert (rating.low, rating.p_max, rating.e_min) == (0, 10, None)
    assert derived.kw == 10
    assert "P_min_kw is above P_max_kw" in derived.reason


@pytest.mark.parametrize(
    ("type_", "values", "words"),
    [
        ("SIMPLE", (), "SIMPLE takes an integer 0..3, not 0 values"),
        ("SIMPLE", (7,), "SIMPLE takes an integer 0..3, not 7"),
        ("SIMPLE", (1.5,), "SIMPLE takes an integer 0..3, not 1.5"),
        ("SIMPLE", (True,), "SIMPLE takes an integer 0..3, not True"),
        ("SIMPLE", ("1",), "SIMPLE takes an integer 0..3, not '1'"),
        ("SIMPLE", (float("inf"),), "SIMPLE takes an integer 0..3, not inf"),
        ("PRICE", (0.1, 0.2), "PRICE takes a number, not 2 values"),
        ("PRICE", (float("nan"),), "PRICE takes a number, not nan"),
        ("ALERT_FIRE", (1,), "ALERT_FIRE takes a text, not 1"),
        ("CURVE", ("x",), "CURVE takes one or more of points, not 'x'"),
        ("SIMPLE", (2,), None),
        ("SIMPLE", (2.0,), None),
        ("IMPORT_CAPACITY_LIMIT", (-5,), None),
        ("CURVE", (Point(1, 2), Opaque("[[1,2]]")), None),
        ("DISPATCH_INSTRUCTION", ("a", "b"), None),
        ("OLS", tuple(0.5 for _ in range(10_000)), None),
        ("PRIVATE", (), None),
        ("PRIVATE", ("anything", 1, True), None),
    ],
)
def test_nonsense_is_told_from_what_is_unknown(
    type_: str, values: tuple[Value, ...], words: str | None
) -> None:
    """F40: what cannot be meant is refused with a reason; T-01: what we do not know is not."""
    assert problem(Payload(type_, values)) == words


def test_every_type_of_the_enumeration_is_known() -> None:
    listed = """SIMPLE PRICE PRICE_ALTERNATE CHARGE_STATE_SETPOINT DISPATCH_SETPOINT
    DISPATCH_SETPOINT_RELATIVE DISPATCH_INSTRUCTION CONTROL_SETPOINT CONTROL_LEVEL_OFFSET
    CONTROL_LEVEL_OFFSET_PERCENT EXPORT_PRICE GHG CURVE OLS IMPORT_CAPACITY_SUBSCRIPTION
    IMPORT_CAPACITY_RESERVATION IMPORT_CAPACITY_RESERVATION_FEE IMPORT_CAPACITY_AVAILABLE
    IMPORT_CAPACITY_AVAILABLE_PRICE EXPORT_CAPACITY_SUBSCRIPTION EXPORT_CAPACITY_RESERVATION
    EXPORT_CAPACITY_RESERVATION_FEE EXPORT_CAPACITY_AVAILABLE EXPORT_CAPACITY_AVAILABLE_PRICE
    IMPORT_CAPACITY_LIMIT EXPORT_CAPACITY_LIMIT ALERT_GRID_EMERGENCY ALERT_BLACK_START
    ALERT_POSSIBLE_OUTAGE ALERT_FLEX_ALERT ALERT_FIRE ALERT_FREEZING ALERT_WIND ALERT_TSUNAMI
    ALERT_AIR_QUALITY ALERT_OTHER CTA2045_REBOOT CTA2045_SET_OVERRIDE_STATUS"""

    assert set(PAYLOAD_TYPES) == set(listed.split())


def test_an_events_descriptor_counts_before_its_programs() -> None:
    """A program's report descriptors describe no event payload."""
    mine, theirs = PayloadDescriptor("PRICE", currency="DKK"), PayloadDescriptor("PRICE", "MWH")
    report = PayloadDescriptor("PRICE", "KW", is_report=True)

    assert descriptor("PRICE", [mine], [theirs]) is mine
    assert descriptor("PRICE", [], [report, theirs]) is theirs
    assert descriptor("PRICE", []).units == "KWH"
    assert descriptor("PRIVATE", []).units is None


def test_every_default_names_a_policy_and_a_type() -> None:
    assert {rule.policy for rule in DEFAULTS} <= set(POLICIES)
    assert {rule.payload for rule in DEFAULTS} <= set(PAYLOAD_TYPES)


POWERS = st.one_of(st.none(), st.floats(-1e4, 1e4), st.floats())
RATINGS = st.builds(
    lambda *given: Rating.of(
        dict(zip(("P_max_kw", "P_min_kw", "E_max_kwh", "E_min_kwh"), given, strict=True))
    ),
    *[POWERS] * 4,
)
NUMBERS = st.one_of(st.integers(-3, 5), st.floats(allow_nan=False, allow_infinity=False))


@given(
    st.sampled_from(sorted({rule.payload for rule in DEFAULTS})),
    NUMBERS,
    st.sampled_from([*KINDS, None]),
    RATINGS,
    st.lists(RATINGS, max_size=3).map(tuple),
)
def test_no_policy_leaves_the_rating(
    type_: str, value: float, kind: str | None, rating: Rating, others: tuple[Rating, ...]
) -> None:
    """F40, I5: whatever is asked, in kW and in kWh."""
    kw, kwh, _ = derive(type_, value, kind, rating, others)

    if kw is not None and type_ != "DISPATCH_SETPOINT_RELATIVE":
        assert rating.p_max is not None
        assert min(rating.low, 0) - 0.001 <= kw <= max(rating.p_max, 0) + 0.001
    if kwh is not None:
        assert rating.e_max is not None
        assert (rating.e_min or 0) - 0.001 <= kwh <= max(rating.e_max, 0) + 0.001


SANE = st.builds(
    lambda least, more: Rating(least + more, least), st.floats(-50, 50), st.floats(0, 100)
)


@given(st.lists(SANE, min_size=1, max_size=20), st.floats(0, 1e4))
def test_shares_of_a_limit_never_exceed_it(ratings: list[Rating], limit: float) -> None:
    pool = Pool.of(ratings)

    kws = [
        derive("IMPORT_CAPACITY_LIMIT", limit, rating=each, others=_without(ratings, n)).kw
        for n, each in enumerate(ratings)
    ]

    assert sum(kw or 0.0 for kw in kws) <= max(limit, pool.imports[0]) + 1e-6


def _without(ratings: list[Rating], n: int) -> tuple[Rating, ...]:
    return (*ratings[:n], *ratings[n + 1 :])
