"""Both sides of a pull request as plain files, as `ports.git` asks. Built by assembly.

Fetched are the commits and trees of the two shas (so that git finds their merge base), then the contents of the
changed files alone. Files are written by us from `cat-file`: no checkout, so no filter, attribute, hook, symbolic
link or submodule of the repository has a say.
"""

import asyncio
import contextlib
import re
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path

from forgehand.adapters.git.askpass import askpass
from forgehand.adapters.git.changes import NOTHING, REGULAR, Change, read_raw, with_patches
from forgehand.adapters.git.command import Git, RepositoryBroken, allowed_protocol
from forgehand.adapters.git.mirrors import hold_mirror
from forgehand.adapters.git.scratch import throw_away_folder
from forgehand.domain.repositories import Repo
from forgehand.ports.children import Children
from forgehand.ports.git import Comparison, GitFailed
from forgehand.ports.github import Tokens

MAX_FILE_BYTES = 2_000_000
MAX_FILES = 1_000
MAX_TOTAL_BYTES = 64_000_000
MAX_PACKS = 60
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FULL_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_AT_ONCE = 20
_QUIETLY = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
_DIFF = ("--no-ext-diff", "--no-textconv", "--no-color", "--submodule=short", "--diff-algorithm=myers", "-M", "-l1000")


class GitComparisons:
    """Keeps its mirrors below `folder`. `clone_base` is where repositories are cloned from, such as
    `https://github.com`. `env` is added to git's environment: proxies and certificate bundles, never secrets."""

    def __init__(
        self,
        children: Children,
        tokens: Tokens,
        folder: Path,
        clone_base: str,
        *,
        env: Mapping[str, str] | None = None,
        max_file_bytes: int = MAX_FILE_BYTES,
        max_files: int = MAX_FILES,
        max_total_bytes: int = MAX_TOTAL_BYTES,
        seconds: float = 120.0,
    ) -> None:
        self._children = children
        self._tokens = tokens
        self._folder = folder.resolve()
        self._base = clone_base.rstrip("/")
        self._env = {**(env or {}), "GIT_ALLOW_PROTOCOL": allowed_protocol(clone_base)}
        self._max_file_bytes = max_file_bytes
        self._max_files = max_files
        self._max_total_bytes = max_total_bytes
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
        async with (
            hold_mirror(self._folder / "mirrors", f"{repo.installation}-{repo.id}", url) as mirror,
            self._authenticated(repo, work) as env,
        ):
            git = Git(self._children, mirror.path, env, self._seconds)
            try:
                await _fetch(git, number, base_sha, head_sha)
                comparison = await self._export(git, base_sha, head_sha, work)
            except RepositoryBroken:
                mirror.start_over()
                await _fetch(git, number, base_sha, head_sha)
                comparison = await self._export(git, base_sha, head_sha, work)
            if mirror.packs > MAX_PACKS:
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

    async def _export(self, git: Git, base_sha: str, head_sha: str, work: Path) -> Comparison:
        merge_base = await _merge_base(git, base_sha, head_sha)
        await _fetch_contents(git, merge_base, head_sha)
        between = (merge_base, head_sha, "--")
        changes = read_raw(await git("diff-tree", "-r", "-z", "--raw", "--no-abbrev", *_DIFF, *between))
        patches = await git("diff-tree", "-r", "-p", "-U3", *_DIFF, *between)
        left_out, kept = await self._selected(git, changes)
        base, head = (_empty(work / side) for side in ("base", "head"))
        await _write(git, base, [(c.old_path, c.old_id) for c in kept if c.old_mode != NOTHING])
        await _write(git, head, [(c.path, c.new_id) for c in kept])
        return Comparison(merge_base, head_sha, base, head, with_patches(changes, patches), left_out)

    async def _selected(self, git: Git, changes: list[Change]) -> tuple[dict[str, str], list[Change]]:
        """What is left out, with why, and the changes that remain: those whose head side becomes a file."""
        left_out = {change.shown_path: why for change in changes if (why := change.why_not)}
        kept = [c for c in changes if c.shown_path not in left_out and c.new_mode != NOTHING]
        sizes = await _sizes(git, kept)
        fitting: list[Change] = []
        room = self._max_total_bytes
        for change in kept:
            size = max(sizes.get(change.old_id, 0), sizes.get(change.new_id, 0))
            room -= size
            if size > self._max_file_bytes:
                left_out[change.shown_path] = f"larger than {self._max_file_bytes:,} bytes"
            elif len(fitting) >= self._max_files:
                left_out[change.shown_path] = f"the change has more than {self._max_files:,} files"
            elif room < 0:
                left_out[change.shown_path] = f"the change has more than {self._max_total_bytes:,} bytes"
            else:
                fitting.append(change)
        return left_out, fitting


async def _fetch(git: Git, number: int, base_sha: str, head_sha: str) -> None:
    """Commits and trees of both sides, by their ids: a branch may have moved on meanwhile. The refs keep them."""
    wanted = {f"refs/forgehand/{number}/base": base_sha, f"refs/forgehand/{number}/head": head_sha}
    there = await git("for-each-ref", "--format=%(refname) %(objectname)", f"refs/forgehand/{number}/")
    if dict(line.split(" ") for line in there.decode().splitlines()) == wanted:
        return
    refspecs = [f"+{sha}:{ref}" for ref, sha in wanted.items()]
    await git("fetch", *_QUIETLY, "--filter=blob:none", "--", "origin", *refspecs)


async def _merge_base(git: Git, base_sha: str, head_sha: str) -> str:
    found = (await git("merge-base", "--", base_sha, head_sha, codes=(0, 1))).decode().split()
    if not found:
        raise GitFailed("the pull request's two sides have no common history", transient=False)
    return found[0]


async def _fetch_contents(git: Git, merge_base: str, head_sha: str) -> None:
    """The contents of changed files in one request; git would otherwise ask for each when it needs it."""
    raw = await git("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", merge_base, head_sha, "--")
    ids = {
        one
        for change in read_raw(raw)
        for mode, one in ((change.old_mode, change.old_id), (change.new_mode, change.new_id))
        if mode in REGULAR
    }
    if ids:
        await git("fetch", *_QUIETLY, "--filter=blob:none", "--stdin", "--", "origin", stdin=_lines(sorted(ids)))


async def _sizes(git: Git, changes: list[Change]) -> dict[str, int]:
    ids = sorted({one for c in changes for one in (c.old_id, c.new_id) if one.strip("0")})
    lines = (await git("cat-file", "--batch-check", stdin=_lines(ids))).decode().splitlines()
    sizes = {}
    for line in lines:
        one, kind, *size = line.split(" ")
        if kind != "blob":
            raise RepositoryBroken(f"git has no contents for {one}", transient=False)
        sizes[one] = int(size[0])
    return sizes


async def _write(git: Git, root: Path, files: list[tuple[bytes, str]]) -> None:
    for start in range(0, len(files), _AT_ONCE):
        batch = files[start : start + _AT_ONCE]
        contents = await git("cat-file", "--batch", stdin=_lines(one for _, one in batch))
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


def _lines(ids: Iterable[str]) -> bytes:
    return "".join(f"{one}\n" for one in ids).encode()
