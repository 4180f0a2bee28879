"""JWTs, installation tokens and what they open."""

import time
from pathlib import Path

import jwt
import pytest

from forgehand.practice.keys import private_key
from forgehand.practice.records import Quirks
from support.forge import PERMISSIONS, Receiver, Sample, app_jwt, client, forge_server, sample_forge

R = "/repos/octo/sample"


def test_an_app_introduces_itself_with_a_jwt(sample: Sample) -> None:
    reply = client(sample.url, app_jwt(sample.app)).get("/app")
    assert reply.status_code == 200
    assert reply.json()["slug"] == "forgehand"
    assert reply.json()["installations_count"] == 1


def test_the_issuer_may_be_the_app_id(sample: Sample) -> None:
    assert client(sample.url, app_jwt(sample.app, iss=str(sample.app.id))).get("/app").status_code == 200


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        ({"lasts": -1}, "must be a numeric value representing the future time"),
        ({"lasts": 660}, "is too far in the future"),
        ({"issued_in": 120}, "'Issued at' claim"),
    ],
)
def test_a_jwt_outside_its_time_is_refused(sample: Sample, times: dict[str, float], sentence: str) -> None:
    # Seconds from now, not from when the tests were collected.
    ahead = {"issued": time.time() + times["issued_in"]} if "issued_in" in times else times
    reply = client(sample.url, app_jwt(sample.app, **ahead)).get("/app")
    assert reply.status_code == 401
    assert sentence in reply.json()["message"]


def test_a_jwt_of_another_key_is_refused(sample: Sample) -> None:
    claims = {"iat": int(time.time()) - 60, "exp": int(time.time()) + 60, "iss": sample.app.client_id}
    forged = jwt.encode(claims, private_key(7), algorithm="RS256")
    assert client(sample.url, forged).get("/app").status_code == 401


def test_an_unknown_app_is_not_found(sample: Sample) -> None:
    assert client(sample.url, app_jwt(sample.app, iss="999999")).get("/app").status_code == 404


def test_a_token_opens_no_app_route_and_a_jwt_no_repository(sample: Sample) -> None:
    assert sample.client().get("/app").status_code == 401
    assert client(sample.url, app_jwt(sample.app)).get(R).status_code == 401


def test_a_token_has_the_installation_s_permissions_for_an_hour(sample: Sample) -> None:
    reply = client(sample.url, app_jwt(sample.app)).post(f"/app/installations/{sample.installation.id}/access_tokens")
    body = reply.json()
    assert body["permissions"] == PERMISSIONS
    assert body["repository_selection"] == "all"
    assert body["token"].startswith("ghs_")
    assert len(body["token"]) == 40


def test_an_expired_token_is_refused(tmp_path: Path) -> None:
    with sample_forge(tmp_path) as sample:
        api = sample.client()
        sample.forge.world.clock = lambda: time.time() + 3601
        reply = api.get(R)
    assert (reply.status_code, reply.json()["message"]) == (401, "Bad credentials")


def test_a_token_can_be_narrowed_and_is_held_to_it(sample: Sample) -> None:
    narrow = sample.client({"pull_requests": "read", "contents": "read"})
    assert narrow.get(f"{R}/pulls/1").status_code == 200
    refused = narrow.post(f"{R}/issues/1/comments", json={"body": "hi"})
    assert refused.status_code == 403
    assert refused.json()["message"] == "Resource not accessible by integration"
    assert refused.headers["x-accepted-github-permissions"] == "issues=write; pull_requests=write"
    assert narrow.put(f"{R}/pulls/1/merge").status_code == 403
    assert narrow.get(f"{R}/commits/main/check-runs").status_code == 403


def test_a_token_cannot_get_more_than_the_installation_has(sample: Sample) -> None:
    path = f"/app/installations/{sample.installation.id}/access_tokens"
    api = client(sample.url, app_jwt(sample.app))
    for wanted in ({"administration": "read"}, {"contents": "admin"}):
        assert api.post(path, json={"permissions": wanted}).status_code == 422
    assert api.post(path, json={"repositories": ["nowhere"]}).status_code == 422


