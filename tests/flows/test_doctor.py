"""`forgehand doctor` against a practice forge: what it finds, and the remedy it names."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from forgehand.practice.keys import private_key
from support.command import forgehand, make_store
from support.forge import Sample, sample_forge
from support.nobody import nobody


def settings_for(sample: Sample, folder: Path, **more: str) -> dict[str, str]:
    key = folder / "key.pem"
    key.write_text(sample.app.private_key)
    key.chmod(0o600)
    return {
        "GITHUB_API_URL": sample.url,
        "GITHUB_APP_ID": str(sample.app.id),
        "GITHUB_APP_PRIVATE_KEY_FILE": str(key),
        "GITHUB_WEBHOOK_SECRET": "practice",
        **more,
    }


def examined(folder: Path, env: Mapping[str, str], code: int) -> dict[str, Any]:
    """The checks by name; where several have one, the worst."""
    ran = forgehand(folder, "doctor", "--json", env=env)
    assert ran.code == code, ran.out + ran.err
    ranks = ["ok", "warning", "problem"]
    by_name: dict[str, Any] = {}
    for check in sorted(ran.json["checks"], key=lambda each: ranks.index(each["level"])):
        by_name[check["name"]] = check
        assert check["level"] == "ok" or check["name"] == "GitHub" or check["remedy"]
    assert ran.json["ok"] is (code == 0)
    return by_name


def test_all_is_well_where_all_is_well(tmp_path: Path) -> None:
    hook = "https://forgehand.example.org/webhooks/github"
    make_store(tmp_path)
    with sample_forge(tmp_path) as sample:
        sample.app.webhook_url = hook
        checks = examined(tmp_path, settings_for(sample, tmp_path), 0)
    problems = {name: check for name, check in checks.items() if check["level"] != "ok" and name != "sandbox"}
    assert problems == {}
    assert set(checks) >= {
        *("Python", "git", "ruff", "kingfisher", "settings", "disk", "sandbox", "SQLite", "store", "App", "clock"),
        *("webhook", "events", "permissions", "installation on octo", "rate limit"),
    }
    assert checks["webhook"]["says"] == f"GitHub sends to {hook}"
    assert checks["installation on octo"]["says"].startswith("1 repository")


def test_people_get_a_table_and_each_remedy(tmp_path: Path) -> None:
    ran = forgehand(tmp_path, "doctor")
    assert ran.code == 1
    for name in ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET"):
        assert f"{name} is not set" in ran.out
    assert "settings: generate a private key on the App's settings page" in ran.out
    assert ran.out.rstrip().endswith("There are problems; the lines above say how to mend them.")
    assert ran.err == ""


def test_a_key_of_another_app_is_named(tmp_path: Path) -> None:
    with sample_forge(tmp_path) as sample:
        env = settings_for(sample, tmp_path)
        (tmp_path / "key.pem").write_text(private_key(7))
        check = examined(tmp_path, env, 1)["GitHub"]
    assert check["level"] == "problem"
    assert "GITHUB_APP_PRIVATE_KEY is not a key of the App" in check["remedy"]


@pytest.mark.parametrize("key", ["nonsense", ""])
def test_what_is_no_key_at_all_is_named(tmp_path: Path, key: str) -> None:
    with sample_forge(tmp_path) as sample:
        env = settings_for(sample, tmp_path)
        (tmp_path / "key.pem").write_text(key)
        check = examined(tmp_path, env, 1)["settings"]
    key_file = tmp_path / "key.pem"
    assert f"GITHUB_APP_PRIVATE_KEY_FILE names {key_file}, which is no RSA private key" in check["says"]


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with sample_forge(tmp_path) as sample:
        env = settings_for(sample, tmp_path, GITHUB_APP_PRIVATE_KEY_FILE=str(tmp_path / "gone.pem"))
        checks = examined(tmp_path, env, 1)
    assert any("gone.pem" in check["says"] for check in checks.values() if check["level"] == "problem")


def test_a_github_that_does_not_answer_is_told_from_one_that_refuses(tmp_path: Path) -> None:
    with sample_forge(tmp_path) as sample:
        env = settings_for(sample, tmp_path)
    with nobody() as address:
        check = examined(tmp_path, {**env, "GITHUB_API_URL": address}, 1)["GitHub"]
    assert "could not be reached" in check["says"]
    assert address in check["remedy"]


def test_permissions_that_an_installation_has_not_accepted_are_named(tmp_path: Path) -> None:
    with sample_forge(tmp_path) as sample:
        sample.forge.uninstall(sample.installation)
        sample.forge.install(sample.app, "octo", permissions={"contents": "read", "pull_requests": "read"})
        check = examined(tmp_path, settings_for(sample, tmp_path), 1)["installation on octo"]
    assert check["says"] == "grants no checks: write, pull_requests: write, statuses: read"
    assert "has to accept the App's new permissions" in check["remedy"]


def test_a_suspended_installation_is_named(tmp_path: Path) -> None:
    with sample_forge(tmp_path) as sample:
        sample.forge.suspend(sample.installation)
        check = examined(tmp_path, settings_for(sample, tmp_path), 1)["installation on octo"]
    assert check["says"] == "suspended"


def test_a_store_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    url = f"sqlite:///{tmp_path}/file/forgehand.db"
    with sample_forge(tmp_path) as sample:
        check = examined(tmp_path, settings_for(sample, tmp_path, FORGEHAND_DATABASE_URL=url), 1)["store"]
    assert "file/forgehand.db" in check["says"]
    assert "FORGEHAND_DATABASE_URL" in check["remedy"]


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with sample_forge(tmp_path) as sample:
        check = examined(tmp_path, settings_for(sample, tmp_path, FORGEHAND_DATA_DIR="file/data"), 1)["data folder"]
    assert check["says"] == f"{tmp_path}/file/data cannot be used: {tmp_path}/file: Not a directory"
    assert "FORGEHAND_DATA_DIR" in check["remedy"]


def test_a_misspelt_variable_is_named_with_the_one_that_may_be_meant(tmp_path: Path) -> None:
    make_store(tmp_path)
    (tmp_path / ".env").write_text("FORGEHAND_MOD=apply\n")
    (tmp_path / ".env").chmod(0o600)
    with sample_forge(tmp_path) as sample:
        check = examined(tmp_path, settings_for(sample, tmp_path), 0)["settings"]
    assert (check["level"], check["says"]) == ("warning", "FORGEHAND_MOD is no setting, and nothing reads it")
    assert check["remedy"] == "did you mean FORGEHAND_MODE?"


def test_each_program_is_there_with_its_version(tmp_path: Path) -> None:
    checks = {each["name"]: each for each in forgehand(tmp_path, "doctor", "--json").json["checks"]}
    for program in ("git", "ruff", "shellcheck", "hadolint", "oxlint"):
        assert re.fullmatch(r"[0-9]+(\.[0-9]+)+", checks[program]["says"])


def test_deliveries_that_do_not_arrive_are_seen(tmp_path: Path) -> None:
    with nobody() as address, sample_forge(tmp_path, webhook_url=f"{address}/webhooks/github") as sample:
        sample.forge.webhooks.settle()
        check = examined(tmp_path, settings_for(sample, tmp_path), 0)["deliveries"]
    assert check["level"] == "warning"
    assert "0 of GitHub's last" in check["says"]


def test_files_that_others_may_read_are_named(tmp_path: Path) -> None:
    with sample_forge(tmp_path) as sample:
        env = settings_for(sample, tmp_path)
        (tmp_path / "key.pem").chmod(0o644)
        check = examined(tmp_path, env, 0)[str(tmp_path / "key.pem")]
    assert check["level"] == "warning"
    assert check["remedy"] == f"chmod 600 {tmp_path / 'key.pem'}"


def test_it_shows_no_secret_and_changes_nothing_on_github(tmp_path: Path) -> None:
    secret = "a webhook secret of ours"
    with sample_forge(tmp_path) as sample:
        sample.forge.clear_calls()
        ran = forgehand(tmp_path, "doctor", env=settings_for(sample, tmp_path, GITHUB_WEBHOOK_SECRET=secret))
        assert sample.forge.mutations() == ()
    assert ran.code == 0
    assert secret not in ran.out + ran.err
    assert "PRIVATE KEY" not in ran.out + ran.err
