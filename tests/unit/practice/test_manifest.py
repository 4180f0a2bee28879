"""The manifest flow: a form, a code, credentials that work."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from forgehand.practice.records import App
from support.forge import app_jwt, client, forge_server

MANIFEST = {
    "name": "My Helper!",
    "url": "https://example.com",
    "redirect_url": "http://127.0.0.1:9/done?x=1",
    "hook_attributes": {"url": "http://127.0.0.1:9/hook"},
    "default_permissions": {"contents": "read", "checks": "write"},
    "default_events": ["push"],
    "public": False,
}


def test_a_manifest_becomes_an_app_once(tmp_path: Path) -> None:
    with forge_server(tmp_path) as server:
        api = client(server.url)
        sent = api.post("/settings/apps/new", params={"state": "abc"}, data={"manifest": json.dumps(MANIFEST)})
        assert sent.status_code == 302
        query = parse_qs(urlsplit(sent.headers["location"]).query)
        assert (query["x"], query["state"]) == (["1"], ["abc"])
        made = api.post(f"/app-manifests/{query['code'][0]}/conversions")
        assert made.status_code == 201
        body = made.json()
        assert body["slug"] == "my-helper"
        assert body["pem"].startswith("-----BEGIN RSA " + "PRIVATE KEY-----")
        assert body["permissions"] == {"contents": "read", "checks": "write", "metadata": "read"}
        assert body["events"] == ["push"]
        app: App = server.forge.world.apps[body["id"]]
        assert (app.webhook_secret, app.webhook_url) == (body["webhook_secret"], "http://127.0.0.1:9/hook")
        assert client(server.url, app_jwt(app)).get("/app").json()["id"] == body["id"]
        assert api.post(f"/app-manifests/{query['code'][0]}/conversions").status_code == 404
        recorded = server.forge.calls[0].response
        assert {recorded[name] for name in ("pem", "client_secret", "webhook_secret")} == {"***"}


def test_a_manifest_that_cannot_be_is_refused_on_a_page(tmp_path: Path) -> None:
    with forge_server(tmp_path) as server:
        api = client(server.url)
        for text in ("{", json.dumps(MANIFEST | {"redirect_url": "javascript:alert(1)"}), json.dumps({"name": "x"})):
            assert api.post("/settings/apps/new", data={"manifest": text}).status_code == 422
        assert api.post("/settings/apps/new", data={"manifest": json.dumps(MANIFEST)}).status_code == 302
        again = api.post("/settings/apps/new", data={"manifest": json.dumps(MANIFEST)})
        assert (again.status_code, "already taken" in again.text) == (422, True)


def test_a_code_is_good_for_an_hour(tmp_path: Path) -> None:
    with forge_server(tmp_path) as server:
        api = client(server.url)
        sent = api.post("/settings/apps/new", data={"manifest": json.dumps(MANIFEST), "state": "s"})
        query = parse_qs(urlsplit(sent.headers["location"]).query)
        now = server.forge.world.now()
        server.forge.world.clock = lambda: now + 3601
        assert query["state"] == ["s"]
        assert api.post(f"/app-manifests/{query['code'][0]}/conversions").status_code == 404


def test_an_app_is_installed_from_its_page(tmp_path: Path) -> None:
    with forge_server(tmp_path) as server:
        server.forge.create_app("helper", {"contents": "read"})
        server.forge.create_repository("octo/sample")
        api = client(server.url)
        assert "helper" in api.get("/apps/helper").text
        assert api.post("/apps/helper/installations/new", data={"account": "octo"}).status_code == 302
        assert [i.account for i in server.forge.world.installations.values()] == ["octo"]
