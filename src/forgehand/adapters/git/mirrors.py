"""The cache of bare repositories, one for each repository we compare in, each behind a lock. Used by `comparisons`.

A mirror holds commits and trees; file contents are fetched when they are asked for. Keeping it saves a repository's
whole history for every review but the first. It is ours alone: nothing untrusted ever writes here.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

_POLL = 0.05
_CONFIG = """[core]
\trepositoryformatversion = 1
\tfilemode = true
\tbare = true
[extensions]
\tpartialClone = origin
[remote "origin"]
\turl = {url}
\tpromisor = true
\tpartialclonefilter = blob:none
"""


@dataclass(frozen=True, slots=True)
class Mirror:
    """A bare repository at `path`, held by us."""

    path: Path
    url: str

    @property
    def packs(self) -> int:
        return sum(1 for _ in (self.path / "objects" / "pack").glob("*.pack"))

    @property
    def size(self) -> int:
        """In bytes."""
        return _size(self.path)

    def start_over(self) -> None:
        """Throw away what is there; it is fetched again."""
        shutil.rmtree(self.path, ignore_errors=True)
        _prepare(self.path, self.url)

    def tidy(self) -> None:
        """Remove what a git that was killed left behind: we hold the mirror, so nobody is at it."""
        for left in (*self.path.rglob("*.lock"), *(self.path / "objects").rglob("tmp_*")):
            left.unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def hold_mirror(folder: Path, name: str, url: str) -> AsyncIterator[Mirror]:
    """The mirror `folder/name.git` of `url`, made when it is not there, and nobody else's until the block ends: no
    other task, thread or process of this machine."""
    async with _locked(folder / f"{name}.lock") as lock:
        os.utime(lock)
        path = folder / f"{name}.git"
        _prepare(path, url)
        mirror = Mirror(path, url)
        mirror.tidy()
        yield mirror


def make_room(folder: Path, max_bytes: int) -> None:
    """Remove mirrors that nobody holds, the longest unused first, until the folder is within `max_bytes`."""
    sizes = {lock: _size(lock.with_suffix(".git")) for lock in folder.glob("*.lock")}
    total = sum(sizes.values())
    for lock in sorted(sizes, key=lambda each: (each.stat().st_mtime, each.name)):
        if total <= max_bytes:
            return
        with open(lock, "rb") as file:
            if _try_lock(file.fileno()):
                shutil.rmtree(lock.with_suffix(".git"), ignore_errors=True)
                total -= sizes[lock]


def make_view(path: Path, mirror: Mirror) -> None:
    """A repository at `path` that reads the mirror's objects and knows no server: a git in it never fetches what is
    missing, needs no token, and what it writes goes with it. (`GIT_NO_LAZY_FETCH` would ask for git 2.45.)"""
    (path / "objects" / "info").mkdir(parents=True)
    (path / "refs").mkdir()
    (path / "HEAD").write_text("ref: refs/heads/none\n")
    (path / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
    (path / "objects" / "info" / "alternates").write_text(f"{mirror.path / 'objects'}\n")


@contextlib.asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[Path]:
    os.makedirs(path.parent, mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _try_lock(descriptor):  # noqa: ASYNC110 - another process holds it: there is no event to wait for
            await asyncio.sleep(_POLL)
        yield path
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _prepare(path: Path, url: str) -> None:
    """Write the repository's skeleton and, each time, its configuration."""
    for part in ("objects", "refs"):
        (path / part).mkdir(parents=True, exist_ok=True)
    # HEAD names a branch that is never there: with a commit behind it, newer gits would read its .gitattributes.
    (path / "HEAD").write_text("ref: refs/heads/none\n")
    (path / "config").write_text(_CONFIG.format(url=_quoted(url)))


def _size(path: Path) -> int:
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += os.lstat(os.path.join(folder, name)).st_size
    return total


def _quoted(url: str) -> str:
    return '"' + url.replace("\\", "\\\\").replace('"', '\\"') + '"'
