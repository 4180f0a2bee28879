"""Both sides of a pull request as plain files, as `ports.git` asks. Built by assembly.

Fetched are the commits and trees of the two shas (so that git finds their merge base), then the contents of the
changed files alone. Everything else happens in a view of the mirror that cannot fetch. Files are written by us from
`cat-file`: no checkout, so no filter, attribute, hook, symbolic link or submodule of the repository has a say.
"""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from forgehand.adapters.git.access import MAX_FOLDER_BYTES, MAX_MIRROR_BYTES, Access, check_names
from forgehand.adapters.git.changes import NOTHING, Change, read_raw
from forgehand.adapters.git.command import Git, RepositoryBroken
from forgehand.adapters.git.fetching import as_lines, fetch_commits, fetch_contents, sizes_of
from forgehand.adapters.git.mirrors import Mirror, make_view
from forgehand.adapters.git.scratch import throw_away_folder
from forgehand.adapters.git.selection import DIFF, Bounds, described, select
from forgehand.domain.repositories import Repo
from forgehand.ports.children import Children
from forgehand.ports.git import Comparison, GitFailed
from forgehand.ports.github import Tokens

_AT_ONCE = 20
_RAW = ("-r", "-z", "--raw", "--no-abbrev")
_RAW_BYTES = 8_000_000
_RENAMES = ("-M", "-l1000")


class GitComparisons:
    """See `access.Access` for most arguments; `bounds` are those of one comparison."""

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
        self._access = Access(
            children, tokens, folder, clone_base, env or {}, max_mirror_bytes, max_folder_bytes, seconds
        )
        self._bounds = bounds
        self._max_mirror_bytes = max_mirror_bytes
        self._seconds = seconds

    @contextlib.asynccontextmanager
    async def compare(self, repo: Repo, number: int, base_sha: str, head_sha: str) -> AsyncIterator[Comparison]:
        """See `ports.git.Comparisons`."""
        check_names(repo, base_sha, head_sha)
        with throw_away_folder(self._access.work) as work:
            yield await self._compared(repo, number, base_sha, head_sha, work)

    async def _compared(self, repo: Repo, number: int, base_sha: str, head_sha: str, work: Path) -> Comparison:
        async with self._access.opened(repo, work) as (git, mirror):
            try:
                comparison = await self._fetched_and_exported(git, mirror, base_sha, head_sha, work)
            except RepositoryBroken:
                mirror.start_over()
                comparison = await self._fetched_and_exported(git, mirror, base_sha, head_sha, work)
            return comparison

    async def _fetched_and_exported(
        self, remote: Git, mirror: Mirror, base_sha: str, head_sha: str, work: Path
    ) -> Comparison:
        wanted = {"refs/forgehand/base": base_sha, "refs/forgehand/head": head_sha}
        await fetch_commits(remote, mirror, wanted, self._max_mirror_bytes)
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
