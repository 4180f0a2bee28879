"""The tier of plain user namespaces, for machines without bubblewrap: the same walls, built by a script of util-linux.

Called by `ladder`. It counts as weaker: the script is ours and shorter than bubblewrap, and nothing forbids the code to
make further namespaces. See user_namespaces(7) and pivot_root(2).
"""

import shlex
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from forgehand.adapters.sandbox.inside import Room
from forgehand.adapters.sandbox.roots import folders, links, made, shared
from forgehand.adapters.sandbox.session import Prepared
from forgehand.adapters.sandbox.users import as_user, spare_user
from forgehand.adapters.sandbox.watching import descendants
from forgehand.ports.sandbox import Task, Tier

ROOM = Room("/box")
_PROGRAMS = {"unshare": "util-linux", "pivot_root": "util-linux", "mount": "mount", "ip": "iproute2"}
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_ROOT = "/mnt"
"""Where the new root is put together, in a mount namespace that nobody else sees."""


class UserNamespaces:
    tier = Tier.USERNS
    remedy = "install bubblewrap, or let the kernel allow user namespaces (sysctl user.max_user_namespaces)"

    def __init__(self, readable: Sequence[Path] = ()) -> None:
        self._readable = tuple(readable)

    def unfit(self) -> str:
        """Why it cannot be tried at all."""
        missing = [package for program, package in _PROGRAMS.items() if not shutil.which(program, path=_PATH)]
        return f"{', '.join(sorted(set(missing)))} is not installed" if missing else ""

    @contextmanager
    def prepare(self, task: Task) -> Iterator[Prepared]:
        own_network = () if task.network else ("--net",)
        with spare_user() as uid:
            argv = [
                *as_user(uid),
                *("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child"),
                *("--ipc", "--uts", *own_network, "--"),
                *("sh", "-c", _script(task, self._readable), "sh"),
            ]
            yield Prepared(argv=argv, room=ROOM, single_user=True, members=descendants, readable=self._readable)


_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def _script(task: Task, readable: Sequence[Path]) -> str:
    """Build the root, move into it, give up every capability, and run what follows as arguments."""
    quote, disk = shlex.quote, task.bounds.disk
    lines = ["set -e", f"PATH={_PATH}:$PATH", f"mount -t tmpfs -o mode=755,size=1m none {_ROOT}", f"cd {_ROOT}"]
    lines += [f"ln -s {quote(target)} .{quote(path)}" for target, path in links()]
    lines += [line for path in folders() for line in _shown(path)]
    lines += [f"printf %s {quote(text)} > .{path}" for path, text in made(ROOM.home)]
    lines += ["mkdir -p proc dev/shm run var tmp box old", "mount -t proc -o nosuid,nodev,noexec proc proc"]
    lines += [f"touch dev/{name} && mount --bind /dev/{name} dev/{name}" for name in _DEVICES]
    lines += ["ln -s /proc/self/fd dev/fd", "ln -s /proc/self/fd/0 dev/stdin"]
    lines += ["ln -s /proc/self/fd/1 dev/stdout", "ln -s /proc/self/fd/2 dev/stderr", "ln -s /tmp var/tmp"]
    lines += [
        _in_memory("dev/shm", shared(disk)),
        _in_memory("tmp", shared(disk)),
        _in_memory("box", disk - 2 * shared(disk)),
    ]
    lines += [line for path in readable for line in _shown(str(path))]
    lines += [] if task.network else ["ip link set lo up"]
    lines += ["hostname sandbox 2>/dev/null || :", "pivot_root . old", "cd /", "umount -l old", "rmdir old"]
    lines += ["mount -o remount,bind,ro,nosuid,nodev /"]
    lines += ['exec setpriv --inh-caps=-all --bounding-set=-all --no-new-privs -- "$@"']
    return "\n".join(lines)


def _in_memory(path: str, size: int) -> str:
    return f"mount -t tmpfs -o nosuid,nodev,mode=755,size={size} none {path}"


def _shown(path: str) -> list[str]:
    """A read-only look at a folder or file of this machine."""
    here, real = shlex.quote(f".{path}"), shlex.quote(str(Path(path).resolve()))
    make = f"mkdir -p {here}" if Path(path).is_dir() else f'mkdir -p "$(dirname {here})" && touch {here}'
    return [make, f"mount --rbind {real} {here}", f"mount -o remount,bind,ro,nosuid,nodev {here}"]
