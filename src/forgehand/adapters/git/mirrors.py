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

    def start_over(self) -> None:
        """Throw away what is there; it is fetched again."""
        shutil.rmtree(self.path, ignore_errors=True)
        _prepare(self.path, self.url)


@contextlib.asynccontextmanager
async def hold_mirror(folder: Path, name: str, url: str) -> AsyncIterator[Mirror]:
    """The mirror `folder/name.git` of `url`, made when it is not there, and nobody else's until the block ends: no
    other task, thread or process of this machine."""
    async with _locked(folder / f"{name}.lock"):
        path = folder / f"{name}.git"
        _prepare(path, url)
        yield Mirror(path, url)


@contextlib.asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    os.makedirs(path.parent, mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _try_lock(descriptor):  # noqa: ASYNC110 - another process holds it: there is no event to wait for
            await asyncio.sleep(_POLL)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _prepare(path: Path, url: str) -> None:
    """Write the repository's skeleton and, each time, its configuration. Lock files are left-overs of a git that was
    killed, since we hold the mirror."""
    for part in ("objects", "refs"):
        (path / part).mkdir(parents=True, exist_ok=True)
    # HEAD names a branch that is never there: with a commit behind it, newer gits would read its .gitattributes.
    (path / "HEAD").write_text("ref: refs/heads/none\n")
    (path / "config").write_text(_CONFIG.format(url=_quoted(url)))
    for lock in path.rglob("*.lock"):
        lock.unlink(missing_ok=True)


def _quoted(url: str) -> str:
    return '"' + url.replace("\\", "\\\\").replace('"', '\\"') + '"'
