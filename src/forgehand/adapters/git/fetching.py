"""Bringing commits, trees and the contents of files into a mirror, within bounds. Called by `comparisons`
and `checkouts`.

A server tells a file's size only by sending it, so every fetch runs under a limit on what it may write. One that hits
the limit is halved until the file that is too large stands alone, and stays away.
"""

import shutil
from collections.abc import Iterable, Mapping, Sequence

from forgehand.adapters.git.command import Git, TooLarge
from forgehand.adapters.git.mirrors import Mirror
from forgehand.ports.git import GitFailed

MIN_FREE_BYTES = 512 * 1024**2
_MOST_FETCHES = 24
_LEAST_ROOM = 1_000_000
_QUIETLY = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--filter=blob:none")


async def fetch_commits(git: Git, mirror: Mirror, wanted: Mapping[str, str], max_bytes: int) -> None:
    """Commits and trees, by their ids: a branch may have moved on meanwhile. The refs keep them, a few for all pull
    requests, which is what git tells the server that we have."""
    there = await git("for-each-ref", "--format=%(refname) %(objectname)", "refs/forgehand/")
    if wanted.items() <= dict(line.split(" ") for line in there.decode().splitlines()).items():
        return
    check_free_space(mirror)
    refspecs = [f"+{sha}:{ref}" for ref, sha in wanted.items()]
    await git("fetch", *_QUIETLY, "--", "origin", *refspecs, file=max_bytes)


async def fetch_contents(git: Git, mirror: Mirror, ids: Sequence[str], max_bytes: int) -> None:
    """As many of these contents as `max_bytes` of packs hold, and some fewer fetches than an attacker would like."""
    waiting, room = [list(ids)] if ids else [], max(max_bytes, _LEAST_ROOM)
    for _ in range(_MOST_FETCHES):
        if not waiting or room <= 0:
            return
        part = waiting.pop()
        check_free_space(mirror)
        before = mirror.size
        try:
            await git("fetch", *_QUIETLY, "--stdin", "--", "origin", stdin=as_lines(part), file=room)
        except TooLarge:
            mirror.tidy()
            if len(part) > 1:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
        else:
            room -= mirror.size - before


async def sizes_of(git: Git, ids: Iterable[str]) -> dict[str, int]:
    """The sizes of those contents that are there."""
    asked = sorted(set(ids))
    if not asked:
        return {}
    rows = (await git("cat-file", "--batch-check", stdin=as_lines(asked))).decode().splitlines()
    return {row[0]: int(row[2]) for line in rows if len(row := line.split(" ")) == 3 and row[1] == "blob"}


def check_free_space(mirror: Mirror) -> None:
    """Raises GitFailed where the disk is nearly full: it may be emptied, so trying again may help."""
    free = shutil.disk_usage(mirror.path).free
    if free < MIN_FREE_BYTES:
        raise GitFailed(f"only {free // 1024**2} MB are left on the disk of the git mirrors", transient=True)


def as_lines(ids: Iterable[str]) -> bytes:
    return "".join(f"{one}\n" for one in ids).encode()
