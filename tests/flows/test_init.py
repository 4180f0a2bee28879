"""`forgehand init` whole: its page, the practice forge's manifest flow, and what is on disk afterwards."""

import re
import stat
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from playwright.sync_api import sync_playwright

from forgehand.assembly.settings import read_settings
from forgehand.assembly.workers import BUILT_IN, listens
from forgehand.practice.forge import Forge
from forgehand.practice.records import App
from support.browser import FLAGS, PATIENCE
from support.command import Running, forgehand, running
from support.forge import forge_server

HOOK = "https://forgehand.example.org"


class Form(HTMLParser):
    """The first form of a page: where it posts and its fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given["action"] or ""
        if tag == "input" and given.get("name"):
            self.fields[str(given["name"])] = given.get("value") or ""


def page_of(init: Running) -> str:
    return init.line_with("http://127.0.0.1").strip()


def confirm(page: str) -> httpx2.Response:
    """What a person's browser does: post the form, and follow GitHub back."""
    with httpx2.Client(follow_redirects=True, timeout=60) as browser:
        form = Form(browser.get(page).raise_for_status().text)
        return browser.post(form.action, data=form.fields)


def only_app(forge: Forge) -> App:
    (app,) = forge.world.apps.values()
    return app


def test_init_makes_the_app_and_keeps_what_github_hands_out(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# ours\nLOG_LEVEL=DEBUG\n")
    with forge_server(tmp_path) as server:
        env = {"GITHUB_API_URL": server.url}
        argv = ("init", "--no-browser", "--name", "Acme Hand", "--webhook-url", HOOK)
        with running(tmp_path, *argv, env=env) as init:
            answer = confirm(page_of(init))
            assert answer.status_code == 200, answer.text
            assert "acme-hand is yours" in answer.text
            assert f"{server.url}/apps/acme-hand/installations/new" in answer.text
            install = init.line_with("Install it on your repositories")
            assert f"{server.url}/apps/acme-hand/installations/new" in install
            assert "forgehand serve" in init.line_with("2. ")
            assert init.end() == 0
        app = only_app(server.forge)
        assert app.webhook_url == f"{HOOK}/webhooks/github"
        assert app.permissions == {
            "checks": "write",
            "contents": "read",
            "metadata": "read",
            "pull_requests": "write",
            "statuses": "read",
        }
        assert app.events == tuple(sorted(listens(BUILT_IN, dispatching=False)))

        env_file, key = tmp_path / ".env", tmp_path / "data/acme-hand.private-key.pem"
        assert env_file.read_text().startswith("# ours\nLOG_LEVEL=DEBUG\n")
        assert [stat.S_IMODE(path.stat().st_mode) for path in (env_file, key)] == [0o600, 0o600]
        assert key.read_text() == app.private_key

        checked = forgehand(tmp_path, "doctor", "--json")
        levels = {check["name"]: check["level"] for check in checked.json["checks"]}
        assert levels["App"] == "ok"
        assert levels["installations"] == "warning"
        assert checked.code == 0


def test_an_organization_can_own_the_app(tmp_path: Path) -> None:
    with forge_server(tmp_path) as server:
        server.forge.create_user("acme", "Organization")
        argv = ("init", "--no-browser", "--org", "acme", "--webhook-url", "none", "--github-url", server.url)
        with running(tmp_path, *argv) as init:
            assert confirm(page_of(init)).status_code == 200
            assert init.end() == 0
        app = only_app(server.forge)
        assert (app.owner, app.webhook_url) == ("acme", None)
    settings = read_settings(_env_file=tmp_path / ".env")
    assert settings.github_api_url == f"{server.url}/api/v3"
    assert len(settings.github_webhook_secret.get_secret_value()) >= 32


def test_a_code_that_github_does_not_know_leaves_init_waiting_for_a_good_one(tmp_path: Path) -> None:
    with forge_server(tmp_path) as server:
        argv = ("init", "--no-browser", "--webhook-url", HOOK)
        with running(tmp_path, *argv, env={"GITHUB_API_URL": server.url}) as init:
            page = page_of(init)
            form = Form(httpx2.get(page, timeout=60).text)
            state = urlsplit(form.action).query
            refused = httpx2.get(f"{page}created?{state}&code=0123456789abcdef", timeout=60)
            assert refused.status_code == 502
            assert "used up or older than an hour" in refused.text
            assert not (tmp_path / ".env").exists()
            assert confirm(page).status_code == 200
            assert init.end() == 0


def test_replacing_an_app_keeps_the_old_file_beside(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GITHUB_APP_ID=3\nPORT=9000\n")
    with forge_server(tmp_path) as server:
        argv = ("init", "--no-browser", "--force", "--name", "new", "--webhook-url", HOOK)
        with running(tmp_path, *argv, env={"GITHUB_API_URL": server.url}) as init:
            assert confirm(page_of(init)).status_code == 200
            assert init.end() == 0
        new_id = only_app(server.forge).id
    assert (tmp_path / ".env.before-new").read_text() == "GITHUB_APP_ID=3\nPORT=9000\n"
    assert re.search(rf"^GITHUB_APP_ID={new_id}\nPORT=9000$", (tmp_path / ".env").read_text(), re.MULTILINE)


def test_nobody_coming_back_ends_it_with_nothing_written(tmp_path: Path) -> None:
    with forge_server(tmp_path) as server:
        argv = ("init", "--no-browser", "--webhook-url", HOOK, "--wait", "1")
        done = forgehand(tmp_path, *argv, env={"GITHUB_API_URL": server.url})
    assert done.code == 1
    assert "nobody came back from GitHub within 1 s" in done.err
    assert not (tmp_path / ".env").exists()


def test_a_real_browser_goes_there_and_back(tmp_path: Path, chromium: Path) -> None:
    with forge_server(tmp_path) as server, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(chromium), args=FLAGS, timeout=PATIENCE)
        argv = ("init", "--no-browser", "--name", "From Chromium", "--webhook-url", HOOK)
        with running(tmp_path, *argv, env={"GITHUB_API_URL": server.url}) as init:
            page = browser.new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(page_of(init))
            page.get_by_role("button", name="Create the App on GitHub").click()
            page.get_by_role("heading", name="from-chromium is yours").wait_for()
            assert init.end() == 0
        browser.close()
    assert (tmp_path / "data/from-chromium.private-key.pem").exists()
