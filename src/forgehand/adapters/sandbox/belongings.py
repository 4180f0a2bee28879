"""What the user of a run owns in the folders of a container that everybody may write to: counted while it runs, removed
before and after, with its memory and queues of System V. Numbers of users come again, and the next run may be another
repository's. Called by `container`.

We are root here and the files are a stranger's, so they are removed as that user: whatever the paths are bent to
meanwhile, it reaches nothing that its code could not have reached.
"""

import contextlib
import errno
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from forgehand.adapters.sandbox.users import run_as
from forgehand.ports.sandbox import SandboxFailed

SHARED = tuple(map(Path, ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock")))  # noqa: S108
_PATIENCE = 300.0
_REMOVE = 'chmod -R u+rwx -- "$@"; rm -rf -- "$@"'
"""A folder without rights cannot be emptied, not even by who owns it."""


def taken_by(uid: int) -> int:
    """Bytes of disk."""
    return sum(_size(path) for path in _owned(uid))


def remove_all_of(uid: int) -> None:
    """Raises SandboxFailed where something stays. Nothing may run as this user any more."""
    run_as(uid, "ipcrm", "--all")
    names = b"\0".join(map(os.fsencode, _owned(uid)))
    if names:
        run_as(uid, "xargs", "--null", "sh", "-c", _REMOVE, "sh", given=names, seconds=_PATIENCE)
    if left := next(_owned(uid), None):
        raise SandboxFailed(f"what a test run left in {left.parent} cannot be removed: remove the files of user {uid}")


def _folders() -> list[Path]:
    """With the one where a run has its room."""
    return [path for path in dict.fromkeys((*SHARED, Path(tempfile.gettempdir()))) if path.is_dir()]


def _owned(uid: int) -> Iterator[Path]:
    """The files and folders of a user, but not what lies in one that is named already. They can only be where it may
    write: in its own folders, and in those of others that let everybody."""
    waiting = _folders()
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    if found.st_uid == uid:
                        yield Path(entry.path)
                    elif stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_IWOTH:
                        waiting.append(Path(entry.path))


def _size(path: Path) -> int:
    """Of a file, or of a folder and all below it. What lies so deep that no path leads there counts as too much."""
    total, waiting = 0, [str(path)]
    while waiting:
        one = waiting.pop()
        try:
            found = os.lstat(one)
            total += found.st_blocks * 512
            if stat.S_ISDIR(found.st_mode):
                waiting += [f"{one}/{name}" for name in os.listdir(one)]
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return sys.maxsize
    return total
