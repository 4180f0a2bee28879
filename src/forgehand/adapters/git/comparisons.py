"""Both sides of a pull request as plain files, as `ports.git` asks. Built by assembly.

Fetched are the commits and trees of the two shas (so that git finds their merge base), then the contents of the
changed files alone. Everything else happens in a view of the mirror that cannot fetch. Files are written by us from
`cat-file`: no checkout, so no filter, attribute, hook, symbolic link or submodule of the repository has a say.
"""

import asyncio
import contextlib
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from forgehand.adapters.git.askpass import askpass
from forgehand.adapters.git.changes import NOTHING, Change, read_raw
from forgehand.adapters.git.command import Git, RepositoryBroken, allowed_protocol
from forgehand.adapters.git.fetching import as_lines, fetch_commits, fetch_contents, sizes_of
from forgehand.adapters.git.mirrors import Mirror, hold_mirror, make_room, make_view
from forgehand.adapters.git.scratch import throw_away_folder
from forgehand.adapters.git.selection import DIFF, Bounds, described, select
from forgehand.domain.repositories import Repo
from forgehand.ports.children import Children
from forgehand.ports.git import Comparison, GitFailed
from forgehand.ports.github import Tokens

MAX_MIRROR_BYTES = 4 * 1024**3
MAX_FOLDER_BYTES = 16 * 1024**3
MAX_PACKS = 60
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FULL_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_AT_ONCE = 20
_RAW = ("-r", "-z", "--raw", "--no-abbrev")
_RAW_BYTES = 8_000_000
_RENAMES = ("-M", "-l1000")


class GitComparisons:
    """Keeps its mirrors below `folder`. `clone_base` is where repositories are cloned from, such as
    `https://github.com`. `env` is added to git's environment: proxies and certificate bundles, never secrets. A mirror
    above its bytes is started over; a folder above its own loses the mirrors that were unused the longest."""

    def __init__(
        self,
        children: Children,
        tokens: Tokens,
        folder: Path,
        clone_base: str,
        *,
        env: Mapping[str, str] | None = None,
        bounds: Bounds = Bounds(),  # noqa: B008 - frozen
        max_mirror_bytes: int = MAX_MIRROR_BYTES,
        max_folder_bytes: int = MAX_FOLDER_BYTES,
        seconds: float = 120.0,
    ) -> None:
        self._children = children
        self._tokens = tokens
        self._folder = folder.resolve()
        self._base = clone_base.rstrip("/")
        self._env = {**(env or {}), "GIT_ALLOW_PROTOCOL": allowed_protocol(clone_base)}
        self._bounds = bounds
        self._max_mirror_bytes = max_mirror_bytes
        self._max_folder_bytes = max_folder_bytes
        self._seconds = seconds

    @contextlib.asynccontextmanager
    async def compare(self, repo: Repo, number: int, base_sha: str, head_sha: str) -> AsyncIterator[Comparison]:
        """See `ports.git.Comparisons`."""
        if not _FULL_NAME.fullmatch(repo.full_name):
            raise GitFailed(f"{repo.full_name!r} is no repository name", transient=False)
        for sha in (base_sha, head_sha):
            if not _SHA.fullmatch(sha):
                raise GitFailed(f"{sha!r} is no commit id", transient=False)
        with throw_away_folder(self._folder / "work") as work:
            yield await self._compared(repo, number, base_sha, head_sha, work)

    async def _compared(self, repo: Repo, number: int, base_sha: str, head_sha: str, work: Path) -> Comparison:
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
            try:
                comparison = await self._fetched_and_exported(git, mirror, base_sha, head_sha, work)
            except RepositoryBroken:
                mirror.start_over()
                comparison = await self._fetched_and_exported(git, mirror, base_sha, head_sha, work)
            if mirror.packs > MAX_PACKS:
                # Housekeeping: a review that is done does not fail over it.
                with contextlib.suppress(GitFailed):
                    await git("repack", "-a", "-d", "-q")
            return comparison

    @contextlib.asynccontextmanager
    async def _authenticated(self, repo: Repo, work: Path) -> AsyncIterator[Mapping[str, str]]:
        if self._env["GIT_ALLOW_PROTOCOL"] == "file":
            yield self._env
            return
        token = await self._tokens.token(repo, {"contents": "read"})
        with askpass(token.value, self._base, work) as answers:
            yield {**self._env, **answers}

    async def _fetched_and_exported(
        self, remote: Git, mirror: Mirror, base_sha: str, head_sha: str, work: Path
    ) -> Comparison:
        await fetch_commits(remote, mirror, base_sha, head_sha, self._max_mirror_bytes)
        make_view(_empty(work / "view"), mirror)
        git = Git(self._children, work / "view", seconds=self._seconds)
        merge_base = await _merge_base(git, base_sha, head_sha)
        changes = await _changes(git, merge_base, head_sha, "--no-renames")
        sizes = await self._contents(remote, mirror, git, changes)
        if all(one in sizes for change in changes for one in change.ids):
            # Git reads contents to tell a rename, and would stop at one that is not there.
            changes = await _changes(git, merge_base, head_sha, *_RENAMES)
        selection = await select(git, changes, sizes, self._bounds)
        files = await described(git, changes, selection, sizes)
        base, head = (_empty(work / side) for side in ("base", "head"))
        await _write(git, base, [(c.old_path, c.old_id) for c in selection.kept if c.old_mode != NOTHING])
        await _write(git, head, [(c.path, c.new_id) for c in selection.kept])
        return Comparison(merge_base, head_sha, base, head, tuple(files))

    async def _contents(self, remote: Git, mirror: Mirror, git: Git, changes: list[Change]) -> dict[str, int]:
        """The sizes of the changes' contents, by id, of those that are there or could be fetched."""
        bounds = self._bounds
        ids = list(dict.fromkeys(one for change in changes for one in change.ids))[: 4 * bounds.files]
        sizes = await sizes_of(git, ids)
        absent = [one for one in ids if one not in sizes]
        await fetch_contents(remote, mirror, absent, 2 * bounds.total_bytes)
        return sizes | await sizes_of(git, absent)


async def _changes(git: Git, merge_base: str, head_sha: str, *how: str) -> list[Change]:
    raw = await git("diff-tree", *_RAW, *DIFF, *how, merge_base, head_sha, "--", output=_RAW_BYTES)
    return await asyncio.to_thread(read_raw, raw)


async def _merge_base(git: Git, base_sha: str, head_sha: str) -> str:
    found = (await git("merge-base", "--", base_sha, head_sha, codes=(0, 1))).decode().split()
    if not found:
        raise GitFailed("the pull request's two sides have no common history", transient=False)
    return found[0]


async def _write(git: Git, root: Path, files: list[tuple[bytes, str]]) -> None:
    for start in range(0, len(files), _AT_ONCE):
        batch = files[start : start + _AT_ONCE]
        contents = await git("cat-file", "--batch", stdin=as_lines(one for _, one in batch))
        await asyncio.to_thread(_write_batch, root, [path for path, _ in batch], contents)


def _write_batch(root: Path, paths: list[bytes], contents: bytes) -> None:
    """`contents` is one `<id> blob <size>` line, the bytes and a line break for each path."""
    at = 0
    for path in paths:
        header, _, _ = contents[at : at + 200].partition(b"\n")
        start = at + len(header) + 1
        size = int(header.rsplit(b" ", 1)[1])
        file = root / path.decode()
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file, "xb") as out:
            out.write(contents[start : start + size])
        at = start + size + 1


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder
