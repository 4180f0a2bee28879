"""Throw-away folders that do not outlive a crash for long: what a dead process left is removed by the next one.

They hold a repository's files and, for the length of a fetch, a token. Used by `comparisons`.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def throw_away_folder(below: Path) -> Iterator[Path]:
    """A new folder below `below`, only ours to read, and gone at the end of the block."""
    below.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(below)
    # The lock lives beside the folder and comes first, so that a sweep never sees a folder without one.
    descriptor, lock = tempfile.mkstemp(suffix=_LOCK, dir=below)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        folder = Path(lock.removesuffix(_LOCK))
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        _remove(Path(lock))
        os.close(descriptor)


_LOCK = ".lock"


def _sweep(below: Path) -> None:
    """Remove the folders whose holder is dead: the kernel let go of its lock."""
    for lock in below.glob(f"*{_LOCK}"):
        with contextlib.suppress(OSError), open(lock, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(lock)


def _remove(lock: Path) -> None:
    shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
    lock.unlink(missing_ok=True)
