"""What the product says when it cannot start: which variable, and what to do."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from forgehand.practice.keys import private_key
from support.command import forgehand, make_store
from support.nobody import nobody
from support.product import product


def an_app(folder: Path) -> dict[str, str]:
    """The settings of a whole App, whose key nobody knows."""
    key = folder / "key.pem"
    key.write_text(private_key(7))
    return {"GITHUB_APP_ID": "7", "GITHUB_APP_PRIVATE_KEY_FILE": str(key), "GITHUB_WEBHOOK_SECRET": "practice"}


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


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "GITHUB_APP_PRIVATE_KEY",
            None,
            "GITHUB_APP_PRIVATE_KEY holds something that is no RSA private key in PEM form",
        ),
        ("GITHUB_APP_PRIVATE_KEY_FILE", b"nonsense", "which is no RSA private key in PEM form"),
        ("GITHUB_APP_PRIVATE_KEY_FILE", b"\xff\xfe", "which cannot be read (it is no text)"),
        ("GITHUB_APP_PRIVATE_KEY_FILE", None, "which cannot be read (No such file or directory)"),
    ],
)
def test_a_key_that_cannot_be_used_is_said_before_any_port_opens(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(content)
    env = {"GITHUB_APP_ID": "7", "GITHUB_WEBHOOK_SECRET": "practice", name: str(path)}
    ran = forgehand(tmp_path, "serve", env=env)
    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert line.startswith(f"forgehand: {name} ")
    assert said in line
    assert (str(path) in line) is name.endswith("FILE")


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_data_folder_that_cannot_be_made_ends_the_start(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    ran = forgehand(tmp_path, command, env={**an_app(tmp_path), "FORGEHAND_DATA_DIR": "file/data"})
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1] == (
        f"forgehand: FORGEHAND_DATA_DIR is {tmp_path}/file/data, which cannot be used ({tmp_path}/file: Not a "
        "directory): let FORGEHAND_DATA_DIR name a folder that can be made and written to"
    )


@pytest.mark.parametrize(
    "argv", [("policy", "explain", "acme/shop#1"), ("review", "--run-once", "--repo", "acme/shop")]
)
def test_a_github_out_of_reach_is_one_line_with_address_and_remedy(tmp_path: Path, argv: tuple[str, ...]) -> None:
    make_store(tmp_path)
    # No webhook comes in here, so neither needs the webhook's secret.
    env = {name: value for name, value in an_app(tmp_path).items() if name != "GITHUB_WEBHOOK_SECRET"}
    with nobody() as address:
        ran = forgehand(tmp_path, *argv, env={**env, "GITHUB_API_URL": address})
    assert (ran.code, ran.out) == (1, "")
    (line,) = ran.err.splitlines()
    assert line.startswith(f"forgehand: GitHub could not be reached at {address} for GET /app")
    assert line.endswith("see that this machine reaches GitHub and that GITHUB_API_URL is right")


def test_an_unreachable_github_does_not_keep_webhooks_from_being_taken(tmp_path: Path) -> None:
    with product(tmp_path, github_api_url="http://127.0.0.1:9") as run:
        run.forge.commit("acme/shop", "feature", {"a.txt": "a"})
        run.forge.webhooks.settle()
        assert {each.status_code for each in run.forge.deliveries(run.app)} == {202}
