import re
from pathlib import Path

import httpx2
import pytest
from typer import BadParameter
from typer.testing import CliRunner

from forgehand.assembly.credentials import NewApp
from forgehand.cli import manifest_page
from forgehand.cli.errors import Stop
from forgehand.cli.init import api_of, new_app_url
from forgehand.cli.main import app
from forgehand.cli.manifest_page import Answer, Handler, ManifestPage

MANIFEST = {
    "name": "mine <&",
    "hook_attributes": {"url": "https://example.org/hook", "active": True},
    "default_permissions": {"checks": "write"},
}


def page() -> ManifestPage:
    return ManifestPage("https://github.com/settings/apps/new", lambda back: {**MANIFEST, "redirect_url": back}, "x")


async def converted(code: str, api_url: str) -> NewApp:
    return NewApp(7, "mine", "https://github.com/apps/mine", "key of the test", "secret of the test")


def created(shown: ManifestPage) -> str:
    """Where GitHub sends the browser with the code."""
    return f"{shown.url}created?code=abc&state={state_of(httpx2.get(shown.url, timeout=60).text)}"


def state_of(form: str) -> str:
    found = re.search(r"state=([\w-]+)", form)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("given", "api"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://github.com/", "https://api.github.com"),
        ("https://ghe.example.org", "https://ghe.example.org/api/v3"),
        ("https://ghe.example.org/api/v3", "https://ghe.example.org/api/v3"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/api/v3"),
    ],
)
def test_the_api_follows_from_where_people_go(given: str, api: str) -> None:
    assert api_of(given) == api


@pytest.mark.parametrize("given", ["github.com", "ftp://github.com", "https://", "https://x/?a=b"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(BadParameter):
        api_of(given)


def test_an_organization_has_its_own_page_for_new_apps() -> None:
    assert new_app_url("https://github.com/", "") == "https://github.com/settings/apps/new"
    assert new_app_url("https://github.com", "a/b") == "https://github.com/organizations/a%2Fb/settings/apps/new"


def test_the_form_carries_the_manifest_and_a_state_of_its_own() -> None:
    with page() as first, page() as second:
        status, form, _ = first.answer("127.0.0.1:1", "/")
        assert status == 200
        assert "mine &lt;&amp;" in form
        assert 'action="https://github.com/settings/apps/new?state=' in form
        assert state_of(form) != state_of(second.answer("127.0.0.1:1", "/").page)


@pytest.mark.parametrize("path", ["/created?code=abc", "/created?code=abc&state=", "/created?code=abc&state=forged"])
def test_a_code_without_our_state_is_refused(path: str) -> None:
    with page() as shown:
        assert shown.answer("127.0.0.1:1", path).status == 403


def test_our_state_without_a_code_is_no_answer_of_github() -> None:
    with page() as shown:
        state = state_of(shown.answer("127.0.0.1:1", "/").page)
        assert shown.answer("127.0.0.1:1", f"/created?state={state}").status == 400


@pytest.mark.parametrize("host", ["evil.example.org:80", "127.0.0.1.evil.example.org:80", ""])
def test_the_page_answers_to_no_other_name(host: str) -> None:
    with page() as shown:
        assert shown.answer(host, "/").status == 403


def test_there_is_nothing_else() -> None:
    with page() as shown:
        assert shown.answer("localhost:1", "/favicon.ico").status == 404


def test_the_person_has_their_answer_before_waiting_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    send = Handler.send_page

    def look_and_send(handler: Handler, answer: Answer) -> None:
        if answer.app:
            with pytest.raises(Stop):
                shown.wait(0)
        send(handler, answer)

    monkeypatch.setattr(manifest_page, "convert", converted)
    monkeypatch.setattr(Handler, "send_page", look_and_send)
    with page() as shown:
        assert "mine is yours" in httpx2.get(created(shown), timeout=60).text
        assert shown.wait(60).slug == "mine"


def test_an_app_is_kept_though_the_browser_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(handler: Handler, answer: Answer) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(manifest_page, "convert", converted)
    with page() as shown:
        address = created(shown)
        monkeypatch.setattr(Handler, "send_page", gone)
        with pytest.raises(httpx2.TransportError):
            httpx2.get(address, timeout=60)
        assert shown.wait(60).slug == "mine"


def test_waiting_ends_with_what_to_do() -> None:
    with page() as shown, pytest.raises(Stop, match=r"nobody came back from GitHub within 0\.01 s"):
        shown.wait(0.01)


def test_an_app_is_not_replaced_unasked(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("GITHUB_APP_ID=3\n")
    done = CliRunner().invoke(app, ["init", "--env", str(env), "--webhook-url", "none", "--no-browser"])
    assert done.exit_code == 2
    assert "holds an App already (id 3): --force replaces it" in done.stderr
    assert env.read_text() == "GITHUB_APP_ID=3\n"


@pytest.mark.parametrize("options", [[], ["--webhook-url", "example.org"], ["--webhook-url", "ftp://example.org"]])
def test_where_github_reaches_us_must_be_said(tmp_path: Path, options: list[str]) -> None:
    done = CliRunner().invoke(app, ["init", "--env", str(tmp_path / ".env"), "--no-browser", *options])
    assert done.exit_code == 2
    assert "--webhook-url" in done.stderr
