"""Signing in to the admin pages with GitHub: the product, the practice forge, and a browser between them."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
from playwright.sync_api import sync_playwright
from pydantic import SecretStr

from support.browser import FLAGS, PATIENCE
from support.product import PERMISSIONS, Product, product

DOOR, DONE = "/admin/sign-in/github", "/admin/sign-in/github/done"


@contextmanager
def served(folder: Path, *, logins: str = "", teams: str = "") -> Iterator[Product]:
    """The product, where these may come in by GitHub. Its App may know the members of `acme`."""
    with product(folder, start=False, permissions={**PERMISSIONS, "members": "read"}) as run:
        run.more |= {
            "admin_logins": logins,
            "admin_teams": teams,
            "github_client_id": run.app.client_id,
            "github_client_secret": SecretStr(run.app.client_secret),
        }
        for login in ("mona", "mallory"):
            run.forge.create_user(login)
        run.start()
        run.app.callback_urls = (origin(run) + DONE,)
        yield run


def origin(run: Product) -> str:
    return run.admin_url.removesuffix("/admin")


def agreed(run: Product, browser: httpx2.Client, login: str) -> str:
    """The browser goes to GitHub, where the person agrees; gives where GitHub sends it."""
    there = browser.get(f"{origin(run)}{DOOR}?next=/admin/jobs").headers["location"]
    assert there.startswith(f"{run.forge.url}/login/oauth/authorize?")
    return str(browser.post(there, data={"login": login}).headers["location"])


def test_who_is_named_comes_in_and_nobody_else(tmp_path: Path) -> None:
    with served(tmp_path, logins="Mona,hubot") as run, httpx2.Client(timeout=60) as browser:
        assert "Sign in with GitHub" in browser.get(f"{origin(run)}/admin/sign-in").text
        welcome = browser.get(agreed(run, browser, "mona"))
        assert welcome.status_code == 200
        assert "/admin/jobs" in welcome.text
        assert "mona (GitHub)" in browser.get(f"{origin(run)}/admin").text

        browser.cookies.clear()
        refused = browser.get(agreed(run, browser, "mallory"))
        assert refused.status_code == 403
        assert "mallory may not come in" in refused.text
        assert browser.get(f"{origin(run)}/admin").status_code == 303
        assert run.forge.unmodelled() == ()


def test_members_of_an_organization_or_of_a_team_come_in_where_the_app_may_know_them(tmp_path: Path) -> None:
    with served(tmp_path, teams="acme/platform,octo,elsewhere") as run:
        run.forge.install(run.app, "octo")
        run.forge.add_member("acme", "mona", team="platform")
        run.forge.add_member("octo", "hubot")
        run.forge.add_member("acme", "mallory", team="sales")
        run.forge.add_member("elsewhere", "stranger")
        for login, status in (("mona", 200), ("hubot", 200), ("mallory", 403), ("stranger", 403)):
            with httpx2.Client(timeout=60) as browser:
                assert browser.get(agreed(run, browser, login)).status_code == status, login


def test_a_code_is_worthless_in_another_browser_and_without_its_state(tmp_path: Path) -> None:
    with served(tmp_path, logins="mona,mallory") as run, httpx2.Client(timeout=60) as browser:
        back = agreed(run, browser, "mallory")
        with httpx2.Client(timeout=60) as victim:
            assert victim.get(back).status_code == 403
            victim.get(f"{origin(run)}{DOOR}")
            assert victim.get(back).status_code == 403, "its own beginning does not fit"
        code = parse_qs(urlsplit(back).query)["code"][0]
        assert browser.get(f"{origin(run)}{DONE}?code={code}&state=guess").status_code == 403
        assert browser.get(back).status_code == 200
        again = browser.get(back)
        assert again.status_code == 403, "begun once, ended once"


def test_a_no_on_github_and_a_code_that_it_does_not_know_are_said(tmp_path: Path) -> None:
    with served(tmp_path, logins="mona") as run, httpx2.Client(timeout=60) as browser:
        state = parse_qs(urlsplit(browser.get(f"{origin(run)}{DOOR}").headers["location"]).query)["state"][0]
        no = browser.get(f"{origin(run)}{DONE}?error=access_denied&state={state}")
        assert (no.status_code, "did not agree" in no.text) == (403, True)
        unknown = browser.get(f"{origin(run)}{DONE}?code=0123456789abcdef&state={state}")
        assert (unknown.status_code, "bad_verification_code" in unknown.text) == (403, True)


def test_a_real_browser_comes_back_signed_in_and_the_audit_knows(tmp_path: Path, chromium: Path) -> None:
    with served(tmp_path, logins="mona") as run, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(chromium), args=FLAGS, timeout=PATIENCE)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{origin(run)}/admin/jobs")
        page.get_by_role("link", name="Sign in with GitHub").click()
        page.locator("input[name=login]").fill("mona")
        page.get_by_role("button", name="Authorize").click()
        page.wait_for_url(f"{origin(run)}/admin/jobs")
        assert "mona (GitHub)" in page.content()
        (cookie,) = page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        browser.close()
        rows = sqlite3.connect(run.folder / "forgehand.db").execute(
            "SELECT data FROM facts WHERE kind = 'admin.sign_in'"
        )
        assert [json.loads(data) for (data,) in rows] == [{"by": "mona (GitHub)", "address": "127.0.0.1"}]


def test_it_is_off_where_nobody_is_named(tmp_path: Path) -> None:
    with product(tmp_path) as run, httpx2.Client(timeout=60) as browser:
        assert "GitHub" not in browser.get(f"{origin(run)}/admin/sign-in").text
        assert browser.get(f"{origin(run)}{DOOR}").status_code == 404
