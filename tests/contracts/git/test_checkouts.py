"""`ports.git.Checkouts` over real repositories: what is in the archive, and what hostile trees cannot put there."""

import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from forgehand.adapters.git.checkouts import GitCheckouts, TreeBounds
from forgehand.adapters.sandbox.children import ChildProcesses
from forgehand.domain.repositories import Repo
from forgehand.ports.git import GitFailed
from forgehand.ports.github import Token
from support.git import Bare

pytestmark = pytest.mark.anyio

REPO = Repo(1, 42, "acme/shop")


class NoTokens:
    async def token(self, repo: Repo, permissions: Mapping[str, str]) -> Token:
        raise AssertionError("a file needs no token")


@pytest.fixture
def origin(tmp_path: Path) -> Bare:
    (tmp_path / "server" / "acme").mkdir(parents=True)
    return Bare(tmp_path / "server" / "acme" / "shop.git")


def checkouts(tmp_path: Path, bounds: TreeBounds = TreeBounds()) -> GitCheckouts:  # noqa: B008
    server = f"file://{tmp_path / 'server'}"
    return GitCheckouts(ChildProcesses(), NoTokens(), tmp_path / "data", server, bounds=bounds)


def members(archive: Path) -> dict[str, tuple[int, bytes]]:
    """Modes and contents by name; a link's content is where it leads."""
    found = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member).read() if member.isreg() else member.linkname.encode()  # type: ignore[union-attr]
            found[member.name] = (member.mode, content)
    return found


async def test_the_whole_tree_comes_with_modes_and_links(origin: Bare, tmp_path: Path) -> None:
    first = origin.commit({"a.txt": "one", "bin/run": ("100755", b"#!/bin/sh\n")})
    sha = origin.commit({"b.txt": "two", "link": ("120000", b"../../etc/passwd")}, parent=first, ref="refs/heads/main")
    async with checkouts(tmp_path).checkout(REPO, sha) as made:
        found = members(made.archive)
        assert made.paths == {"a.txt", "b.txt", "bin/run", "link"}
    assert found == {
        "a.txt": (0o644, b"one"),
        "b.txt": (0o644, b"two"),
        "bin/run": (0o755, b"#!/bin/sh\n"),
        "link": (0o644, b"../../etc/passwd"),
    }
    assert not made.archive.exists()


async def test_attributes_of_the_tree_have_no_say(origin: Bare, tmp_path: Path) -> None:
    attributes = "* text eol=crlf export-subst filter=lfs\nsecret export-ignore\n"
    sha = origin.commit({".gitattributes": attributes, "secret": "$Format:%H$\n"}, ref="refs/heads/main")
    async with checkouts(tmp_path).checkout(REPO, sha) as made:
        assert members(made.archive)["secret"][1] == b"$Format:%H$\n"


async def test_submodules_odd_names_and_large_files_are_left_out_with_the_reason(origin: Bare, tmp_path: Path) -> None:
    sha = origin.commit(
        {"ok": "1", "large": "x" * 200, "sub": ("160000", b"a" * 40), b"odd\xff": "2", "new\nline": "3"},
        ref="refs/heads/main",
    )
    async with checkouts(tmp_path, TreeBounds(file_bytes=100)).checkout(REPO, sha) as made:
        assert set(members(made.archive)) == {"ok"}
        assert made.left_out["sub"] == "a submodule"
        assert made.left_out["large"] == "larger than 100 bytes"
        assert len(made.left_out) == 4


@pytest.mark.parametrize(("bounds", "why"), [(TreeBounds(files=2), "2 files"), (TreeBounds(total_bytes=2), "2 bytes")])
async def test_a_tree_that_is_too_large_is_refused(origin: Bare, tmp_path: Path, bounds: TreeBounds, why: str) -> None:
    sha = origin.commit({"a": "1", "b": "2", "c": "3"}, ref="refs/heads/main")
    with pytest.raises(GitFailed, match=why):
        async with checkouts(tmp_path, bounds).checkout(REPO, sha):
            pass


async def test_what_is_no_commit_id_never_reaches_git(tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="no commit id"):
        async with checkouts(tmp_path).checkout(REPO, "--upload-pack=touch /x"):
            pass
