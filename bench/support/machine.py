"""What a measurement was made on: every report opens with it. Called by each bench."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import pysqlite3
from bench.support.postgres import binaries


def describe(folder: Path, *packages: str) -> dict[str, str]:
    """Name → version or size. `folder` is where the databases of the measurement live."""
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "CPU": _cpu(),
        "kernel": platform.release(),
        "file system": _file_system(folder),
        "Python": platform.python_version(),
        "SQLite": pysqlite3.sqlite_version,
        "PostgreSQL": _first_line(str(binaries() / "postgres"), "--version").split()[2],
        "Node": _first_line("node", "--version").lstrip("v"),
        **{name: version(name) for name in packages},
    }


def load() -> float:
    """The machine's load over the last minute: well above 0.3 before a run, its numbers are noise."""
    return os.getloadavg()[0]


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _file_system(folder: Path) -> str:
    """The type of the mount that holds `folder`; a measurement of durability on tmpfs would be none."""
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    holding = [(at, kind) for _, at, kind, *_ in mounts if folder.resolve().is_relative_to(at)]
    return max(holding, key=lambda mount: len(mount[0]))[1]


def _first_line(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except FileNotFoundError:
        return "not installed"
    return (done.stdout or done.stderr).strip().partition("\n")[0]
