"""What an operator may choose of dispatch: from one word to a list of rules."""

from decimal import Decimal
from pathlib import Path

import pytest

from ven_daemon.config import load_settings
from ven_daemon.domain.dispatching.rules import Rule
from ven_daemon.domain.dispatching.selectors import Route, Selector
from ven_daemon.domain.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def routes() -> list[Route]:
    return [each.route() for each in load_settings().sinks]


def test_one_sink_for_everybody_is_one_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEN_SINKS", "http")
    monkeypatch.setenv("VEN_SINK_HTTP_URL", "http://devices.example/")

    assert routes() == [Route("http")]


def test_sinks_by_type_are_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEN_SINKS", '[{"sink": "log"}, {"sink": "mqtt", "type": "EV"}]')
    monkeypatch.setenv("VEN_SINK_MQTT_URL", "mqtt://broker.example")

    assert routes() == [Route("log"), Route("mqtt", Selector("EV"))]


def test_rules_come_from_a_file_with_money_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "ven-daemon.toml").write_text(
        'sinks = "mqtt"\nsink_mqtt_url = "mqtt://broker.example"\n'
        '[[dispatch_policies]]\npayload = "PRICE"\npolicy = "thresholds"\ntype = "EV"\n'
        'currency = "DKK"\nsteps = { "0.30" = 50, "0.60" = 0 }\n'
    )

    [rule] = [each.rule() for each in load_settings().dispatch_policies]

    steps = ((Decimal("0.30"), 50.0), (Decimal("0.60"), 0.0))
    assert rule == Rule("PRICE", "thresholds", Selector("EV"), steps=steps, currency="DKK")
    assert routes() == [Route("mqtt")]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("VEN_DISPATCH_POLICIES", '[{"payload": "PRICE", "policy": "guess"}]', "no policy 'guess'"),
        ("VEN_DISPATCH_POLICIES", "[", "JSON was expected"),
        ("VEN_DISPATCH_POLICIES", '[{"payload": "X", "policy": "ignore", "who": 1}]', "Extra"),
        (
            "VEN_DISPATCH_POLICIES",
            '[{"payload": "SIMPLE", "policy": "levels", "levels": [1, 2]}]',
            "at least 4",
        ),
        ("VEN_SINKS", "[{}]", "required"),
        ("VEN_SINKS", '[{"sink": "log", "typ": "EV"}]', "Extra"),
        ("VEN_SINKS", "kafka", "there is no sink 'kafka': one of http, log, mqtt, sql"),
        ("VEN_SINKS", "sql", "sql is not set up: VEN_SINK_SQL_URL"),
        ("VEN_DISPATCH_HORIZON", "P30D", "less than or equal"),
        ("VEN_FAILSAFE", "panic", "hold"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError, match=f"{name}.*{words}"):
        load_settings()


def test_every_problem_of_sinks_and_policies_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VEN_SINKS", '[{"sink": "kafka"}, {"sink": "mqtt", "type": "EV"}]')
    monkeypatch.setenv("VEN_SINK_HTTP_URL", "devices")
    monkeypatch.setenv("VEN_DISPATCH_POLICIES", '[{"payload": "PRICE", "policy": "guess"}]')

    with pytest.raises(ConfigurationError) as caught:
        load_settings()

    words = str(caught.value)
    for each in (
        "VEN_SINKS: there is no sink 'kafka'",
        "mqtt is not set up: VEN_SINK_MQTT_URL",
        "VEN_SINK_HTTP_URL: ",
        "VEN_DISPATCH_POLICIES.0.policy: there is no policy 'guess'",
    ):
        assert each in words


def test_a_sink_whose_address_is_wrong_is_not_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VEN_SINKS", "http")
    monkeypatch.setenv("VEN_SINK_HTTP_URL", "devices")

    with pytest.raises(ConfigurationError) as caught:
        load_settings()

    assert "VEN_SINKS" not in str(caught.value)
