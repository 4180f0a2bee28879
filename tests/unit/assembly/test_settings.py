import pytest

from forgehand.assembly.settings import Settings, SettingsError, read_settings


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("github_api_url", "http://ghe.internal/api/v3", "GITHUB_API_URL"),
        ("github_api_url", "ftp://ghe.internal", "GITHUB_API_URL"),
        ("database_url", "mysql://db/forgehand", "FORGEHAND_DATABASE_URL"),
        ("heartbeat_seconds", 60.0, "FORGEHAND_HEARTBEAT_SECONDS must be at most a quarter"),
        ("lease_seconds", 30.0, "FORGEHAND_HEARTBEAT_SECONDS must be at most a quarter"),
        ("slots", 0, "FORGEHAND_SLOTS"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_its_name(name: str, value: object, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(**{name: value})
    assert said in str(refused.value)


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
