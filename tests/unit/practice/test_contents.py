"""Files, refs, commits, trees and comparisons: what REST says is what git has."""

import base64
import subprocess

import httpx2
import pytest

from forgehand.practice.errors import Refusal
from support import openapi
from support.forge import Sample

R = "/repos/octo/sample"


def test_a_file_comes_as_base64_or_raw(api: httpx2.Client) -> None:
    body = api.get(f"{R}/contents/app.py", params={"ref": "feature"}).json()
    assert base64.b64decode(body["content"]).startswith(b"import os")
    raw = api.get(f"{R}/contents/app.py", headers={"Accept": "application/vnd.github.raw+json"})
    assert raw.text.startswith("def add")


def test_a_folder_comes_as_a_list(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.commit("octo/sample", "main", {"deep/er/file.txt": "x\n", "link": ("120000", b"app.py")})
    listed = {e["name"]: e["type"] for e in api.get(f"{R}/contents/").json()}
    assert listed == {"README.md": "file", "app.py": "file", "deep": "dir", "link": "symlink"}
    assert [e["path"] for e in api.get(f"{R}/contents/deep/er").json()] == ["deep/er/file.txt"]
    assert api.get(f"{R}/contents/link").json()["target"] == "app.py"
    assert api.get(f"{R}/contents/nothing").status_code == 404
    assert api.get(f"{R}/contents/app.py", params={"ref": "nothing"}).status_code == 404


def test_a_file_is_written_on_condition_of_its_sha(sample: Sample, api: httpx2.Client) -> None:
    path, text = f"{R}/contents/new/file.txt", base64.b64encode(b"hello\n").decode()
    made = api.put(path, json={"message": "Make", "content": text})
    assert made.status_code == 201
    assert made.json()["commit"]["author"]["name"] == "forgehand[bot]"
    assert sample.forge.read("octo/sample", "main", "new/file.txt") == b"hello\n"
    assert api.put(path, json={"message": "Again", "content": text}).status_code == 422
    assert api.put(path, json={"message": "Again", "content": text, "sha": "0" * 40}).status_code == 409
    sha = made.json()["content"]["sha"]
    assert api.put(path, json={"message": "Again", "content": text, "sha": sha}).status_code == 200
    gone = api.request("DELETE", path, json={"message": "Gone", "sha": sha})
    assert gone.status_code == 200
    assert sample.forge.read("octo/sample", "main", "new/file.txt") is None
    assert sample.forge.read("octo/sample", "main", "README.md") is not None


def test_refs_are_made_moved_and_deleted(sample: Sample, api: httpx2.Client) -> None:
    first, head = sample.forge.branch("octo/sample", "main"), sample.pull.head_sha
    made = api.post(f"{R}/git/refs", json={"ref": "refs/heads/topic/one", "sha": first})
    assert made.status_code == 201
    assert api.get(f"{R}/git/ref/heads/topic/one").json()["object"]["sha"] == first
    assert api.post(f"{R}/git/refs", json={"ref": "refs/heads/topic/one", "sha": first}).status_code == 422
    assert api.post(f"{R}/git/refs", json={"ref": "refs/heads/x", "sha": "0" * 40}).status_code == 422
    assert api.patch(f"{R}/git/refs/heads/topic/one", json={"sha": head}).status_code == 200
    back = api.patch(f"{R}/git/refs/heads/topic/one", json={"sha": first})
    assert (back.status_code, back.json()["message"]) == (422, "Update is not a fast forward")
    assert api.patch(f"{R}/git/refs/heads/topic/one", json={"sha": first, "force": True}).status_code == 200
    found = api.get(f"{R}/git/matching-refs/heads/topic").json()
    assert [r["ref"] for r in found] == ["refs/heads/topic/one"]
    assert api.get(f"{R}/branches/topic/one").json()["name"] == "topic/one"
    assert api.delete(f"{R}/git/refs/heads/topic/one").status_code == 204
    assert api.get(f"{R}/git/ref/heads/topic/one").status_code == 404
    assert api.delete(f"{R}/git/refs/heads/topic/one").status_code == 422


@pytest.mark.parametrize(
    "name",
    [
        "refs/heads/a..b",
        "refs/heads/a b",
        "refs/heads/a~1",
        "refs/heads/a^",
        "refs/heads/a:b",
        "refs/heads/a?",
        "refs/heads/a[",
        "refs/heads/a\\b",
        "refs/heads/a@{b",
        "refs/heads/a\x7f",
        "refs/heads/.a",
        "refs/heads/a.",
        "refs/heads/a.lock",
        "refs/heads/a.lock/b",
        "refs/heads//a",
        "refs/heads/",
        "refs/heads",
        "heads/a",
        "refs/heads/../../../evil",
    ],
)
def test_a_ref_bears_a_name_that_git_takes(sample: Sample, api: httpx2.Client, name: str) -> None:
    refused = api.post(f"{R}/git/refs", json={"ref": name, "sha": sample.pull.head_sha})
    assert (refused.status_code, refused.json()["message"]) == (422, f"{name} is not a valid ref name.")


def test_no_ref_is_written_outside_of_its_repository(sample: Sample) -> None:
    with pytest.raises(Refusal, match="Reference cannot be updated"):
        sample.forge.set_branch("octo/sample", "../../../evil", sample.pull.head_sha)
    assert not (sample.repository.path.parent / "evil").exists()


@pytest.mark.parametrize("name", ["a@b", "a.b/c", "-a", "ä", "a.locked", "@", "v1.2{3}"])
def test_a_ref_may_bear_an_odd_name(sample: Sample, api: httpx2.Client, name: str) -> None:
    made = api.post(f"{R}/git/refs", json={"ref": f"refs/heads/{name}", "sha": sample.pull.head_sha})
    assert made.status_code == 201
    command = ["git", f"--git-dir={sample.repository.path}", "rev-parse", "--verify", f"refs/heads/{name}"]
    assert subprocess.run(command, capture_output=True, text=True).stdout.strip() == sample.pull.head_sha


def test_no_file_of_the_repository_is_shown_as_a_ref(api: httpx2.Client) -> None:
    for name in ("heads%2f..%2f..%2fconfig", "heads/..%2f..%2fHEAD", "heads%2Fa%00b"):
        assert api.get(f"{R}/git/ref/{name}").status_code == 404
        assert api.patch(f"{R}/git/refs/{name}", json={"sha": "0" * 40}).status_code == 422
        assert api.delete(f"{R}/git/refs/{name}").status_code == 422


def test_commits_are_listed_and_compared(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.commit("octo/sample", "main", {"other.txt": "x\n"}, "On main")
    assert [c["commit"]["message"] for c in api.get(f"{R}/commits").json()] == ["On main", "First files"]
    assert [c["commit"]["message"] for c in api.get(f"{R}/commits", params={"path": "app.py"}).json()] == [
        "First files"
    ]
    compared = api.get(f"{R}/compare/main...feature").json()
    assert (compared["status"], compared["ahead_by"], compared["behind_by"]) == ("diverged", 1, 1)
    assert [f["filename"] for f in compared["files"]] == ["app.py", "notes.txt"]
    assert api.get(f"{R}/compare/main...nothing").status_code == 404
    one = api.get(f"{R}/commits/feature").json()
    assert one["stats"] == {"additions": 6, "deletions": 0, "total": 6}
    assert one["sha"] == sample.pull.head_sha
    assert api.get(f"{R}/commits/{one['sha'][:8]}").json()["sha"] == one["sha"]
    assert api.get(f"{R}/commits/nothing").status_code == 422
    assert [p["number"] for p in api.get(f"{R}/commits/{one['sha']}/pulls").json()] == [1]


@pytest.mark.needs("node")
def test_before_the_first_commit_git_has_nothing_to_show_or_to_take(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.create_repository("octo/new")
    new, sha = "/repos/octo/new/git", sample.pull.head_sha
    for path in ("ref/heads/main", "matching-refs/heads", f"commits/{sha}", f"trees/{sha}", f"blobs/{sha}"):
        refused = api.get(f"{new}/{path}")
        assert (refused.status_code, refused.json()["message"]) == (409, "Git Repository is empty."), path
    for path, body in {
        "refs": {"ref": "refs/heads/main", "sha": sha},
        "blobs": {"content": "x"},
        "trees": {"tree": [{"path": "a", "mode": "100644", "content": ""}]},
        "commits": {"message": "m", "tree": sha},
    }.items():
        assert api.post(f"{new}/{path}", json=body).status_code == 409, path
    openapi.assert_conforms(sample.forge.calls)
    content = {"message": "First", "content": "eAo="}
    assert api.put("/repos/octo/new/contents/a.txt", json=content).status_code == 201
    assert api.get(f"{new}/ref/heads/main").status_code == 200


def test_trees_are_walked(api: httpx2.Client) -> None:
    tree = api.get(f"{R}/git/trees/feature", params={"recursive": "1"}).json()
    assert [e["path"] for e in tree["tree"]] == ["README.md", "app.py", "notes.txt"]
    blob = api.get(f"{R}/git/blobs/{tree['tree'][2]['sha']}").json()
    assert base64.b64decode(blob["content"]) == b"one\ntwo\nthree\n"


def test_what_the_forge_writes_is_what_git_would_write(sample: Sample) -> None:
    names = {f"dir{i % 3}/sub-{i}/f.txt": f"{i}\n" for i in range(20)} | {"dir0.txt": "x", "dir0-a": "y"}
    sample.forge.commit("octo/sample", "main", names)
    sample.forge.commit("octo/sample", "main", {"dir0/sub-0/f.txt": None, "dir1": None})
    done = subprocess.run(
        ["git", f"--git-dir={sample.repository.path}", "fsck", "--strict", "--full"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    listed = subprocess.run(
        ["git", f"--git-dir={sample.repository.path}", "ls-tree", "-r", "--name-only", "main"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    kept = {n for n in names if not n.startswith("dir1/") and n != "dir0/sub-0/f.txt"}
    assert set(listed) == kept | {"README.md", "app.py"}


def test_permission_and_protection_are_answered(api: httpx2.Client) -> None:
    answers = {
        login: api.get(f"{R}/collaborators/{login}/permission").json()["permission"] for login in ("octo", "dev")
    }
    assert answers == {"octo": "admin", "dev": "write"}
    assert api.get(f"{R}/collaborators/nobody/permission").status_code == 404
    assert api.get(f"{R}/branches/main/protection").status_code == 403
