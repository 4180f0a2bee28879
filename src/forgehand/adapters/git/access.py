"""How a repository is reached: its mirror, held by us alone, and a git that may fetch into it for as long.

Used by `comparisons` and `checkouts`, which share the mirrors.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from forgehand.adapters.git.askpass import askpass
from forgehand.adapters.git.command import Git, allowed_protocol
from forgehand.adapters.git.mirrors import Mirror, hold_mirror, make_room
from forgehand.domain.repositories import Repo
from forgehand.ports.children import Children
from forgehand.ports.git import GitFailed
from forgehand.ports.github import Tokens

MAX_MIRROR_BYTES = 4 * 1024**3
MAX_FOLDER_BYTES = 16 * 1024**3
MAX_PACKS = 60
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FULL_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


def check_names(repo: Repo, *shas: str) -> None:
    """Raises GitFailed for what is no repository or commit: it would become part of a path or an argument."""
    if not _FULL_NAME.fullmatch(repo.full_name):
        raise GitFailed(f"{repo.full_name!r} is no repository name", transient=False)
    for sha in shas:
        if not _SHA.fullmatch(sha):
            raise GitFailed(f"{sha!r} is no commit id", transient=False)


class Access:
    """Keeps its mirrors below `folder`. `clone_base` is where repositories are cloned from, such as
    `https://github.com`. `env` is added to git's environment: proxies and certificate bundles, never secrets. A mirror
    above its bytes is started over; a folder above its own loses the mirrors that were unused the longest."""

    def __init__(
        self,
        children: Children,
        tokens: Tokens,
        folder: Path,
        clone_base: str,
        env: Mapping[str, str],
        max_mirror_bytes: int,
        max_folder_bytes: int,
        seconds: float,
    ) -> None:
        self._children = children
        self._tokens = tokens
        self._folder = folder.resolve()
        self._base = clone_base.rstrip("/")
        self._env = {**env, "GIT_ALLOW_PROTOCOL": allowed_protocol(clone_base)}
        self._max_mirror_bytes = max_mirror_bytes
        self._max_folder_bytes = max_folder_bytes
        self._seconds = seconds

    @property
    def work(self) -> Path:
        """Where throw-away folders are made."""
        return self._folder / "work"

    @contextlib.asynccontextmanager
    async def opened(self, repo: Repo, work: Path) -> AsyncIterator[tuple[Git, Mirror]]:
        """The mirror and the git; what authenticates it lies in `work` until the block ends."""
        url = f"{self._base}/{repo.full_name}.git"
        mirrors = self._folder / "mirrors"
        await asyncio.to_thread(make_room, mirrors, self._max_folder_bytes)
        async with (
            hold_mirror(mirrors, f"{repo.installation}-{repo.id}", url) as mirror,
            self._authenticated(repo, work) as env,
        ):
            if mirror.size > self._max_mirror_bytes:
                mirror.start_over()
            git = Git(self._children, mirror.path, env, self._seconds)
            yield git, mirror
            if mirror.packs > MAX_PACKS:
                # Housekeeping: what is done does not fail over it.
                with contextlib.suppress(GitFailed):
                    await git("repack", "-a", "-d", "-q")

    @contextlib.asynccontextmanager
    async def _authenticated(self, repo: Repo, work: Path) -> AsyncIterator[Mapping[str, str]]:
        if self._env["GIT_ALLOW_PROTOCOL"] == "file":
            yield self._env
            return
        token = await self._tokens.token(repo, {"contents": "read"})
        with askpass(token.value, self._base, work) as answers:
            yield {**self._env, **answers}
