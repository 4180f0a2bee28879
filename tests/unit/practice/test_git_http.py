"""Clone, fetch and push over HTTP with the forge's tokens."""

import gzip
import subprocess
from pathlib import Path

import httpx2
import pytest

from forgehand.practice.objects import ENVIRONMENT
from forgehand.practice.records import Quirks
from support.forge import Receiver, Sample, app_jwt, client

SETTINGS = ["-c", "user.name=Dev", "-c", "user.email=dev@example.com", "-c", "protocol.version=2"]


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", *SETTINGS, *arguments]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def address(sample: Sample, token: str | None, repository: str = "octo/sample") -> str:
    login = f"x-access-token:{token}@" if token else ""
    return sample.url.replace("http://", f"http://{login}") + f"/{repository}.git"


def test_a_clone_has_what_rest_shows(sample: Sample, tmp_path: Path) -> None:
    done = git(tmp_path, "clone", "-q", address(sample, sample.token({"contents": "read"})), "work")
    assert done.returncode == 0, done.stderr
    assert git(tmp_path / "work", "rev-parse", "origin/feature").stdout.strip() == sample.pull.head_sha
    assert git(tmp_path / "work", "fsck", "--strict").returncode == 0
    assert git(tmp_path / "work", "fetch", "-q", "origin", "refs/pull/1/head").returncode == 0
    clone = [call for call in sample.forge.calls if call.status == 200 and ".git/" in call.path]
    assert all(call.actor == f"installation:{sample.installation.id}" for call in clone)
    assert not sample.forge.mutations()


def test_the_test_merge_of_a_pull_request_can_be_fetched_once_it_was_asked_for(
    sample: Sample, api: httpx2.Client, tmp_path: Path
) -> None:
    shown = [api.get("/repos/octo/sample/pulls/1").json() for _ in range(2)][-1]
    git(tmp_path, "clone", "-q", address(sample, sample.token({"contents": "read"})), "work")
    work = tmp_path / "work"
    done = git(work, "fetch", "-q", "origin", "refs/pull/1/merge")
    assert done.returncode == 0, done.stderr
    commits = git(work, "rev-parse", "FETCH_HEAD", "FETCH_HEAD^1", "FETCH_HEAD^2").stdout.split()
    assert commits == [shown["merge_commit_sha"], sample.forge.branch("octo/sample", "main"), sample.pull.head_sha]
    assert git(work, "fsck", "--strict").returncode == 0


def test_a_push_needs_contents_write_and_moves_the_pull_request(sample: Sample, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "-b", "feature", address(sample, sample.token()), "work")
    work = tmp_path / "work"
    (work / "pushed.txt").write_text("x\n" * 5000)
    git(work, "add", ".")
    git(work, "commit", "-qm", "Pushed")
    sha = git(work, "rev-parse", "HEAD").stdout.strip()
    refused = git(work, "push", address(sample, sample.token({"contents": "read"})), "feature")
    assert refused.returncode != 0
    assert "403" in refused.stderr
    with Receiver() as receiver:
        sample.app.webhook_url = receiver.url
        done = git(work, "push", "-q", "origin", "feature")
        assert done.returncode == 0, done.stderr
        sample.forge.webhooks.settle()
        assert {"push", "pull_request"} <= set(receiver.events())
    assert sample.forge.pull("octo/sample", 1).head_sha == sha
    push = sample.forge.mutations()[-1]
    assert (push.route, push.status) == ("/{owner}/{repo}.git/git-receive-pack", 200)


def test_a_push_with_a_stale_lease_is_rejected(sample: Sample, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "-b", "feature", address(sample, sample.token()), "work")
    work, old = tmp_path / "work", sample.pull.head_sha
    sample.forge.commit("octo/sample", "feature", {"other.txt": "x\n"})
    git(work, "commit", "-q", "--allow-empty", "-m", "Mine")
    done = git(work, "push", f"--force-with-lease=feature:{old}", "origin", "feature")
    assert done.returncode != 0
    assert "stale info" in done.stderr or "rejected" in done.stderr


def test_a_private_repository_opens_to_a_good_token_only(sample: Sample, tmp_path: Path) -> None:
    sample.forge.create_repository("octo/secret", private=True)
    sample.forge.commit("octo/secret", "main", {"a": "1\n"})
    sample.forge.create_repository("someone/else", private=True)
    for token in (None, "ghs_" + "x" * 36, app_jwt(sample.app)):
        assert git(tmp_path, "ls-remote", address(sample, token, "octo/secret")).returncode != 0
    assert git(tmp_path, "ls-remote", address(sample, sample.token(), "someone/else")).returncode != 0
    checks_only = sample.token({"checks": "write"})
    assert git(tmp_path, "ls-remote", address(sample, checks_only, "octo/secret")).returncode != 0
    assert git(tmp_path, "ls-remote", address(sample, sample.token(), "octo/secret")).returncode == 0
    dev = sample.forge.create_token("octo")
    assert git(tmp_path, "ls-remote", address(sample, dev, "octo/secret")).returncode == 0


