"""What the product says when it cannot start: which variable, and what to do."""

from pathlib import Path

from pydantic import SecretStr

from forgehand.practice.keys import private_key
from support.product import product


def test_a_private_key_of_another_app_is_said_at_start_and_nothing_runs(tmp_path: Path) -> None:
    with product(tmp_path, start=False, github_app_private_key=SecretStr(private_key(77))) as run:
        run.start()
        assert run.process is not None
        assert run.process.wait(60) != 0
        assert "GITHUB_APP_PRIVATE_KEY" in run.log()


def test_what_is_no_key_at_all_is_said_at_start(tmp_path: Path) -> None:
    with product(tmp_path, start=False, github_app_private_key=SecretStr("not a key")) as run:
        run.start()
        assert run.process is not None
        assert run.process.wait(60) != 0
        assert "GITHUB_APP_PRIVATE_KEY" in run.log()


def test_an_unreachable_github_does_not_keep_webhooks_from_being_taken(tmp_path: Path) -> None:
    with product(tmp_path, github_api_url="http://127.0.0.1:9") as run:
        run.forge.commit("acme/shop", "feature", {"a.txt": "a"})
        run.forge.webhooks.settle()
        assert {each.status_code for each in run.forge.deliveries(run.app)} == {202}
