"""Pull requests: mergeability, files with patches, the three ways to merge, and what a push does to them."""

import subprocess
from pathlib import Path

import httpx2
import pytest

from forgehand.practice.records import Quirks
from support.forge import Sample, sample_forge

R = "/repos/octo/sample"


def test_mergeable_is_null_at_first_then_true(api: httpx2.Client) -> None:
    first, second = api.get(f"{R}/pulls/1").json(), api.get(f"{R}/pulls/1").json()
    assert (first["mergeable"], first["mergeable_state"]) == (None, "unknown")
    assert (second["mergeable"], second["mergeable_state"]) == (True, "clean")


def test_a_conflict_is_found_by_really_merging(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.commit("octo/sample", "main", {"app.py": "nothing like before\n"})
    api.get(f"{R}/pulls/1")
    pull = api.get(f"{R}/pulls/1").json()
    assert (pull["mergeable"], pull["mergeable_state"]) == (False, "dirty")
    assert api.put(f"{R}/pulls/1/merge").status_code == 405


def test_the_test_merge_follows_both_sides_when_asked_for_and_stays_at_a_conflict(
    sample: Sample, api: httpx2.Client
) -> None:
    def asked() -> str | None:
        return [api.get(f"{R}/pulls/1").json()["merge_commit_sha"] for _ in range(2)][-1]

    def sides() -> list[str]:
        return _git(sample, "rev-parse", f"{asked()}^1", f"{asked()}^2").split()

    assert api.get(f"{R}/pulls").json()[0]["merge_commit_sha"] is None
    base, head = sample.forge.branch("octo/sample", "main"), sample.pull.head_sha
    assert sides() == [base, head]
    base = sample.forge.commit("octo/sample", "main", {"other.txt": "x\n"})
    assert sides() == [base, head]
    head = sample.forge.commit("octo/sample", "feature", {"new.txt": "x\n"})
    assert sides() == [base, head]
    last = asked()
    assert last == asked() == _git(sample, "rev-parse", "refs/pull/1/merge")
    sample.forge.commit("octo/sample", "main", {"app.py": "nothing like before\n"})
    assert asked() == last
    assert api.get(f"{R}/pulls/1").json()["mergeable"] is False


def test_a_push_makes_mergeability_unknown_again(sample: Sample, api: httpx2.Client) -> None:
    api.get(f"{R}/pulls/1")
    sample.forge.commit("octo/sample", "main", {"other.txt": "x\n"})
    assert api.get(f"{R}/pulls/1").json()["mergeable"] is None
    assert api.get(f"{R}/pulls/1").json()["mergeable"] is True


def test_mergeable_stays_null_until_it_is_worked_out_however_often_it_is_asked_for(tmp_path: Path) -> None:
    with sample_forge(tmp_path, Quirks(mergeable_seconds=60)) as sample, sample.client() as api:
        world = sample.forge.world
        assert [api.get(f"{R}/pulls/1").json()["mergeable"] for _ in range(3)] == [None, None, None]
        now = world.clock
        world.clock = lambda: now() + 60
        assert api.get(f"{R}/pulls/1").json()["mergeable"] is True


def test_the_null_can_be_switched_off(tmp_path: Path) -> None:
    with sample_forge(tmp_path, Quirks(mergeable_null_first=False)) as sample:
        assert sample.client().get(f"{R}/pulls/1").json()["mergeable"] is True


def test_files_come_with_the_patches_that_git_makes(sample: Sample, api: httpx2.Client) -> None:
    files = {f["filename"]: f for f in api.get(f"{R}/pulls/1/files").json()}
    assert files["app.py"]["patch"] == "@@ -1,2 +1,5 @@\n+import os\n+\n+\n def add(a, b):\n     return a + b"
    assert (files["app.py"]["status"], files["app.py"]["additions"], files["app.py"]["deletions"]) == ("modified", 3, 0)
    assert files["notes.txt"]["patch"] == "@@ -0,0 +1,3 @@\n+one\n+two\n+three"
    shown = subprocess.run(
        ["git", f"--git-dir={sample.repository.path}", "show", f"feature:{'app.py'}"], capture_output=True, check=True
    )
    assert files["app.py"]["sha"] == _git(sample, "rev-parse", "feature:app.py")
    assert shown.stdout.startswith(b"import os")


def test_binary_renamed_removed_and_large_files_look_as_on_github(sample: Sample, api: httpx2.Client) -> None:
    forge = sample.forge
    long = "".join(f"line {i}\n" for i in range(30))
    forge.commit("octo/sample", "main", {"old name.txt": long, "gone.txt": "bye\n", "link": ("120000", b"app.py")})
    forge.commit(
        "octo/sample",
        "zoo",
        {
            "old name.txt": None,
            "dir/näme.txt": long.replace("line 7\n", "line seven\n"),
            "gone.txt": None,
            "image.bin": b"\x00\x01\x02" * 50,
            "empty": "",
            "link": "a file now\n",
            "large.txt": "x\n" * 20_001,
            "run.sh": ("100755", b"#!/bin/sh\n"),
        },
    )
    forge.open_pull("octo/sample", head="zoo", title="Zoo")
    files = {f["filename"]: f for f in api.get(f"{R}/pulls/2/files").json()}
    renamed = files["dir/näme.txt"]
    assert (renamed["status"], renamed["previous_filename"]) == ("renamed", "old name.txt")
    assert "+line seven" in renamed["patch"]
    assert files["gone.txt"]["status"] == "removed"
    assert files["gone.txt"]["patch"] == "@@ -1 +0,0 @@\n-bye"
    for name in ("image.bin", "empty", "large.txt"):
        assert "patch" not in files[name]
    assert files["large.txt"]["additions"] == 20_001
    assert files["link"]["status"] == "changed"
    assert files["run.sh"]["additions"] == 1


def test_the_diff_begins_where_the_branch_left_its_base(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.commit("octo/sample", "main", {"later.txt": "not of the pull request\n"})
    names = [f["filename"] for f in api.get(f"{R}/pulls/1/files").json()]
    assert names == ["app.py", "notes.txt"]
    assert len(api.get(f"{R}/pulls/1/commits").json()) == 1


def test_the_diff_and_patch_media_types_answer_text(api: httpx2.Client) -> None:
    diff = api.get(f"{R}/pulls/1", headers={"Accept": "application/vnd.github.v3.diff"})
    assert diff.text.startswith("diff --git a/app.py b/app.py")
    patch = api.get(f"{R}/pulls/1", headers={"Accept": "application/vnd.github.patch"})
    assert "Subject: [PATCH] Change the app" in patch.text


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1), ("rebase", 1)])
def test_each_way_to_merge_makes_the_commit_it_should(
    sample: Sample, api: httpx2.Client, method: str, parents: int
) -> None:
    sample.forge.commit("octo/sample", "main", {"other.txt": "x\n"})
    reply = api.put(f"{R}/pulls/1/merge", json={"merge_method": method, "sha": sample.pull.head_sha})
    assert reply.status_code == 200
    sha = reply.json()["sha"]
    assert _git(sample, "rev-parse", "main") == sha
    assert len(_git(sample, "rev-list", "--parents", "-1", sha).split()) == parents + 1
    assert _git(sample, "show", f"{sha}:notes.txt") == "one\ntwo\nthree"
    assert _git(sample, "show", f"{sha}:other.txt") == "x"
    pull = api.get(f"{R}/pulls/1").json()
    assert (pull["merged"], pull["merge_commit_sha"], pull["state"]) == (True, sha, "closed")
    assert api.put(f"{R}/pulls/1/merge").status_code == 405
    _git(sample, "fsck", "--strict")


