"""Settings: where they come from, what is refused, and what is never shown."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ven_daemon.cli.config import reference
from ven_daemon.cli.main import app
from ven_daemon.config import load_settings
from ven_daemon.domain.errors import ConfigurationError

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_reference_in_docs_is_current() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text() == reference()


def test_every_problem_is_said_at_once_by_name_and_without_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VEN_HTTP_PORT", "hunter2")
    monkeypatch.setenv("VEN_PROFILE", "hunter3")

    result = CliRunner().invoke(app, ["config", "check"])

    assert result.exit_code == 2
    assert "VEN_HTTP_PORT" in result.stderr
    assert "VEN_PROFILE" in result.stderr
    assert "hunter" not in result.output


def test_later_sources_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (tmp_path / "ven-daemon.toml").write_text(
        'scope = "toml"\naudience = "toml"\nresource = "toml"\n'
    )
    (tmp_path / ".env").write_text("VEN_AUDIENCE=dotenv\nVEN_RESOURCE=dotenv\n")
    monkeypatch.setenv("VEN_RESOURCE", "environment")
    monkeypatch.setenv("VEN_CLIENT_ID", "environment")
    (secrets / "client_id").write_text("secret")
    monkeypatch.setenv("VEN_SECRETS_DIR", str(secrets))
    monkeypatch.setenv("VEN_CLIENT_SECRET", "s")

    settings = load_settings({"vtn_url": "http://said:1"})

    assert (settings.scope, settings.audience, settings.resource) == (
        "toml",
        "dotenv",
        "environment",
    )
    assert (settings.client_id, str(settings.vtn_url)) == ("secret", "http://said:1/")


def test_the_sample_clients_names_still_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTH_CLIENT_ID", "id")
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", "secret")
    monkeypatch.setenv("OAUTHCHECK_ACCESS_TOKEN_OBTAIN_URL", "https://idp.example/token")

    settings = load_settings()

    assert settings.mode == "shared"
    assert str(settings.token_url) == "https://idp.example/token"


@pytest.mark.parametrize("name", ["CLIENT_ID", "TOKEN_URL", "RESOURCE", "SCOPE"])
def test_names_without_the_prefix_mean_somebody_else(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "http://foreign.example")

    assert "foreign" not in str(load_settings().shown())


def test_a_name_in_the_file_that_is_no_setting_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ven-daemon.toml").write_text("vtn_ulr = 'http://x'\n")

    with pytest.raises(ConfigurationError, match="there is no setting vtn_ulr"):
        load_settings()


def test_what_is_wrong_in_the_file_is_said_with_what_is_wrong_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ven-daemon.toml").write_text("vtn_ulr = 'http://x'\npoll_interval = 'often'\n")
    monkeypatch.setenv("VEN_PROFILE", "9")

    with pytest.raises(ConfigurationError) as refused:
        load_settings()

    assert str(refused.value).splitlines() == [
        "ven-daemon.toml: there is no setting vtn_ulr",
        "VEN_POLL_INTERVAL: not a duration: write PT30S, or seconds",
        "VEN_PROFILE: Input should be 'auto', '3.1' or '3.0'",
    ]


def test_a_variable_that_is_almost_a_setting_is_told_and_one_of_somebody_else_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEN_POL_INTERVAL", "hunter2")
    monkeypatch.setenv("VEN_DAEMON_PORT", "tcp://10.0.0.1:8081")
    (tmp_path / ".env").write_text("VEN_VTN_ULR=http://x\n")

    result = CliRunner().invoke(app, ["config", "check"])

    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "VEN_POL_INTERVAL is no setting: VEN_POLL_INTERVAL?",
        "VEN_VTN_ULR is no setting: VEN_VTN_URL?",
    ]


def test_passwords_and_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEN_STATE_URL", "postgresql://me:hunter2@db/state")
    monkeypatch.setenv("VEN_CLIENT_ID", "me")
    monkeypatch.setenv("VEN_CLIENT_SECRET", "hunter2")

    result = CliRunner().invoke(app, ["config", "show", "--json"])

    assert result.exit_code == 0
    assert "hunter2" not in result.output


def test_a_secret_in_a_url_is_masked_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://me:hunter2@devices.example/in?site=9&api_key=hunter3&Token=hunter4#top"
    monkeypatch.setenv("VEN_SINK_HTTP_URL", url)

    settings = load_settings()

    shown = settings.shown()["sink_http_url"]
    assert shown == "https://me:***@devices.example/in?site=9&api_key=***&Token=***#top"
    assert "hunter" not in f"{settings!r} {settings}"
