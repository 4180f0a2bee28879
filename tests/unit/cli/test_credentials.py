import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from forgehand.assembly.credentials import NewApp, app_in, keep, manifest, with_variables, write_private
from forgehand.assembly.settings import Settings, SettingsError, read_settings
from forgehand.assembly.workers import BUILT_IN, listens
from forgehand.practice.keys import private_key

PEM = private_key(7)
APP = NewApp(7, "acme-forgehand", "https://github.com/apps/acme-forgehand", PEM, "s3cret with 'quotes' and #")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_API_URL", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_PRIVATE_KEY"):
        monkeypatch.delenv(name, raising=False)


def settings(**given: object) -> Settings:
    return read_settings(_env_file=None, **given)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_manifest_asks_for_what_speaking_needs_and_no_more() -> None:
    asked = manifest("mine", "https://example.org", "http://127.0.0.1:1/created", "https://example.org/hook")
    assert asked["default_permissions"] == {
        "checks": "write",
        "contents": "read",
        "metadata": "read",
        "pull_requests": "write",
        "statuses": "read",
    }
    assert asked["default_events"] == sorted(listens(BUILT_IN, dispatching=False))
    assert asked["public"] is False
    assert asked["hook_attributes"] == {"url": "https://example.org/hook", "active": True}


def test_only_apply_asks_for_write_access_to_contents() -> None:
    asked = manifest("mine", "https://example.org", "http://127.0.0.1:1/created", None, apply=True)
    assert asked["default_permissions"]["contents"] == "write"
    assert asked["default_permissions"]["administration"] == "read"


def test_only_dispatching_asks_for_what_starting_workflows_needs() -> None:
    asked = manifest("mine", "https://example.org", "http://127.0.0.1:1/created", None, dispatch=True)
    assert asked["default_permissions"]["actions"] == "write"
    assert asked["default_permissions"]["issues"] == "write"
    assert "workflow_run" in asked["default_events"]


def test_without_an_address_the_webhook_is_off() -> None:
    asked = manifest("mine", "https://example.org", "http://127.0.0.1:1/created", None)
    assert asked["hook_attributes"]["active"] is False


def test_the_key_is_found_from_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept = keep(APP, Path(".env"), Path("data/app.pem"), settings())
    assert kept.key == tmp_path / "data/app.pem"
    assert read_settings(_env_file=".env").github_app_private_key_file == kept.key


def test_what_is_kept_is_what_the_product_reads(tmp_path: Path) -> None:
    env, key = tmp_path / ".env", tmp_path / "data/app.pem"
    keep(APP, env, key, settings())
    read = read_settings(_env_file=env)
    assert (read.github_app_id, read.github_app_slug, read.private_key) == ("7", "acme-forgehand", PEM)
    assert read.webhook_secrets == (APP.webhook_secret.encode(),)
    assert read.missing() == []


def test_both_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    env, key = tmp_path / ".env", tmp_path / "app.pem"
    env.write_text("LOG_LEVEL=DEBUG\n")
    env.chmod(0o644)
    keep(APP, env, key, settings())
    assert (mode(env), mode(key)) == (0o600, 0o600)


def test_another_server_is_remembered_and_github_itself_is_not(tmp_path: Path) -> None:
    keep(APP, tmp_path / "a", tmp_path / "app.pem", settings(github_api_url="https://ghe.example.org/api/v3"))
    keep(APP, tmp_path / "b", tmp_path / "app.pem", settings())
    assert dotenv_values(tmp_path / "a")["GITHUB_API_URL"] == "https://ghe.example.org/api/v3"
    assert "GITHUB_API_URL" not in dotenv_values(tmp_path / "b")


def test_an_app_that_was_there_is_found_and_the_file_with_it_is_kept_beside(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("GITHUB_APP_ID=3\nGITHUB_WEBHOOK_SECRET=old\n")
    assert app_in(env) == "3"
    kept = keep(APP, env, tmp_path / "app.pem", settings())
    assert kept.backup is not None
    assert kept.backup.read_text() == "GITHUB_APP_ID=3\nGITHUB_WEBHOOK_SECRET=old\n"
    assert mode(kept.backup) == 0o600
    assert app_in(env) == "7"


@pytest.mark.parametrize("text", [None, "", "# GITHUB_APP_ID=3\n", "GITHUB_APP_ID=\n", "PORT=1\n"])
def test_a_file_without_an_app_is_free(tmp_path: Path, text: str | None) -> None:
    env = tmp_path / ".env"
    if text is not None:
        env.write_text(text)
    assert app_in(env) is None


def test_every_other_line_stays_as_it_is() -> None:
    before = "# ours\nPORT=9000 # the proxy's\n\nexport LOG_LEVEL='DEBUG'\nnot a line\nGITHUB_APP_ID=3\n# end"
    after = with_variables(before, {"GITHUB_APP_ID": "7", "GITHUB_APP_SLUG": "mine"})
    assert after == (
        "# ours\nPORT=9000 # the proxy's\n\nexport LOG_LEVEL='DEBUG'\nnot a line\nGITHUB_APP_ID=7\n# end\n"
        "GITHUB_APP_SLUG=mine\n"
    )


def test_a_variable_that_stood_twice_stands_once() -> None:
    assert with_variables("A=1\nB=2\nA=3\n", {"A": "4"}) == "A=4\nB=2\n"


@pytest.mark.parametrize("name", ["GITHUB_APP_PRIVATE_KEY", "GITHUB_PRIVATE_KEY"])
def test_an_old_key_in_line_goes_for_it_would_win_over_the_file(name: str) -> None:
    before = f'A=1\n{name}="{PEM}"\nB=2\n'
    assert with_variables(before, {"GITHUB_APP_PRIVATE_KEY_FILE": "new.pem"}) == (
        "A=1\nB=2\nGITHUB_APP_PRIVATE_KEY_FILE=new.pem\n"
    )


@pytest.mark.parametrize("value", ["plain", "two words", "it's", 'a "b" c', "back\\slash", "# no comment", "$HOME", ""])
def test_any_value_comes_back_as_it_was_written(tmp_path: Path, value: str) -> None:
    env = tmp_path / ".env"
    env.write_text(with_variables("", {"GITHUB_WEBHOOK_SECRET": value}))
    assert read_settings(_env_file=env).github_webhook_secret.get_secret_value() == value


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(OSError, match="folder"):
        write_private(target, "x")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_where_nothing_can_be_written_the_path_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    with pytest.raises(SettingsError, match=r"cannot write .*data"):
        keep(APP, tmp_path / ".env", tmp_path / "data/app.pem", settings())
    assert not (tmp_path / ".env").exists()