def test_a_public_repository_can_be_cloned_but_not_pushed_unnamed(sample: Sample, tmp_path: Path) -> None:
    assert git(tmp_path, "clone", "-q", address(sample, None), "refused").returncode != 0
    sample.forge.world.quirks = Quirks(strict_reads=False)
    assert git(tmp_path, "clone", "-q", address(sample, None), "work").returncode == 0
    reply = client(sample.url).get("/octo/sample.git/info/refs", params={"service": "git-receive-pack"})
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == 'Basic realm="GitHub"'


def test_a_workflow_file_is_not_pushed_without_its_permission(sample: Sample, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", address(sample, sample.token()), "work")
    work = tmp_path / "work"
    (work / ".github/workflows").mkdir(parents=True)
    (work / ".github/workflows/ci.yml").write_text("on: push\n")
    git(work, "add", ".")
    git(work, "commit", "-qm", "Workflow")
    done = git(work, "push", "origin", "HEAD:refs/heads/flows")
    assert done.returncode != 0
    assert "without `workflows` permission" in done.stderr
    assert sample.forge.branch("octo/sample", "flows") is None


def test_nobody_pushes_to_the_refs_of_pull_requests(sample: Sample, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", address(sample, sample.token()), "work")
    done = git(tmp_path / "work", "push", "origin", "HEAD:refs/pull/1/head")
    assert done.returncode != 0
    assert "deny updating a hidden ref" in done.stderr


def test_large_and_compressed_bodies_are_taken(sample: Sample, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", address(sample, sample.token()), "work")
    work = tmp_path / "work"
    # More than http.postBuffer, so that git sends it in chunks.
    (work / "large.bin").write_bytes(bytes(range(256)) * 16_384)
    (work / "noise.bin").write_bytes(__import__("os").urandom(3_000_000))
    git(work, "add", ".")
    git(work, "commit", "-qm", "Large")
    done = git(work, "push", "-q", "origin", "HEAD:refs/heads/large")
    assert done.returncode == 0, done.stderr
    body = gzip.compress(b"0014command=ls-refs\n0000")
    headers = {
        "Content-Type": "application/x-git-upload-pack-request",
        "Content-Encoding": "gzip",
        "Git-Protocol": "version=2",
    }
    with client(sample.url, sample.token()) as api:
        reply = api.post("/octo/sample.git/git-upload-pack", content=body, headers=headers)
    assert b"refs/heads/large" in reply.content


def test_packs_that_git_keeps_are_read_too(sample: Sample) -> None:
    command = ["git", f"--git-dir={sample.repository.path}", "repack", "-adq"]
    subprocess.run(command, env=ENVIRONMENT, check=True)
    command = ["git", f"--git-dir={sample.repository.path}", "pack-refs", "--all"]
    subprocess.run(command, env=ENVIRONMENT, check=True)
    with sample.client() as api:
        assert api.get("/repos/octo/sample/contents/app.py").status_code == 200
        assert api.get("/repos/octo/sample/commits/feature").json()["sha"] == sample.pull.head_sha
        assert api.get("/repos/octo/sample/git/trees/main").status_code == 200


@pytest.mark.parametrize("kind", ["error_before", "cut_before", "error_after"])
def test_git_calls_can_fail_by_order(sample: Sample, tmp_path: Path, kind: str) -> None:
    route = "/{owner}/{repo}.git/info/refs"
    # curl asks again by itself when a kept connection is cut, so the fault strikes until it is cleared.
    sample.forge.faults.add(kind, route=route, count=None)  # type: ignore[arg-type]
    assert git(tmp_path, "ls-remote", address(sample, sample.token())).returncode != 0
    sample.forge.faults.clear()
    assert git(tmp_path, "ls-remote", address(sample, sample.token())).returncode == 0


@pytest.mark.parametrize("kind", ["content", "lands_later", "stale"])
def test_a_fault_that_git_has_not_is_no_fault_that_struck(sample: Sample, tmp_path: Path, kind: str) -> None:
    sample.forge.faults.add(kind, route="/{owner}/{repo}.git/info/refs", count=None)  # type: ignore[arg-type]
    assert git(tmp_path, "ls-remote", address(sample, sample.token())).returncode != 0
    assert f"no call of git can be struck by {kind}" in sample.forge.failures[0]
    sample.forge.world.failures.clear()


def test_a_missing_repository_is_not_told_from_a_hidden_one(sample: Sample) -> None:
    api: httpx2.Client = client(sample.url)
    path = "/octo/nothing.git/info/refs"
    assert api.get(path, params={"service": "git-upload-pack"}).status_code == 401
