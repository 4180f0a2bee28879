"""What others report on a commit: another app's checks, anybody's statuses, and what a personal token may do."""

import httpx2
import pytest

from support.forge import Receiver, Sample, client

R = "/repos/octo/sample"
NAME = "octo/sample"


def test_another_app_s_check_runs_and_ends(sample: Sample, api: httpx2.Client) -> None:
    forge, sha = sample.forge, sample.pull.head_sha
    with Receiver() as receiver:
        sample.app.webhook_url = receiver.url
        begun = forge.report_check(NAME, sha, "build", None)
        ended = forge.report_check(NAME, sha, "build", "failure", details_url="https://ci.example.org/1")
        assert begun.id == ended.id
        assert forge.report_check(NAME, sha, "build").id != ended.id
        forge.webhooks.settle()
        told = [(d.event, d.action) for d in forge.deliveries(sample.app)]
    assert told.count(("check_run", "created")) == 1
    assert told.count(("check_run", "completed")) == 2
    assert ("check_suite", "completed") in told
    runs = api.get(f"{R}/commits/{sha}/check-runs").json()["check_runs"]
    assert [(run["app"]["slug"], run["conclusion"]) for run in runs] == [("other-ci", "success")]
    assert api.patch(f"{R}/check-runs/{ended.id}", json={"conclusion": "success"}).status_code == 403


def test_a_status_is_told_with_its_branches(sample: Sample, api: httpx2.Client) -> None:
    sha = sample.pull.head_sha
    with Receiver() as receiver:
        sample.app.webhook_url = receiver.url
        sample.forge.report_status(NAME, sha, "ci", "pending")
        sample.forge.report_status(NAME, sha, "ci", description="fine")
        sample.forge.webhooks.settle()
        told = {d.payload["state"]: d.payload for d in sample.forge.deliveries(sample.app) if d.event == "status"}
    assert set(told) == {"pending", "success"}
    assert [branch["name"] for branch in told["success"]["branches"]] == ["feature"]
    assert told["success"]["sender"]["login"] == "ci-bot"
    assert api.get(f"{R}/commits/{sha}/status").json()["state"] == "success"


def test_a_personal_token_sets_statuses_but_makes_no_checks(sample: Sample) -> None:
    sha = sample.pull.head_sha
    with client(sample.url, sample.forge.create_token("dev")) as person:
        assert person.get("/user").json()["login"] == "dev"
        assert person.post(f"{R}/statuses/{sha}", json={"state": "success"}).status_code == 201
        refused = person.post(f"{R}/check-runs", json={"name": "c", "head_sha": sha})
        assert (refused.status_code, refused.json()["message"]) == (403, "You must authenticate via a GitHub App.")


def test_a_fine_grained_token_has_no_more_than_it_lists(sample: Sample) -> None:
    sample.forge.create_repository("octo/other")
    token = sample.forge.create_token("octo", {"contents": "read"}, [NAME])
    assert token.startswith("github_pat_")
    with client(sample.url, token) as person:
        assert person.get(f"{R}/contents/app.py").status_code == 200
        refused = person.put(f"{R}/pulls/1/merge")
        assert (refused.status_code, refused.json()["message"]) == (
            403,
            "Resource not accessible by personal access token",
        )
        assert person.get("/repos/octo/other").status_code == 404


def test_a_fine_grained_token_gives_its_person_no_access(sample: Sample) -> None:
    token = sample.forge.create_token("passer-by", {"contents": "write", "pull_requests": "write"})
    with client(sample.url, token) as person:
        assert person.put(f"{R}/pulls/1/merge").json()["message"] == "Must have push access"


@pytest.mark.parametrize("permission", ["read", "write"])
def test_a_fine_grained_token_pushes_with_contents_write_only(sample: Sample, permission: str) -> None:
    token = sample.forge.create_token("octo", {"contents": permission})
    reply = client(sample.url, token).get(f"/{NAME}.git/info/refs", params={"service": "git-receive-pack"})
    assert reply.status_code == (200 if permission == "write" else 403)


def test_labels_on_a_pull_request_are_told_as_its_events(sample: Sample, api: httpx2.Client) -> None:
    with Receiver() as receiver:
        sample.app.webhook_url = receiver.url
        api.post(f"{R}/issues/1/labels", json={"labels": ["ready", "urgent"]})
        api.delete(f"{R}/issues/1/labels/urgent")
        sample.forge.webhooks.settle()
        told = sample.forge.deliveries(sample.app)
    seen = sorted((d.event, str(d.action), d.payload["label"]["name"]) for d in told)
    assert seen == [
        ("pull_request", "labeled", "ready"),
        ("pull_request", "labeled", "urgent"),
        ("pull_request", "unlabeled", "urgent"),
    ]
    last = next(d.payload for d in told if d.action == "unlabeled")
    assert [label["name"] for label in last["pull_request"]["labels"]] == ["ready"]


def test_a_comment_s_life_is_told_and_an_edit_shows_in_its_times(sample: Sample, api: httpx2.Client) -> None:
    now = sample.forge.world.now()
    with Receiver() as receiver:
        sample.app.webhook_url = receiver.url
        made = api.post(f"{R}/issues/1/comments", json={"body": "one"}).json()
        sample.forge.world.clock = lambda: now + 90
        edited = api.patch(made["url"], json={"body": "two"}).json()
        api.delete(made["url"])
        sample.forge.webhooks.settle()
        told = {str(d.action): d.payload for d in sample.forge.deliveries(sample.app)}
    assert made["created_at"] == made["updated_at"]
    assert edited["created_at"] == made["created_at"] < edited["updated_at"]
    assert set(told) == {"created", "edited", "deleted"}
    assert told["edited"]["changes"] == {"body": {"from": "one"}}
    assert told["created"]["comment"]["body"] == "one"


def test_a_reaction_is_made_once(sample: Sample, api: httpx2.Client) -> None:
    comment = sample.forge.comment(NAME, 1, "dev", "hi")
    path = f"{R}/issues/comments/{comment.id}/reactions"
    first, again = (api.post(path, json={"content": "eyes"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
