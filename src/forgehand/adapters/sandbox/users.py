"""Users that own nothing: as root, every run gets one for itself, so that it can touch, count and kill only its own.

Called by the tiers. The numbers lie between those that systemd gives to people and to services, and within what a
container usually maps. https://systemd.io/UIDS-GIDS/
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from forgehand.adapters.sandbox.watching import owned_by
from forgehand.ports.sandbox import SandboxFailed

FIRST, LAST = 60_706, 61_183
LOCKS = Path("/run/forgehand-users")
"""One place for the whole machine, whatever TMPDIR says: who takes a user ends all that runs as it."""
QUIET = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
"""All that our own programs get there: what runs as the same user, or is first inside, can read their environment."""
_ROUNDS = 1000


@contextlib.contextmanager
def spare_user(locks: Path = LOCKS) -> Iterator[int | None]:
    """A user that no other run of this machine has; None where we are not root and cannot change users."""
    if os.geteuid() != 0:
        yield None
        return
    _prepare(locks)
    for uid in range(FIRST, LAST + 1):
        descriptor = os.open(locks / str(uid), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        try:
            # What a run left that was killed together with us.
            end_all(uid)
            # What ended counts among the user's processes until it is reaped, which is not for us to do.
            if not any(owned_by(uid, unreaped=True)):
                yield uid
                return
        finally:
            os.close(descriptor)
    raise SandboxFailed(f"all users from {FIRST} to {LAST} are taken by running tests")


def as_user(uid: int | None, *options: str) -> list[str]:
    """The beginning of a command line that runs the rest as `uid` (None: as ourselves), and ends with us."""
    change = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid is not None else []
    return ["setpriv", *change, "--pdeathsig=KILL", *options, "--"]


def run_as(uid: int, *argv: str, given: bytes = b"", seconds: float = 20.0) -> int:
    """The exit code of a program of the system, run as this user."""
    ran = subprocess.run(
        [*as_user(uid), *argv], env=QUIET, cwd="/", input=given, capture_output=True, timeout=seconds, check=False
    )
    return ran.returncode


def end_all(uid: int) -> None:
    """Kill every process of a user, also those that multiply meanwhile."""
    kill = shutil.which("kill") or "/bin/kill"
    for _ in range(_ROUNDS):
        if not list(owned_by(uid)):
            return
        run_as(uid, kill, "-KILL", "--", "-1")
    raise SandboxFailed(f"processes of user {uid} cannot be ended")


def _prepare(locks: Path) -> None:
    try:
        locks.mkdir(mode=0o700, exist_ok=True)
        found = locks.lstat()
    except OSError as error:
        raise SandboxFailed(f"{locks} cannot be made: {error.strerror}") from None
    if locks.is_symlink() or found.st_uid != 0 or found.st_mode & 0o022:
        raise SandboxFailed(f"{locks} is not root's alone: remove it")
