"""`forgehand demo` and `forgehand practice`, as a newcomer starts them."""

import os
import re
import signal
import subprocess
from pathlib import Path

import httpx2
import pytest

from forgehand.cli.demo import Product
from forgehand.cli.errors import Stop
from forgehand.cli.practice import Planted
from forgehand.cli.sample import REPOSITORY, changes
from forgehand.practice.forge import Forge
from support.command import Running, forgehand, running


def link(line: str) -> str:
    found = re.search(r"http://\S+", line)
    assert found, line
    return found[0]


def mapping(lines: list[str], before: str = "export ") -> dict[str, str]:
    return dict(line.removeprefix(before).strip().split("=", 1) for line in lines if line.startswith(before))


def children_of(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_once_reviews_both_pull_requests_and_leaves_nothing_behind(tmp_path: Path) -> None:
    # The person's own settings must not reach it.
    theirs = {"GITHUB_APP_ID": "7", "GITHUB_API_URL": "https://api.github.com", "PORT": "x", "LOG_LEVEL": "LOUD"}
    ran = forgehand(tmp_path, "demo", "--once", env=theirs, timeout=240)
    assert ran.code == 0, ran.out + ran.err
    flawed, clean = (re.escape(change.title) for change in changes())
    assert re.search(rf"#1 {flawed}\s+failure", ran.out)
    assert re.search(rf"#2 {clean}\s+success\s+Ready", ran.out)
    for where, what in (("payments.py:7", "stripe"), ("payments.py:12", "Undefined name"), ("payments.py:10", "B006")):
        assert re.search(rf"shop/{where}\s.*{what}", ran.out), ran.out
    assert re.search(rf"http://127\.0\.0\.1:\d+/{REPOSITORY}/pull/1", ran.out)
    assert re.search(rf"http://127\.0\.0\.1:\d+/{REPOSITORY}/runs/\d+", ran.out)
    assert re.search(r"sign in +http://127\.0\.0\.1:\d+/\S+ +\(works once, within 15 minutes\)", ran.out)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_lost_on_a_narrow_terminal(tmp_path: Path) -> None:
    ran = forgehand(tmp_path, "demo", "--once", env={"COLUMNS": "100"}, timeout=240)
    assert ran.code == 0, ran.out + ran.err
    rows = ran.out.partition("pull request ")[2].partition("\nLinks")[0]
    assert max(map(len, rows.splitlines())) <= 100
    said = "".join(rows.split())
    for whole in ("minor·Donotusemutabledatastructuresforargumentdefaults·ruffB006", "isoftenunexpected.·ruffS310"):
        assert whole in said, rows
    assert not re.search("[\U0001f300-\U0001faff]|\\]\\(", rows)


def test_a_server_that_stops_is_said_first_and_its_folder_is_kept(tmp_path: Path) -> None:
    with running(tmp_path, "demo") as demo:
        demo.line_with("Ctrl-C ends it")
        (server,) = [pid for pid in children_of(demo.process.pid) if _is_serve(pid)]
        os.kill(server, signal.SIGTERM)
        assert demo.line_with("forgehand:").startswith("forgehand: the server stopped")
        kept = Path(demo.line_with("Everything is kept in").partition(" in ")[2])
        assert demo.end() == 1
    assert (kept / "forgehand.log").is_file()


def test_the_key_in_the_flawed_change_is_shown_nowhere_whole(tmp_path: Path) -> None:
    ran = forgehand(tmp_path, "demo", "--once", "--keep", "kept", timeout=240)
    assert ran.code == 0, ran.out + ran.err
    source = subprocess.run(
        ["git", "-C", tmp_path / f"kept/github/{REPOSITORY}.git", "show", "card-payments:shop/payments.py"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r'STRIPE_KEY = "(\w{32})"', source.stdout)
    assert found
    assert found[1] not in ran.out + ran.err
    for path in (tmp_path / "kept").rglob("*"):
        if path.is_file() and "github" not in path.parts and ".git" not in str(path):
            assert found[1].encode() not in path.read_bytes(), path


def test_without_once_it_stays_up_until_it_is_told_to_end(tmp_path: Path) -> None:
    with running(tmp_path, "demo") as demo:
        pull, check = link(demo.line_with("/pull/1")), link(demo.line_with("/runs/"))
        admin, sign_in = link(demo.line_with("admin ")), link(demo.line_with("sign in"))
        folder = Path(demo.line_with("  cd ").split()[1])
        demo.line_with("Ctrl-C ends it")
        with httpx2.Client(follow_redirects=True, timeout=60) as browser:
            assert "Undefined name" in browser.get(pull).raise_for_status().text
            assert "Forgehand review" in browser.get(check).raise_for_status().text
            assert "sign-in" in str(browser.get(admin).url)
            _sign_in(browser, sign_in)
            assert REPOSITORY in browser.get(admin).raise_for_status().text
        listed = forgehand(folder, "deliveries", "list", "--json")
        assert "pull_request" in {each["event"] for each in listed.json}
        (server,) = [pid for pid in children_of(demo.process.pid) if _is_serve(pid)]
        worker = children_of(server)
        demo.process.send_signal(signal.SIGTERM)
        assert demo.end() == 0
    assert not folder.exists()
    assert [pid for pid in (server, *worker) if alive(pid)] == []


def test_a_folder_that_is_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/mine").touch()
    ran = forgehand(tmp_path, "demo", "--once", "--keep", "kept")
    assert (ran.code, ran.out) == (2, "")
    assert "is not empty" in ran.err
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["mine"]


def test_a_server_that_does_not_start_shows_its_last_lines(tmp_path: Path) -> None:
    app = Forge(tmp_path / "forge").create_app()
    broken = Planted(app, {"LOG_LEVEL": "LOUD"}, token="")
    with pytest.raises(Stop, match=r"did not start; its last log lines:\n.*LOG_LEVEL"), Product(tmp_path, broken):
        pass


def test_practice_prints_what_a_server_needs_and_a_server_works_with_it(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    with running(
        tmp_path, "practice", "--root", "forge", "--webhook-url", "http://127.0.0.1:9/webhooks/github"
    ) as forge:
        url = link(forge.line_with("listens at"))
        forge.line_with("git clone")
        env = mapping(forge.seen)
        assert env["GITHUB_API_URL"] == url
        assert Path(env["GITHUB_APP_PRIVATE_KEY_FILE"]).stat().st_mode & 0o077 == 0
        checked = forgehand(tmp_path / "server", "doctor", "--json", env=env)
        assert checked.code == 0, checked.out
        assert _push(forge, tmp_path) == 0
        forge.process.send_signal(signal.SIGINT)
        assert forge.end() == 0
    assert (tmp_path / f"forge/forge/{REPOSITORY}.git").is_dir()


def test_an_empty_practice_forge_has_no_repository_and_no_app(tmp_path: Path) -> None:
    with running(tmp_path, "practice", "--empty") as forge:
        url = link(forge.line_with("listens at"))
        assert f"first repository and token on its front page: {url}" in forge.line_with("front page")
        assert url in forge.line_with("forgehand init")
        assert httpx2.get(f"{url}/repos/{REPOSITORY}", timeout=60).status_code == 404


def _sign_in(browser: httpx2.Client, link: str) -> None:
    """Open the one-time link and press its button, where it has one."""
    answer = browser.get(link).raise_for_status()
    if form := re.search(r'<form[^>]*action="([^"]*)"', answer.text):
        fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', answer.text))
        origin = str(answer.url.copy_with(path="/", query=None)).rstrip("/")
        browser.post(origin + form[1], data=fields, headers={"Origin": origin}).raise_for_status()


def _push(forge: Running, folder: Path) -> int:
    """Clone as the command says, and push a branch."""
    clone = next(line for line in forge.seen if line.startswith("git clone")).split()
    env = {"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(folder), "GIT_CONFIG_GLOBAL": "/dev/null"}
    subprocess.run([*clone, "work"], cwd=folder, env=env, check=True, capture_output=True)
    author = ["-c", "user.name=Rina", "-c", "user.email=rina@example.org"]
    for argv in (["switch", "-c", "idea"], ["commit", "--allow-empty", "-m", "An idea"], ["push", "origin", "idea"]):
        done = subprocess.run(["git", *author, *argv], cwd=folder / "work", env=env, capture_output=True, check=True)
    return done.returncode


def _is_serve(pid: int) -> bool:
    return b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes()
