from pathlib import Path

import pytest
from pydantic import SecretStr

from forgehand.assembly.settings import Settings, SettingsError, read_settings, strays


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("github_api_url", "http://ghe.internal/api/v3", "GITHUB_API_URL"),
        ("github_api_url", "ftp://ghe.internal", "GITHUB_API_URL"),
        ("database_url", "mysql://db/forgehand", "FORGEHAND_DATABASE_URL"),
        ("heartbeat_seconds", 60.0, "FORGEHAND_HEARTBEAT_SECONDS must be at most a quarter"),
        ("lease_seconds", 30.0, "FORGEHAND_HEARTBEAT_SECONDS must be at most a quarter"),
        ("slots", 0, "FORGEHAND_SLOTS"),
        ("admin_url", "example", "FORGEHAND_ADMIN_URL: it must start with http:// or https:// and name a host"),
        ("admin_url", "ftp://forgehand.example.org", "FORGEHAND_ADMIN_URL: it must start with http"),
        ("admin_url", "https://", "FORGEHAND_ADMIN_URL: it must start with http"),
        ("admin_url", "https://[::1/admin", "FORGEHAND_ADMIN_URL: it must start with http"),
        ("admin_url", "https://forgehand.example.org:web", "FORGEHAND_ADMIN_URL: it must start with http"),
        ("github_api_url", "https:///api/v3", "GITHUB_API_URL: it must start with http"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_its_name(name: str, value: object, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(**{name: value})
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("PORT", "abc", "PORT: 'abc' is not a whole number from 0 to 65535"),
        ("PORT", "70000", "PORT: '70000' is not a whole number from 0 to 65535"),
        ("FORGEHAND_LEASE_SECONDS", "0", "FORGEHAND_LEASE_SECONDS: '0' is not a number above 0"),
        ("FORGEHAND_POLL_SECONDS", "-1", "FORGEHAND_POLL_SECONDS: '-1' is not a number of at least 0"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL: 'LOUD' is not one of DEBUG, INFO, WARNING, ERROR"),
        ("FORGEHAND_AUTO_MERGE", "maybe", "FORGEHAND_AUTO_MERGE: 'maybe' is neither true nor false"),
    ],
)
def test_a_wrong_value_is_said_with_what_it_may_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert str(refused.value) == f"{line}; see docs/settings.md"


@pytest.mark.parametrize("variable", ["FORGEHAND_DATABASE_URL", "GITHUB_API_URL", "FORGEHAND_ADMIN_URL"])
def test_an_address_that_may_hold_a_password_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, "mysql://me:hush-hush@db/forgehand")
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert "hush" not in str(refused.value)


def test_an_env_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"PORT=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        read_settings()


def test_a_variable_that_no_setting_reads_is_found_with_the_name_that_may_be_meant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("FORGEHAND_MOD=apply\nFORGEHAND_SLOTS=3\nGITHUB_PRIVATE_KEY=x\nPORTS=1\n")
    monkeypatch.setenv("FORGEHAND_WHATEVER_ELSE", "1")
    monkeypatch.setenv("forgehand_host", "127.0.0.1")
    found = {each.name: each.nearest for each in strays()}
    assert found["FORGEHAND_MOD"] == "FORGEHAND_MODE"
    assert found["FORGEHAND_WHATEVER_ELSE"] == ""
    assert not found.keys() & {"FORGEHAND_SLOTS", "FORGEHAND_HOST", "GITHUB_PRIVATE_KEY", "PORTS"}


def test_a_store_out_of_reach_has_a_remedy_of_its_kind_without_a_password() -> None:
    file, server = read_settings(database_url="sqlite:///a.db"), read_settings(database_url="postgresql://me:hush@db/x")
    assert file.database_remedy == "mend that, or let FORGEHAND_DATABASE_URL name another store"
    assert server.database_remedy.startswith("see that the server of postgresql://db/x runs and lets us in")


def test_where_the_store_is_is_shown_whole_and_without_a_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_settings(database_url="sqlite:///data/x.db").database_shown == f"{tmp_path}/data/x.db"
    assert read_settings(database_url="postgresql://me:hush@db:5433/x").database_shown == "postgresql://db:5433/x"


def test_a_personal_token_is_enough_where_no_app_is_set() -> None:
    token = "ghp_" + "a1B2" * 9
    alone = read_settings(github_app_id="", github_token=token)
    assert (alone.person, alone.missing()) == (token, [])
    assert read_settings(github_app_id="7", github_token=token).person == ""
    (problem,) = read_settings(github_app_id="", github_token=token, poll_seconds=0).missing()
    assert problem.startswith("FORGEHAND_POLL_SECONDS is 0")


def test_a_guessable_secret_is_refused() -> None:
    weak = read_settings(admin_token="short", secret_key="short").missing()
    assert [line.split(" ")[0] for line in weak[-2:]] == ["FORGEHAND_ADMIN_TOKEN", "FORGEHAND_SECRET_KEY"]


@pytest.mark.parametrize(
    ("api", "web"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://ghe.example.org/api/v3/", "https://ghe.example.org"),
        ("https://api.octo.ghe.com", "https://octo.ghe.com"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
    ],
)
def test_git_goes_where_people_go(api: str, web: str) -> None:
    assert read_settings(github_api_url=api).github_url == web


def test_the_short_name_of_postgresql_is_understood() -> None:
    settings = read_settings(database_url="postgres://forgehand@db/forgehand")
    assert settings.database_url == "postgresql://forgehand@db/forgehand"
    assert settings.shared_database


def test_the_worker_gets_the_very_same_settings() -> None:
    settings = read_settings(port=1234, admin_token="a token of many characters", slots=3)
    assert Settings.from_json(settings.to_json()) == settings


def test_who_names_people_for_github_is_told_what_else_it_needs() -> None:
    named = read_settings(_env_file=None, admin_logins="octocat")
    assert "FORGEHAND_GITHUB_CLIENT_ID or FORGEHAND_GITHUB_CLIENT_SECRET is not set" in named.missing()[-1]
    whole = named.model_copy(update={"github_client_id": "Iv1", "github_client_secret": SecretStr("x" * 40)})
    assert not any("CLIENT" in problem for problem in whole.missing())


@pytest.mark.parametrize("names", ["acme/", "https://github.com/acme", "acme/a/b", "octo cat"])
def test_a_name_that_is_none_is_refused(names: str) -> None:
    with pytest.raises(
        SettingsError, match=r"FORGEHAND_ADMIN_TEAMS: .* is no login, organization or ORGANIZATION/TEAM"
    ):
        read_settings(_env_file=None, admin_teams=names)
