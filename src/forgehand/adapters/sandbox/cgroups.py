"""A control group for one run, where this machine lets us make one: memory and processes counted exactly, and all of
them killed at once. Version 1 and 2. Called by `session`.

https://docs.kernel.org/admin-guide/cgroup-v2.html · https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
"""

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from forgehand.ports.sandbox import Bounds

ROOT = Path("/sys/fs/cgroup")
_ALL = frozenset({"memory", "pids"})
_PREFIX = "forgehand-sandbox-"
_TRIES, _BETWEEN = 200, 0.02


@dataclass(frozen=True, slots=True)
class Group:
    """The folders of one run's group: one for version 2, one for each controller in version 1; none where there is no
    group at all."""

    folders: tuple[Path, ...]

    def entering(self, argv: list[str]) -> list[str]:
        """`argv`, run inside the group."""
        if not self.folders:
            return argv
        join = 'while [ "$1" != -- ]; do echo 0 > "$1/cgroup.procs" || exit 125; shift; done; shift; exec "$@"'
        return ["sh", "-c", join, "sh", *map(str, self.folders), "--", *argv]

    @property
    def out_of_memory(self) -> bool:
        told = [folder / file for folder in self.folders for file in ("memory.events", "memory.oom_control")]
        return any(_count(file, "oom_kill") for file in told)

    @property
    def out_of_processes(self) -> bool:
        return any(_count(folder / "pids.events", "max") for folder in self.folders)

    def kill(self) -> None:
        """Everything in it."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                (folder / "cgroup.kill").write_text("1")
            for pid in _lines(folder / "cgroup.procs"):
                with contextlib.suppress(ProcessLookupError, PermissionError, ValueError):
                    os.kill(int(pid), signal.SIGKILL)


@contextlib.asynccontextmanager
async def group(bounds: Bounds, root: Path = ROOT) -> AsyncIterator[Group]:
    """A group within `bounds`, removed afterwards; one without folders where none can be made."""
    name = f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    folders: list[Path] = []
    try:
        with contextlib.suppress(OSError):
            for parent, controllers in _parents(root):
                _sweep(parent)
                folder = parent / name
                folder.mkdir()
                folders.append(folder)
                _set_limits(folder, controllers, bounds)
        # Half a group would count one thing and not the other.
        whole = len(folders) == len(_parents(root)) and all(_limited(folder) for folder in folders)
        yield Group(tuple(folders) if whole else ())
    finally:
        for folder in folders:
            # It can be removed once it is empty, and the killed take a moment to go.
            for _ in range(_TRIES):
                if _removed(folder):
                    break
                await asyncio.sleep(_BETWEEN)


def _parents(root: Path) -> list[tuple[Path, frozenset[str]]]:
    """Where groups can be made, with the controllers that each place has; nothing unless both are there."""
    own = dict(line.split(":", 2)[1:] for line in _lines(Path("/proc/self/cgroup")) if line.count(":") >= 2)
    if (root / "cgroup.controllers").exists():
        return _parent_of_version_2(root, root / own.get("", "/").lstrip("/"))
    places: list[tuple[Path, frozenset[str]]] = []
    for controllers, path in own.items():
        for one in _ALL & set(controllers.split(",")):
            below = root / one / path.lstrip("/")
            places.append((below if below.is_dir() else root / one, frozenset({one})))
    return places if len(places) == len(_ALL) else []


def _parent_of_version_2(root: Path, own: Path) -> list[tuple[Path, frozenset[str]]]:
    """The nearest group above us that passes both controllers on: a group that holds processes itself cannot."""
    place = own
    while place.is_relative_to(root):
        passed_on = set(" ".join(_lines(place / "cgroup.subtree_control")).split())
        if passed_on >= _ALL and os.access(place, os.W_OK):
            return [(place, _ALL)]
        if place == root:
            break
        place = place.parent
    return []


def _set_limits(folder: Path, controllers: frozenset[str], bounds: Bounds) -> None:
    # What is written inside is in memory too, and has a bound of its own. A few processes are ours.
    memory, processes = str(bounds.memory + bounds.disk), str(bounds.processes + 16)
    if "pids" in controllers:
        (folder / "pids.max").write_text(processes)
    if "memory" in controllers:
        old = folder / "memory.limit_in_bytes"
        (old if old.exists() else folder / "memory.max").write_text(memory)
        with contextlib.suppress(OSError):
            (folder / "memory.swap.max").write_text("0")


def _limited(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("pids.max", "memory.max", "memory.limit_in_bytes"))


def _removed(folder: Path) -> bool:
    Group((folder,)).kill()
    with contextlib.suppress(OSError):
        folder.rmdir()
    return not folder.exists()


def _sweep(parent: Path) -> None:
    """Remove the groups that processes which are gone left behind."""
    for folder in parent.glob(f"{_PREFIX}*"):
        maker = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", maker).exists():
            _removed(folder)


def _count(file: Path, name: str) -> int:
    rows = (line.split() for line in _lines(file))
    return next((int(row[1]) for row in rows if len(row) == 2 and row[0] == name and row[1].isdigit()), 0)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
