"""What runs inside, the same in every tier: unpack, run under limits, end what is left over, send the reports back.

A shell script, since a shell, coreutils, findutils, GNU tar and util-linux's prlimit are all there is inside. The code
under test runs as the same user and may kill or mimic it: it can only lie about itself. Pure; called by `session`.
"""

import math
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forgehand.ports.sandbox import REPORTS, Bounds, Task

NOT_STARTED = 125
"""The exit code when the work tree could not be unpacked."""
MOST_REPORTS = 500
_CHANNEL = 3
"""The descriptor to which standard output is moved: a status line and then a tar archive go back on it."""


@dataclass(frozen=True, slots=True)
class Room:
    """The folder inside, where everything writable is."""

    path: str

    @property
    def tree(self) -> str:
        return f"{self.path}/tree"

    @property
    def home(self) -> str:
        return f"{self.path}/home"

    @property
    def tmp(self) -> str:
        return f"{self.path}/tmp"  # noqa: S108 - inside

    @property
    def reports(self) -> str:
        return f"{self.path}/reports"


def script(task: Task, room: Room, *, single_user: bool) -> list[str]:
    """The command line. Its standard input is the archive, its standard output what comes back, its standard error what
    people read. `single_user`: the user inside runs nothing else on this machine, or is alone in its namespace, so that
    everything of it may be killed."""
    lines = [
        f"exec {_CHANNEL}>&1 1>&2",
        "umask 022",
        f"mkdir -p {shlex.join([room.tree, room.home, room.tmp, room.reports])} || exit {NOT_STARTED}",
        f"cd {shlex.quote(room.tree)} || exit {NOT_STARTED}",
        f"tar --extract --no-same-owner --file=- || exit {NOT_STARTED}",
        "exec </dev/null",
        f"{shlex.join([*_limits(task.bounds), 'sh', '-c', task.command])} {_CHANNEL}>&-",
        "code=$?",
        "kill -KILL -1 2>/dev/null" if single_user else ":",
        f"room=$(stat --file-system --format='%a %b' {shlex.quote(room.path)})",
        f"printf '%s %s\\n' $code \"$room\" >&{_CHANNEL}",
        *([_whole_tree(room)] if task.keep else [_reports(task.collect, room)]),
        "exit $code",
    ]
    return ["sh", "-c", "\n".join(lines)]


def environment(task: Task, room: Room, readable: Sequence[str]) -> Mapping[str, str]:
    """Made from nothing: no variable of ours gets in."""
    places = [f"{path}/bin" for path in readable] + ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
    return {
        "PATH": ":".join(places),
        "HOME": room.home,
        "TMPDIR": room.tmp,
        "LANG": "C.UTF-8",
        "CI": "true",
        REPORTS: room.reports,
        **task.env,
    }


def _limits(bounds: Bounds) -> list[str]:
    processor = math.ceil(bounds.seconds * (os.cpu_count() or 1)) + 1
    held = {
        "core": 0,
        "fsize": bounds.file,
        "cpu": processor,
        "nofile": bounds.files,
        "nproc": bounds.processes,
        # Not the address space, of which some runtimes reserve far more than they touch.
        "data": bounds.memory,
    }
    return ["prlimit", *(f"--{name}={value}" for name, value in held.items()), "--"]


def _whole_tree(room: Room) -> str:
    return f"tar --create --sparse --file=- --directory={shlex.quote(room.tree)} . >&{_CHANNEL} 2>/dev/null"


def _reports(patterns: Sequence[str], room: Room) -> str:
    """Regular files only: a symbolic link is never followed."""
    wanted = ["reports/*", *(f"tree/{pattern.removeprefix('./')}" for pattern in patterns)]
    choice = " -o ".join(f"-path {shlex.quote(each)}" for each in wanted)
    return (
        f"cd {shlex.quote(room.path)} && find reports tree -type f \\( {choice} \\) -print0 2>/dev/null"
        f" | head --zero-terminated --lines={MOST_REPORTS}"
        f" | tar --create --no-recursion --null --files-from=- --file=- >&{_CHANNEL} 2>/dev/null"
    )
