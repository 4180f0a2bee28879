"""Comparisons over HTTP with a token, against the practice forge: who gets to see the token, and who does not."""

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import pytest

from forgehand.adapters.git.askpass import askpass
from forgehand.adapters.git.comparisons import GitComparisons
from forgehand.adapters.git.selection import Bounds
from forgehand.adapters.sandbox.children import ChildProcesses
from forgehand.crafts.diffs import read_patch
from forgehand.domain.repositories import Repo
from forgehand.ports.children import Limits
from forgehand.ports.git import GitFailed
from forgehand.ports.github import Token
from support.forge import REPOSITORY, Sample, sample_forge

pytestmark = pytest.mark.anyio


@dataclass
class Given:
    """Gives one token and notes what it was asked for."""

    value: str
    asked: list[Mapping[str, str]] = field(default_factory=list)

    async def token(self, repo: Repo, permissions: Mapping[str, str]) -> Token:
        self.asked.append(dict(permissions))
        return Token(self.value, 2**40)


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Sample]:
    """A private repository: for a public one, the server asks git for no token at all."""
    with sample_forge(tmp_path) as running:
        repository = running.repository
        running.forge.world.repositories[repository.id] = replace(repository, private=True)
        yield running


def _repo(sample: Sample) -> Repo:
    return Repo(sample.installation.id, sample.repository.id, REPOSITORY)


async def test_a_pull_request_is_fetched_with_a_token_that_can_only_read(sample: Sample, tmp_path: Path) -> None:
    tokens = Given(sample.token({"contents": "read"}))
    git = GitComparisons(ChildProcesses(), tokens, tmp_path / "data", sample.url)
    pull = sample.pull
    async with git.compare(_repo(sample), pull.number, pull.base_sha, pull.head_sha) as got:
        assert {file.path for file in got.files} == {"app.py", "notes.txt"}
        assert (got.head / "notes.txt").read_text() == "one\ntwo\nthree\n"
    assert tokens.asked == [{"contents": "read"}]


async def test_our_added_lines_are_the_ones_that_github_shows(sample: Sample, tmp_path: Path) -> None:
    git = GitComparisons(ChildProcesses(), Given(sample.token({"contents": "read"})), tmp_path / "data", sample.url)
    pull = sample.pull
    listed = sample.client({"pull_requests": "read"}).get(f"/repos/{REPOSITORY}/pulls/{pull.number}/files").json()
    async with git.compare(_repo(sample), pull.number, pull.base_sha, pull.head_sha) as got:
        ours = {file.path: file.added for file in got.files}
    assert ours == {file["filename"]: read_patch(file["patch"]).added.ranges for file in listed}


async def test_the_head_of_a_fork_is_fetched_too(sample: Sample, tmp_path: Path) -> None:
    forge = sample.forge
    forge.fork(REPOSITORY, "stranger")
    forge.commit("stranger/sample", "patch", {"app.py": "print(1)\n"}, author="stranger")
    pull = forge.open_pull(REPOSITORY, "stranger:patch", user="stranger")
    git = GitComparisons(ChildProcesses(), Given(sample.token({"contents": "read"})), tmp_path / "data", sample.url)
    async with git.compare(_repo(sample), pull.number, pull.base_sha, pull.head_sha) as got:
        assert (got.head / "app.py").read_text() == "print(1)\n"


async def test_contents_beyond_the_bound_stay_away_over_http_too(sample: Sample, tmp_path: Path) -> None:
    forge = sample.forge
    forge.commit(REPOSITORY, "large", {"large.bin": os.urandom(3_000_000), "app.py": "print(2)\n"})
    pull = forge.open_pull(REPOSITORY, "large")
    tokens = Given(sample.token({"contents": "read"}))
    bounds = Bounds(total_bytes=500_000)
    git = GitComparisons(ChildProcesses(), tokens, tmp_path / "data", sample.url, bounds=bounds)
    async with git.compare(_repo(sample), pull.number, pull.base_sha, pull.head_sha) as got:
        assert {file.path: file.left_out for file in got.files} == {
            "app.py": "",
            "large.bin": "the change has more contents than are fetched",
        }


