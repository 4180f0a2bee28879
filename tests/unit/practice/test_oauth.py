"""Signing in with an app: the page where a person agrees, the code, the token of that person."""

import base64
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from forgehand.practice.records import App
from forgehand.practice.server import ForgeServer
from support import openapi
from support.forge import client, forge_server

BACK = "http://127.0.0.1:9/done"
VERIFIER = "a-verifier-that-is-long-enough-for-anybody-who-reads-it"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def asking(app: App, **changed: str) -> dict[str, str]:
    plain = {
        "client_id": app.client_id,
        "redirect_uri": BACK,
        "state": "abc",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return plain | changed


def redeemed(api: httpx2.Client, app: App, code: str, **changed: str) -> Any:
    plain = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    return api.post("/login/oauth/access_token", data=plain | changed).json()


def test_a_person_who_agrees_is_known_by_a_token_of_their_own(tmp_path: Path) -> None:
    with forge_server(tmp_path) as server:
        app = server.forge.create_app(callback_urls=[BACK])
        server.forge.create_user("mona")
        api = client(server.url)
        assert "Authorize forgehand" in api.get("/login/oauth/authorize", params=asking(app)).text
        sent = api.post("/login/oauth/authorize", params=asking(app), data={"login": "mona"})
        assert sent.headers["location"].startswith(f"{BACK}?")
        query = parse_qs(urlsplit(sent.headers["location"]).query)
        assert query["state"] == ["abc"]

        code = query["code"][0]
        assert redeemed(api, app, code, code_verifier="another")["error"] == "bad_verification_code"
        assert redeemed(api, app, code, client_secret="guess")["error"] == "incorrect_client_credentials"
        assert redeemed(api, app, code, redirect_uri="http://127.0.0.1:9/else")["error"] == "redirect_uri_mismatch"
        token = redeemed(api, app, code)["access_token"]
        assert client(server.url, token).get("/user").json()["login"] == "mona"
        assert redeemed(api, app, code)["error"] == "bad_verification_code", "a code works once"


def signed_in(server: ForgeServer, app: App, login: str) -> httpx2.Client:
    """A client with the token of a person who agreed to be signed in."""
    api = client(server.url)
    sent = api.post("/login/oauth/authorize", params=asking(app), data={"login": login})
    code = parse_qs(urlsplit(sent.headers["location"]).query)["code"][0]
    return client(server.url, redeemed(api, app, code)["access_token"])


def test_who_signed_in_is_known_as_a_member_where_the_app_may_know_it(tmp_path: Path) -> None:
    with forge_server(tmp_path) as server:
        forge = server.forge
        app = forge.create_app(permissions={"members": "read"}, callback_urls=[BACK])
        for organization in ("acme", "octo", "other"):
            forge.add_member(organization, "mona", team="platform")
        acme = forge.install(app, "acme")
        forge.install(app, "octo", permissions={"contents": "read"})
        mona = signed_in(server, app, "mona")
        paths = ("/user/memberships/orgs/{}", "/orgs/{}/teams/platform/memberships/mona")

        def answers(organization: str) -> list[int]:
            return [mona.get(path.format(organization)).status_code for path in paths]

        assert (answers("acme"), answers("octo"), answers("other")) == ([200, 200], [403, 403], [403, 403])
        forge.suspend(acme)
        assert answers("acme") == [403, 403]


def test_who_signed_in_may_do_no_more_than_the_app(tmp_path: Path) -> None:
    with forge_server(tmp_path) as server:
        forge = server.forge
        app = forge.create_app(permissions={"issues": "read", "contents": "read"}, callback_urls=[BACK])
        for name in ("acme/shop", "acme/other", "mona/own"):
            forge.create_repository(name)
            forge.set_collaborator(name, "mona", "admin")
        forge.install(app, "acme", ["shop"])
        issue = forge.open_issue("acme/shop", "An issue").number
        mona = signed_in(server, app, "mona")
        assert mona.get(f"/repos/acme/shop/issues/{issue}").status_code == 200
        assert mona.post(f"/repos/acme/shop/issues/{issue}/comments", json={"body": "x"}).status_code == 403
        assert [mona.get(f"/repos/{name}").status_code for name in ("acme/other", "mona/own")] == [404, 404]
        pull, push = ({"service": f"git-{verb}-pack"} for verb in ("upload", "receive"))
        assert mona.get("/acme/shop.git/info/refs", params=pull).status_code == 200
        assert mona.get("/acme/shop.git/info/refs", params=push).status_code == 403
        assert mona.get("/acme/other.git/info/refs", params=pull).status_code == 404


@pytest.mark.parametrize(
    "changed",
    [{"client_id": "Iv0"}, {"redirect_uri": "https://evil.example/"}, {"code_challenge_method": "plain"}],
)
def test_what_no_app_of_the_forge_meant_is_refused_on_a_page(tmp_path: Path, changed: dict[str, str]) -> None:
    with forge_server(tmp_path) as server:
        app = server.forge.create_app(callback_urls=[BACK])
        refused = client(server.url).get("/login/oauth/authorize", params=asking(app, **changed))
        assert refused.status_code == 400


@pytest.mark.needs("node")
def test_memberships_are_told_to_the_person_and_teams_to_members(tmp_path: Path) -> None:
    with forge_server(tmp_path) as server:
        server.forge.add_member("acme", "mona", team="platform")
        server.forge.create_user("mallory")
        ours, theirs = (client(server.url, server.forge.create_token(login)) for login in ("mona", "mallory"))
        assert ours.get("/user/memberships/orgs/acme").json()["state"] == "active"
        assert ours.get("/orgs/acme/teams/platform/memberships/mona").json()["state"] == "active"
        assert ours.get("/orgs/acme/teams/sales/memberships/mona").status_code == 404
        narrow = client(server.url, server.forge.create_token("mona", {"contents": "read"}))
        assert narrow.get("/user/memberships/orgs/acme").status_code == 403
        assert theirs.get("/user/memberships/orgs/acme").status_code == 404
        assert theirs.get("/orgs/acme/teams/platform/memberships/mona").status_code == 404
        openapi.assert_conforms(server.forge.calls)
