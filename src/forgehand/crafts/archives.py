"""Work trees as tar archives: what the sandbox unpacks. Used by the testing worker and by `forgehand test`."""

import os
import tarfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

_MOST_TEXT = 1_000_000
LEFT_OUT = frozenset(
    {".git", ".env", ".venv", "venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".tox"}
)
"""What a local tree holds that the tests of it do not need, or should not see."""


def read_texts(archive: Path, names: Collection[str]) -> Mapping[str, str]:
    """The text of those regular files that are there and of reasonable size."""
    texts: dict[str, str] = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name in names and member.isreg() and member.size <= _MOST_TEXT:
                content = tar.extractfile(member)
                texts[member.name] = content.read().decode("utf-8", "replace") if content else ""
    return texts


def pack_folder(folder: Path, archive: Path, most: int, without: Collection[Path] = ()) -> frozenset[str]:
    """Write a folder's files and links into `archive`; links are packed, never followed. What lies at or
    below one of `without` stays out. Gives the paths. Raises ValueError for more than `most` bytes."""
    paths: set[str] = set()
    room = most
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in _files(folder):
            if any(path.is_relative_to(each) for each in without):
                continue
            name = str(path.relative_to(folder))
            member = tar.gettarinfo(path, name)
            if not (member.isreg() or member.issym()):
                continue
            member.type = tarfile.REGTYPE if member.isreg() else member.type
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            room -= member.size
            if room < 0:
                raise ValueError(f"{folder} has more than {most:,} bytes")
            if member.isreg():
                with open(path, "rb") as content:
                    tar.addfile(member, content)
            else:
                tar.addfile(member)
            paths.add(name)
    return frozenset(paths)


def _files(folder: Path) -> Iterator[Path]:
    for inside, folders, names in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(inside, name))]
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT and name not in links)
        yield from (Path(inside, name) for name in sorted([*names, *links]) if name not in LEFT_OUT)
