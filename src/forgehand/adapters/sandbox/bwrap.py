"""The tier of bubblewrap: namespaces of everything, a root of its own in memory, no way to make further namespaces.

Called by `ladder`. https://github.com/containers/bubblewrap
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from forgehand.adapters.sandbox.inside import Room
from forgehand.adapters.sandbox.roots import UID, folders, links, made, shared
from forgehand.adapters.sandbox.session import Prepared
from forgehand.adapters.sandbox.users import as_user, spare_user
from forgehand.adapters.sandbox.watching import descendants
from forgehand.ports.sandbox import Task, Tier

ROOM = Room("/box")
_NEEDED = ("--size", "--disable-userns", "--ro-bind-data")


class Bwrap:
    tier = Tier.BWRAP
    remedy = "install bubblewrap 0.8 or newer (Debian: apt-get install bubblewrap)"

    def __init__(self, readable: Sequence[Path] = ()) -> None:
        self._readable = tuple(readable)

    def unfit(self) -> str:
        """Why it cannot be tried at all."""
        found = shutil.which("bwrap")
        if not found:
            return "bubblewrap is not installed"
        known = subprocess.run([found, "--help"], capture_output=True, text=True, timeout=20, check=False)
        lacks = [option for option in _NEEDED if option not in known.stdout + known.stderr]
        return f"this bubblewrap is too old: it knows no {', '.join(lacks)}" if lacks else ""

    @contextmanager
    def prepare(self, task: Task) -> Iterator[Prepared]:
        with ExitStack() as stack:
            uid = stack.enter_context(spare_user())
            opened: list[int] = []
            stack.callback(_close, opened)
            argv = [
                *as_user(uid),
                "bwrap",
                *("--unshare-user", "--unshare-all", "--disable-userns", "--new-session", "--die-with-parent"),
                *(("--share-net",) if task.network else ()),
                *("--uid", str(UID), "--gid", str(UID), "--hostname", "sandbox"),
                *_root(task.bounds.disk, self._readable, opened),
                "--",
            ]
            yield Prepared(
                argv=argv,
                room=ROOM,
                pass_fds=tuple(opened),
                single_user=True,
                members=descendants,
                readable=self._readable,
            )


def _root(disk: int, readable: Sequence[Path], opened: list[int]) -> list[str]:
    """Whatever is shown of this machine can only be read; what can be written is in memory, and no more than `disk`."""
    argv: list[str] = []
    for target, path in links():
        argv += ["--symlink", target, path]
    for path in folders():
        argv += ["--ro-bind", os.path.realpath(path), path]
    for path, text in made(ROOM.home):
        opened.append(_holding(text))
        argv += ["--ro-bind-data", str(opened[-1]), path]
    argv += ["--proc", "/proc", "--dev", "/dev", *_in_memory("/dev/shm", shared(disk)), "--remount-ro", "/dev"]  # noqa: S108
    argv += [*_in_memory("/tmp", shared(disk)), *_in_memory(ROOM.path, disk - 2 * shared(disk))]  # noqa: S108
    for each in readable:
        argv += ["--ro-bind", os.path.realpath(each), str(each)]
    return [*argv, "--dir", "/run", "--dir", "/var", "--symlink", "/tmp", "/var/tmp", "--remount-ro", "/"]  # noqa: S108


def _in_memory(path: str, size: int) -> list[str]:
    return ["--size", str(size), "--tmpfs", path]


def _close(descriptors: Sequence[int]) -> None:
    for each in descriptors:
        os.close(each)


def _holding(text: str) -> int:
    descriptor = os.memfd_create("forgehand-etc")
    os.write(descriptor, text.encode())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