def test_a_token_for_one_repository_does_not_see_the_other(sample: Sample) -> None:
    sample.forge.create_repository("octo/other")
    sample.forge.create_repository("someone/else")
    narrow = client(sample.url, sample.token(repositories=["sample"]))
    assert [r["name"] for r in narrow.get("/installation/repositories").json()["repositories"]] == ["sample"]
    assert narrow.get("/repos/octo/other").status_code == 404
    by_id = client(sample.url, sample.token(repository_ids=[sample.repository.id]))
    assert by_id.get("/repos/octo/other").status_code == 404
    assert sample.client().get("/repos/octo/other").status_code == 200
    assert sample.client().get("/repos/someone/else").status_code == 404


def test_an_installation_forgets_a_selected_repository_that_is_deleted(sample: Sample) -> None:
    forge = sample.forge
    forge.create_repository("octo/other")
    with Receiver() as receiver:
        forge.select_repositories(sample.installation, ["sample", "other"])
        sample.app.webhook_url = receiver.url
        forge.delete_repository("octo/other")
        forge.webhooks.settle()
        (told,) = [each.payload for each in forge.deliveries(sample.app)]
    assert (told["action"], [each["name"] for each in told["repositories_removed"]]) == ("removed", ["other"])
    listed = client(sample.url, sample.token()).get("/installation/repositories").json()["repositories"]
    assert [each["name"] for each in listed] == ["sample"]


def test_without_the_strict_quirk_a_public_repository_is_open_to_read(tmp_path: Path) -> None:
    with sample_forge(tmp_path, Quirks(strict_reads=False)) as sample:
        narrow = sample.client({"metadata": "read"})
        assert narrow.get(f"{R}/pulls/1").status_code == 200
        assert narrow.post(f"{R}/issues/1/comments", json={"body": "x"}).status_code == 403


def test_a_suspended_installation_gets_no_token(sample: Sample) -> None:
    api = sample.client()
    sample.forge.suspend(sample.installation)
    assert api.get(R).status_code == 403
    path = f"/app/installations/{sample.installation.id}/access_tokens"
    assert client(sample.url, app_jwt(sample.app)).post(path).status_code == 403


def test_a_revoked_token_is_refused(sample: Sample) -> None:
    api = sample.client()
    assert api.delete("/installation/token").status_code == 204
    assert api.get(R).status_code == 401


def test_an_installation_is_found_by_repository_and_by_account(sample: Sample) -> None:
    api = client(sample.url, app_jwt(sample.app))
    for path in (f"{R}/installation", "/users/octo/installation", f"/app/installations/{sample.installation.id}"):
        assert api.get(path).json()["id"] == sample.installation.id
    assert api.get("/orgs/octo/installation").status_code == 404
    assert [i["id"] for i in api.get("/app/installations").json()] == [sample.installation.id]


def test_a_person_needs_push_access_to_write_and_read_access_to_comment(sample: Sample) -> None:
    stranger = client(sample.url, sample.forge.create_token("stranger"))
    assert stranger.get("/user").json()["login"] == "stranger"
    assert stranger.post(f"{R}/issues/1/comments", json={"body": "hello"}).status_code == 201
    assert stranger.put(f"{R}/pulls/1/merge").status_code == 403
    dev = client(sample.url, sample.forge.create_token("dev"))
    assert dev.put(f"{R}/pulls/1/merge").status_code == 200


def test_a_private_repository_is_hidden_from_strangers(tmp_path: Path) -> None:
    with forge_server(tmp_path) as server:
        server.forge.create_repository("octo/secret", private=True)
        stranger = client(server.url, server.forge.create_token("stranger"))
        assert stranger.get("/repos/octo/secret").status_code == 404
        assert client(server.url).get("/repos/octo/secret").status_code == 404


def test_anybody_reads_a_public_repository_and_nobody_writes_unnamed(sample: Sample) -> None:
    nobody = client(sample.url)
    assert nobody.get(R).status_code == 404
    sample.forge.world.quirks = Quirks(strict_reads=False)
    assert nobody.get(R).status_code == 200
    assert nobody.post(f"{R}/issues/1/comments", json={"body": "x"}).status_code == 401
    assert client(sample.url, "ghs_" + "x" * 36).get(R).status_code == 401


def test_a_workflow_file_needs_its_own_permission(sample: Sample) -> None:
    reply = sample.client().put(
        f"{R}/contents/.github/workflows/ci.yml", json={"message": "m", "content": "YQ==", "branch": "main"}
    )
    assert reply.status_code == 403
