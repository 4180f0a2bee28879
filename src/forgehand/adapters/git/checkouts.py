"""The whole tree of a commit as an archive for the sandbox, as `ports.git` asks. Built by assembly.

Nothing is checked out here either: contents go from `cat-file` into a tar archive that we write, so that no filter,
attribute, hook or submodule has a say, and no file or link of the repository ever stands on this machine's disk.
"""

import asyncio
import contextlib
import io
import tarfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from forgehand.adapters.git.access import MAX_FOLDER_BYTES, MAX_MIRROR_BYTES, Access, check_names
from forgehand.adapters.git.changes import LINK, REGULAR, bad_name, shown
from forgehand.adapters.git.command import Git, RepositoryBroken
from forgehand.adapters.git.fetching import as_lines, fetch_commits, fetch_contents, sizes_of
from forgehand.adapters.git.mirrors import Mirror, make_view
from forgehand.adapters.git.scratch import throw_away_folder
from forgehand.domain.repositories import Repo
from forgehand.ports.children import Children
from forgehand.ports.git import Checkout, GitFailed
from forgehand.ports.github import Tokens

_REF = "refs/forgehand/checkout"
_BATCH_BYTES = 32 * 1024**2


@dataclass(frozen=True, slots=True)
class TreeBounds:
    """Of one checkout. A single file beyond its bound is left out; a tree beyond the others is none to run."""

    file_bytes: int = 64 * 1024**2
    total_bytes: int = 512 * 1024**2
    files: int = 50_000


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: str
    id: str
    path: bytes


class GitCheckouts:
    """See `access.Access` for most arguments."""

    def __init__(
        self,
        children: Children,
        tokens: Tokens,
        folder: Path,
        clone_base: str,
        *,
        env: Mapping[str, str] | None = None,
        bounds: TreeBounds = TreeBounds(),
        seconds: float = 300.0,
    ) -> None:
        self._children = children
        self._access = Access(
            children, tokens, folder, clone_base, env or {}, MAX_MIRROR_BYTES, MAX_FOLDER_BYTES, seconds
        )
        self._bounds = bounds
        self._seconds = seconds

    @contextlib.asynccontextmanager
    async def checkout(self, repo: Repo, sha: str) -> AsyncIterator[Checkout]:
        """See `ports.git.Checkouts`."""
        check_names(repo, sha)
        with throw_away_folder(self._access.work) as work:
            async with self._access.opened(repo, work) as (git, mirror):
                try:
                    made = await self._packed(git, mirror, sha, work)
                except RepositoryBroken:
                    mirror.start_over()
                    made = await self._packed(git, mirror, sha, work)
            yield made

    async def _packed(self, remote: Git, mirror: Mirror, sha: str, work: Path) -> Checkout:
        await fetch_commits(remote, mirror, {_REF: sha}, MAX_MIRROR_BYTES)
        view = work / "view"
        if not view.exists():
            make_view(view, mirror)
        git = Git(self._children, view, seconds=self._seconds)
        entries = _read_tree(await git("ls-tree", "-r", "-z", "--full-tree", sha, "--"))
        left_out = {entry.path: why for entry in entries if (why := _why_not(entry))}
        wanted = [entry for entry in entries if entry.path not in left_out]
        if len(wanted) > self._bounds.files:
            raise GitFailed(f"the tree has more than {self._bounds.files:,} files", transient=False)
        sizes = await self._contents(remote, mirror, git, wanted)
        for entry in wanted:
            if sizes.get(entry.id, self._bounds.file_bytes + 1) > self._bounds.file_bytes:
                left_out[entry.path] = f"larger than {self._bounds.file_bytes:,} bytes"
        kept = [entry for entry in wanted if entry.path not in left_out]
        if sum(sizes[entry.id] for entry in kept) > self._bounds.total_bytes:
            raise GitFailed(f"the tree has more than {self._bounds.total_bytes:,} bytes", transient=False)
        await _write(git, work / "tree.tar", kept, sizes)
        paths = frozenset(shown(entry.path) for entry in kept)
        return Checkout(sha, work / "tree.tar", paths, {shown(path): why for path, why in left_out.items()})

    async def _contents(self, remote: Git, mirror: Mirror, git: Git, entries: Sequence[_Entry]) -> dict[str, int]:
        ids = list(dict.fromkeys(entry.id for entry in entries))
        sizes = await sizes_of(git, ids)
        absent = [one for one in ids if one not in sizes]
        await fetch_contents(remote, mirror, absent, 2 * self._bounds.total_bytes)
        return sizes | await sizes_of(git, absent)


def _read_tree(listed: bytes) -> list[_Entry]:
    entries = []
    for row in listed.split(b"\0")[:-1]:
        about, _, path = row.partition(b"\t")
        mode, _, one = about.decode().split(" ")
        entries.append(_Entry(mode, one, path))
    return entries


def _why_not(entry: _Entry) -> str:
    if entry.mode not in REGULAR and entry.mode != LINK:
        return "a submodule" if entry.mode == "160000" else f"no regular file (mode {entry.mode})"
    return bad_name(entry.path)


async def _write(git: Git, archive: Path, entries: Sequence[_Entry], sizes: Mapping[str, int]) -> None:
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        at = 0
        while at < len(entries):
            batch, room = [entries[at]], _BATCH_BYTES - sizes[entries[at].id]
            while at + len(batch) < len(entries) and (room := room - sizes[entries[at + len(batch)].id]) > 0:
                batch.append(entries[at + len(batch)])
            contents = await git("cat-file", "--batch", stdin=as_lines(entry.id for entry in batch))
            await asyncio.to_thread(_add, tar, batch, contents)
            at += len(batch)


def _add(tar: tarfile.TarFile, batch: Sequence[_Entry], contents: bytes) -> None:
    """`contents` is one `<id> blob <size>` line, the bytes and a line break for each entry."""
    at = 0
    for entry in batch:
        start = contents.index(b"\n", at) + 1
        size = int(contents[at : start - 1].rsplit(b" ", 1)[1])
        data = contents[start : start + size]
        member = tarfile.TarInfo(entry.path.decode())
        member.mode = 0o755 if entry.mode == "100755" else 0o644
        if entry.mode == LINK:
            # Inside the sandbox a link can lead nowhere that matters.
            member.type, member.linkname = tarfile.SYMTYPE, data.decode("utf-8", "surrogateescape")
            tar.addfile(member)
        else:
            member.size = size
            tar.addfile(member, io.BytesIO(data))
        at = start + size + 1