def test_a_repository_says_which_ways_to_merge_it_allows(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.allow_merges("octo/sample", "squash")
    shown = api.get(R).json()
    assert (shown["allow_squash_merge"], shown["allow_merge_commit"], shown["allow_rebase_merge"]) == (
        True,
        False,
        False,
    )
    for method, word in (("merge", "Merge commits"), ("rebase", "Rebase merges")):
        refused = api.put(f"{R}/pulls/1/merge", json={"merge_method": method})
        assert (refused.status_code, refused.json()["message"]) == (405, f"{word} are not allowed on this repository.")
    assert api.put(f"{R}/pulls/1/merge", json={"merge_method": "squash"}).status_code == 200


def test_a_merge_of_another_sha_is_a_conflict(sample: Sample, api: httpx2.Client) -> None:
    old = sample.pull.head_sha
    sample.forge.commit("octo/sample", "feature", {"more.txt": "x\n"})
    assert api.put(f"{R}/pulls/1/merge", json={"sha": old}).status_code == 409


def test_a_merge_needs_contents_write_not_pull_requests(sample: Sample) -> None:
    assert sample.client({"pull_requests": "write"}).put(f"{R}/pulls/1/merge").status_code == 403
    assert sample.client({"contents": "write"}).put(f"{R}/pulls/1/merge").status_code == 200


def test_a_push_that_brings_the_commits_to_the_base_merges(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.set_branch("octo/sample", "main", sample.pull.head_sha)
    assert api.get(f"{R}/pulls/1").json()["merged"] is True


def test_deleting_the_head_branch_closes(sample: Sample, api: httpx2.Client) -> None:
    assert api.delete(f"{R}/git/refs/heads/feature").status_code == 204
    assert api.get(f"{R}/pulls/1").json()["state"] == "closed"


def test_deleting_the_base_branch_closes_what_is_open_into_it(sample: Sample, api: httpx2.Client) -> None:
    forge = sample.forge
    for name in ("stacked", "pushed"):
        forge.set_branch("octo/sample", f"{name}-base", sample.pull.base_sha)
        forge.commit("octo/sample", name, {f"{name}.txt": "x\n"})
    stacked = forge.open_pull("octo/sample", head="stacked", base="stacked-base")
    pushed = forge.open_pull("octo/sample", head="pushed", base="pushed-base")
    assert api.delete(f"{R}/git/refs/heads/stacked-base").status_code == 204
    forge.set_branch("octo/sample", "pushed-base", None)
    for pull in (stacked, pushed):
        shown = api.get(f"{R}/pulls/{pull.number}").json()
        assert (shown["state"], shown["merged"]) == ("closed", False)
    assert api.get(f"{R}/pulls/1").json()["state"] == "open"


def test_a_pull_request_is_reopened_with_what_came_to_its_branch_meanwhile(sample: Sample, api: httpx2.Client) -> None:
    forge = sample.forge
    forge.fork("octo/sample", "stranger")
    first = forge.commit("stranger/sample", "idea", {"idea.txt": "1\n"}, author="stranger")
    pull = forge.open_pull("octo/sample", head="stranger:idea", title="Idea", user="stranger")
    path, name = f"{R}/pulls/{pull.number}", f"refs/pull/{pull.number}/head"
    forge.close_pull("octo/sample", pull.number)
    newer = forge.commit("stranger/sample", "idea", {"idea.txt": "2\n"}, author="stranger")
    assert _git(sample, "rev-parse", name) == first
    shown = api.patch(path, json={"state": "open"}).json()
    assert (shown["state"], shown["head"]["sha"], _git(sample, "rev-parse", name)) == ("open", newer, newer)
    assert [f["filename"] for f in api.get(f"{path}/files").json()] == ["idea.txt"]


def test_a_pull_request_is_not_reopened_where_its_branches_are_others_or_gone(
    sample: Sample, api: httpx2.Client
) -> None:
    forge, old = sample.forge, sample.pull.head_sha

    def refused() -> str:
        reply = api.patch(f"{R}/pulls/1", json={"state": "open"})
        assert reply.status_code == 422
        return str(reply.json()["errors"][0]["message"])

    forge.close_pull("octo/sample", 1)
    forge.commit("octo/sample", "feature", {"other.txt": "x\n"}, parent=sample.pull.base_sha)
    assert refused() == "state cannot be changed. The feature branch was force-pushed or recreated."
    forge.set_branch("octo/sample", "feature", None)
    assert refused() == "state cannot be changed. The feature branch has been deleted."
    forge.set_branch("octo/sample", "feature", old)
    forge.set_branch("octo/sample", "main", None)
    assert refused() == "state cannot be changed. The main branch has been deleted."
    forge.set_branch("octo/sample", "main", sample.pull.base_sha)
    assert api.patch(f"{R}/pulls/1", json={"state": "open"}).json()["state"] == "open"
    forge.merge_pull("octo/sample", 1)
    assert refused() == "state cannot be changed. The pull request cannot be reopened."


def test_a_pull_request_is_created_once_per_head_and_base(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.commit("octo/sample", "second", {"x": "y\n"})
    body = {"head": "second", "base": "main", "title": "Second", "body": "b"}
    made = api.post(f"{R}/pulls", json=body)
    assert made.status_code == 201
    assert made.json()["user"]["login"] == "forgehand[bot]"
    assert made.json()["user"]["type"] == "Bot"
    again = api.post(f"{R}/pulls", json=body)
    assert again.status_code == 422
    assert again.json()["errors"][0]["message"] == "A pull request already exists for octo:second."
    assert api.post(f"{R}/pulls", json=body | {"head": "main"}).status_code == 422
    found = api.get(f"{R}/pulls", params={"head": "octo:second", "state": "all"}).json()
    assert [p["number"] for p in found] == [2]


def test_lists_filter_and_sort(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.commit("octo/sample", "second", {"x": "y\n"})
    sample.forge.open_pull("octo/sample", head="second", title="Second")
    assert [p["number"] for p in api.get(f"{R}/pulls").json()] == [2, 1]
    assert [p["number"] for p in api.get(f"{R}/pulls", params={"direction": "asc"}).json()] == [1, 2]
    sample.forge.close_pull("octo/sample", 1)
    assert [p["number"] for p in api.get(f"{R}/pulls").json()] == [2]
    assert [p["number"] for p in api.get(f"{R}/pulls", params={"state": "closed"}).json()] == [1]
    assert api.get(f"{R}/pulls", params={"base": "none"}).json() == []


def test_a_pull_request_from_a_fork_shows_its_own_repository(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.fork("octo/sample", "stranger")
    sample.forge.commit("stranger/sample", "idea", {"idea.txt": "1\n"}, author="stranger")
    pull = sample.forge.open_pull("octo/sample", head="stranger:idea", title="Idea", user="stranger")
    body = api.get(f"{R}/pulls/{pull.number}").json()
    assert body["head"]["repo"]["full_name"] == "stranger/sample"
    assert body["head"]["label"] == "stranger:idea"
    assert _git(sample, "rev-parse", f"refs/pull/{pull.number}/head") == pull.head_sha
    newer = sample.forge.commit("stranger/sample", "idea", {"idea.txt": "2\n"}, author="stranger")
    assert api.get(f"{R}/pulls/{pull.number}").json()["head"]["sha"] == newer
    assert [f["filename"] for f in api.get(f"{R}/pulls/{pull.number}/files").json()] == ["idea.txt"]


def test_a_title_can_be_changed_and_the_pull_request_closed(api: httpx2.Client) -> None:
    changed = api.patch(f"{R}/pulls/1", json={"title": "New", "state": "closed"}).json()
    assert (changed["title"], changed["state"]) == ("New", "closed")
    assert api.patch(f"{R}/pulls/1", json={"state": "open"}).json()["state"] == "open"


def _git(sample: Sample, *arguments: str) -> str:
    command = ["git", f"--git-dir={sample.repository.path}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