@pytest.mark.parametrize("length", [40, 520])
async def test_the_token_is_in_no_argument_environment_file_or_log(
    sample: Sample, tmp_path: Path, caplog: pytest.LogCaptureFixture, length: int
) -> None:
    """A canary of the same form as a token is refused by the server; everything git does until then is watched."""
    caplog.set_level(logging.DEBUG)
    canary = "gh" + "s_" + "C" * (length - 4)
    watcher = _Watcher(canary)
    # git lives long enough to be seen.
    sample.forge.faults.add("slow", route="/{owner}/{repo}.git/info/refs", seconds=1.0)
    git = GitComparisons(ChildProcesses(), Given(canary), tmp_path / "data", sample.url)
    with watcher, pytest.raises(GitFailed, match="read access to the repository's contents") as failed:
        async with git.compare(_repo(sample), 1, sample.pull.base_sha, sample.pull.head_sha):
            pass
    assert watcher.seen_gits > 0
    assert watcher.leaks == []
    assert not failed.value.transient
    assert canary not in str(failed.value) + caplog.text
    assert _files_with(canary, tmp_path / "data") == []


async def test_a_good_token_stays_nowhere_after_a_fetch(
    sample: Sample, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = sample.token({"contents": "read"})
    git = GitComparisons(ChildProcesses(), Given(token), tmp_path / "data", sample.url)
    with _Watcher(token) as watcher:
        async with git.compare(_repo(sample), 1, sample.pull.base_sha, sample.pull.head_sha) as got:
            during = _files_with(token, got.head.parent)
    assert watcher.leaks == []
    assert during == []
    assert _files_with(token, tmp_path / "data") == []
    assert token not in caplog.text


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("Username for 'https://github.com': ", b"x-access-token\n"),
        ("Password for 'https://x-access-token@github.com': ", b"canary\n"),
        ("Username for 'https://evil.example': ", b""),
        ("Password for 'https://x-access-token@evil.example': ", b""),
        ("Password for 'https://github.com@evil.example': ", b""),
        ("Password for 'https://x-access-token@github.com.evil.example': ", b""),
        ("Password for 'http://x-access-token@github.com': ", b""),
        ("Password for 'https://x-access-token@github.com:8443': ", b""),
        ("", b""),
    ],
)
async def test_askpass_answers_one_server_only(tmp_path: Path, prompt: str, answer: bytes) -> None:
    with askpass("canary", "https://github.com", tmp_path) as env:
        script = Path(env["GIT_ASKPASS"])
        assert (script.parent / "token").stat().st_mode & 0o777 == 0o600
        assert script.parent.stat().st_mode & 0o777 == 0o700
        done = await ChildProcesses().run([str(script), prompt], cwd=tmp_path, limits=Limits(seconds=10))
        assert done.stdout == answer
        assert "canary" not in script.read_text()
    assert list(tmp_path.iterdir()) == []


class _Watcher:
    """Looks at every git of ours, as fast as it can, for a word in its arguments and environment."""

    def __init__(self, word: str) -> None:
        self._word = word.encode()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.seen_gits = 0
        self.leaks: list[str] = []

    def __enter__(self) -> "_Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        me = psutil.Process(os.getpid())
        while not self._stop.is_set():
            for child in me.children(recursive=True):
                for part in ("cmdline", "environ"):
                    try:
                        text = Path(f"/proc/{child.pid}/{part}").read_bytes()
                    except OSError:
                        continue
                    self.seen_gits += text.startswith(b"git\0") or b"/git\0" in text
                    if self._word in text:
                        self.leaks.append(f"{part}: {text[:80]!r}")


def _files_with(word: str, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]
