"""Reading what comes back from inside: a status line, then a tar archive, both a stranger's. Called by `session`.

Nothing is ever extracted: members are read into memory, within a limit, under names that nobody opens.
"""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field

_FULL = 0.02
"""A disk of which less than this share is free counts as full."""


@dataclass(frozen=True, slots=True)
class Returned:
    """`code` is None where the end was never told. `lost` says why reports are missing."""

    code: int | None = None
    disk_full: bool = False
    files: Mapping[str, bytes] = field(default_factory=dict)
    lost: str = ""


def read_returned(stream: bytes, *, cut: bool) -> Returned:
    """What a run sent back; `cut` when there was more than the limit."""
    line, _, archive = stream.partition(b"\n")
    code, disk_full = _status(line)
    if code is None:
        return Returned(lost="it ended before it could tell its reports")
    files, lost = _members(archive)
    if cut:
        lost = "the reports are larger than what is read of them"
    return Returned(code, disk_full, files, lost)


def _status(line: bytes) -> tuple[int | None, bool]:
    numbers = line.split()
    if not 1 <= len(numbers) <= 3 or not all(each.isdigit() and len(each) < 19 for each in numbers):
        return None, False
    code, *room = map(int, numbers)
    return code, len(room) == 2 and room[0] < room[1] * _FULL


def _members(archive: bytes) -> tuple[Mapping[str, bytes], str]:
    files: dict[str, bytes] = {}
    if not archive:
        return files, ""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
            for member in tar:
                if member.isreg() and not member.issparse() and (content := tar.extractfile(member)):
                    files[member.name] = content.read()
    except (tarfile.TarError, ValueError, OverflowError, EOFError, OSError) as error:
        return files, f"the reports could not be read to their end: {error}"
    return files, ""
