"""Branches merged into each other, pull requests brought up to date, and git objects made one by one."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from forgehand.practice.records import Quirks
from support.forge import Receiver, Sample, client, sample_forge

R = "/repos/octo/sample"
NAME = "octo/sample"
UPDATE = f"{R}/pulls/1/update-branch"


def _behind(sample: Sample) -> str:
    """Move the base on; returns its tip."""
    return sample.forge.commit(NAME, "main", {"later.txt": "x\n"})


def test_the_base_is_merged_into_the_head(sample: Sample, api: httpx2.Client) -> None:
    tip, old = _behind(sample), sample.pull.head_sha
    reply = api.put(UPDATE, json={"expected_head_sha": old})
    assert reply.status_code == 202
    assert reply.json()["message"] == "Updating pull request branch."
    pull = api.get(f"{R}/pulls/1").json()
    commit = api.get(f"{R}/git/commits/{pull['head']['sha']}").json()
    assert [parent["sha"] for parent in commit["parents"]] == [old, tip]
    assert commit["message"] == "Merge branch 'main' into feature"
    assert sample.forge.read(NAME, "feature", "later.txt") == b"x\n"


def test_another_head_no_news_and_a_conflict_are_told_apart(sample: Sample, api: httpx2.Client) -> None:
    assert api.put(UPDATE).json()["message"] == "There are no new commits on the base branch."
    _behind(sample)
    refused = api.put(UPDATE, json={"expected_head_sha": "0" * 40})
    assert (refused.status_code, refused.json()["message"]) == (
        422,
        "expected head sha didn't match current head ref.",
    )
    sample.forge.commit(NAME, "main", {"app.py": "something else\n"})
    assert api.put(UPDATE).json()["message"] == "merge conflict between base and head"


def test_an_update_comes_after_its_answer(tmp_path: Path) -> None:
    with sample_forge(tmp_path, Quirks(late_seconds=600)) as sample, sample.client() as api:
        _behind(sample)
        assert api.put(UPDATE).status_code == 202
        assert sample.forge.pull(NAME, 1).head_sha == sample.pull.head_sha
        assert sample.forge.world.later.land_now() == 1
        assert sample.forge.pull(NAME, 1).head_sha != sample.pull.head_sha


def test_a_push_meanwhile_leaves_a_late_update_undone(tmp_path: Path) -> None:
    with sample_forge(tmp_path, Quirks(late_seconds=600)) as sample, sample.client() as api:
        _behind(sample)
        api.put(UPDATE)
        newer = sample.forge.commit(NAME, "feature", {"own.txt": "1\n"})
        sample.forge.land_now()
        assert sample.forge.pull(NAME, 1).head_sha == newer


def test_an_app_needs_the_contents_of_the_head_too(sample: Sample) -> None:
    _behind(sample)
    assert sample.client({"pull_requests": "write"}).put(UPDATE).status_code == 403
    assert sample.client({"contents": "write"}).put(UPDATE).status_code == 403
    assert sample.client({"pull_requests": "write", "contents": "write"}).put(UPDATE).status_code == 202


def test_the_branch_of_a_fork_is_its_owner_s_and_the_maintainers_if_he_lets_them(
    sample: Sample, api: httpx2.Client
) -> None:
    forge = sample.forge
    forge.fork(NAME, "stranger")
    forge.commit("stranger/sample", "idea", {"idea.txt": "1\n"}, author="stranger")
    pull = forge.open_pull(NAME, head="stranger:idea", user="stranger")
    path = f"{R}/pulls/{pull.number}/update-branch"
    _behind(sample)
    assert api.put(path).status_code == 403
    with client(sample.url, forge.create_token("passer-by")) as passer_by:
        assert passer_by.put(path).status_code == 403
    with client(sample.url, forge.create_token("dev")) as maintainer:
        assert api.get(f"{R}/pulls/{pull.number}").json()["maintainer_can_modify"] is True
        assert maintainer.put(path).status_code == 202
    assert forge.read("stranger/sample", "idea", "later.txt") == b"x\n"


def test_a_pull_request_survives_the_deletion_of_its_fork(sample: Sample, api: httpx2.Client) -> None:
    forge = sample.forge
    forge.fork(NAME, "stranger")
    forge.commit("stranger/sample", "idea", {"idea.txt": "1\n"}, author="stranger")
    pull = forge.open_pull(NAME, head="stranger:idea", user="stranger")
    forge.delete_repository("stranger/sample")
    shown = api.get(f"{R}/pulls/{pull.number}").json()
    assert (shown["state"], shown["head"]["repo"], shown["head"]["label"]) == ("open", None, "stranger:idea")
    assert [f["filename"] for f in api.get(f"{R}/pulls/{pull.number}/files").json()] == ["idea.txt"]
    assert api.get(f"{R}/pulls", params={"head": "stranger:idea"}).json()[0]["number"] == pull.number
    assert api.put(f"{R}/pulls/{pull.number}/update-branch").status_code == 422
    assert api.put(f"{R}/pulls/{pull.number}/merge").status_code == 200


def test_a_fork_survives_the_deletion_of_what_it_proposed_to(sample: Sample) -> None:
    forge = sample.forge
    forge.fork(NAME, "stranger")
    forge.commit("stranger/sample", "idea", {"idea.txt": "1\n"}, author="stranger")
    forge.open_pull(NAME, head="stranger:idea", user="stranger")
    forge.delete_repository(NAME)
    newer = forge.commit("stranger/sample", "idea", {"idea.txt": "2\n"}, author="stranger")
    assert forge.branch("stranger/sample", "idea") == newer


def test_a_branch_is_merged_by_name_once(sample: Sample, api: httpx2.Client) -> None:
    body = {"base": "main", "head": "feature", "commit_message": "Together"}
    _behind(sample)
    made = api.post(f"{R}/merges", json=body)
    assert made.status_code == 201
    assert made.json()["commit"]["message"] == "Together"
    assert sample.forge.branch(NAME, "main") == made.json()["sha"]
    assert api.post(f"{R}/merges", json=body).status_code == 204


def test_a_merge_says_what_is_missing_in_conflict_or_protected(sample: Sample, api: httpx2.Client) -> None:
    def merge(base: str, head: str) -> tuple[int, Any]:
        reply = api.post(f"{R}/merges", json={"base": base, "head": head})
        return reply.status_code, reply.json()["message"]

    assert merge("none", "feature") == (404, "Base does not exist")
    assert merge("main", "none") == (404, "Head does not exist")
    sample.forge.protect(NAME, approvals=1)
    assert merge("main", "feature") == (409, "Changes must be made through a pull request.")
    sample.forge.commit(NAME, "main", {"app.py": "something else\n"})
    assert merge("main", "feature") == (409, "Merge conflict")


def test_a_commit_is_made_of_blobs_and_trees_before_a_ref_shows_it(sample: Sample, api: httpx2.Client) -> None:
    blob = api.post(f"{R}/git/blobs", json={"content": "AAEC", "encoding": "base64"}).json()["sha"]
    tree = api.post(
        f"{R}/git/trees",
        json={
            "base_tree": sample.pull.base_sha,
            "tree": [
                {"path": "deep/er/data.bin", "mode": "100644", "type": "blob", "sha": blob},
                {"path": "run.sh", "mode": "100755", "type": "blob", "content": "#!/bin/sh\n"},
                {"path": "README.md", "mode": "100644", "type": "blob", "sha": None},
            ],
        },
    )
    assert tree.status_code == 201
    assert [entry["path"] for entry in tree.json()["tree"]] == ["app.py", "deep", "run.sh"]
    author = {"name": "A", "email": "a@example.org", "date": "2026-01-02T03:04:05Z"}
    body = {"message": "Made", "tree": tree.json()["sha"], "parents": [sample.pull.base_sha], "author": author}
    commit = api.post(f"{R}/git/commits", json=body)
    assert commit.status_code == 201
    assert commit.json()["author"] == author
    assert api.post(f"{R}/git/commits", json=body).json()["sha"] == commit.json()["sha"]
    moved = api.patch(f"{R}/git/refs/heads/main", json={"sha": commit.json()["sha"]})
    assert moved.status_code == 200
    assert sample.forge.read(NAME, "main", "deep/er/data.bin") == b"\x00\x01\x02"


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("git/commits", {"message": "m", "tree": "0" * 40}, "Tree SHA does not exist"),
        ("git/trees", {"tree": [{"path": "a/../b", "mode": "100644", "content": ""}]}, "malformed path"),
        ("git/trees", {"tree": [{"path": "a", "mode": "100644", "sha": "0" * 40}]}, "is not a valid blob"),
        ("git/trees", {"tree": [{"path": "none", "mode": "100644", "sha": None}]}, "GitRPC::BadObjectState"),
        ("git/trees", {"tree": [], "base_tree": "0" * 40}, "base_tree is not a valid tree oid"),
    ],
)
def test_what_does_not_exist_is_refused(api: httpx2.Client, path: str, body: Any, message: str) -> None:
    refused = api.post(f"{R}/{path}", json=body)
    assert refused.status_code == 422
    assert message in refused.json()["message"]


def test_an_app_without_workflows_moves_no_workflow_file(sample: Sample, api: httpx2.Client) -> None:
    files = {".github/workflows/ci.yml": "on: push\n"}
    tip = sample.forge.commit(NAME, "feature", files)
    words = "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml`"
    for reply in (
        api.put(f"{R}/pulls/1/merge"),
        api.post(f"{R}/merges", json={"base": "main", "head": "feature"}),
        api.post(f"{R}/git/refs", json={"ref": "refs/heads/copy", "sha": tip}),
        api.patch(f"{R}/git/refs/heads/main", json={"sha": tip}),
    ):
        assert reply.status_code == 403
        assert reply.json()["message"].startswith(words)
    with client(sample.url, sample.forge.create_token("dev")) as writer:
        assert writer.put(f"{R}/pulls/1/merge").status_code == 200


def test_refs_that_come_move_and_go_are_told(sample: Sample, api: httpx2.Client) -> None:
    with Receiver() as receiver:
        sample.app.webhook_url = receiver.url
        api.post(f"{R}/git/refs", json={"ref": "refs/tags/v1", "sha": sample.pull.base_sha})
        api.patch(f"{R}/git/refs/heads/main", json={"sha": sample.pull.head_sha})
        api.delete(f"{R}/git/refs/heads/feature")
        sample.forge.webhooks.settle()
        seen = [(d.event, d.payload.get("ref")) for d in reversed(sample.forge.deliveries(sample.app))]
    assert {("create", "v1"), ("push", "refs/tags/v1"), ("push", "refs/heads/main")} <= set(seen)
    assert {("delete", "feature"), ("push", "refs/heads/feature")} <= set(seen)
    assert sample.forge.pull(NAME, 1).merged is not None


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", UPDATE, {}),
        ("PUT", f"{R}/pulls/1/merge", {}),
        ("POST", f"{R}/merges", {"base": "main", "head": "feature"}),
        ("DELETE", f"{R}/git/refs/heads/feature", None),
    ],
)
def test_each_can_fail_now_and_land_later(
    sample: Sample, api: httpx2.Client, method: str, path: str, body: Any
) -> None:
    _behind(sample)
    before = [sample.forge.branch(NAME, name) for name in ("main", "feature")]
    sample.forge.faults.add("lands_later", route=path, method=method)
    assert api.request(method, path, json=body).status_code == 502
    assert [sample.forge.branch(NAME, name) for name in ("main", "feature")] == before
    assert sample.forge.land_now() == 1
    assert [sample.forge.branch(NAME, name) for name in ("main", "feature")] != before
