"""What a test needs beyond Python, where it is, and why it may be absent. Called by conftest and by fixtures.

A need that is absent never hides: the test is listed under "not run" with its reason, and under CI=true it fails.
"""

import functools
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

PREFIX = "not run: "
TESTS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Missing:
    """Why a need cannot be met, in a sentence that says what would help."""

    why: str


Found = Path


def find(need: str) -> Found | Missing:
    """The path of an executable (chromium, bwrap, node) or of a folder of them (postgres), or why there is none."""
    if need not in _FINDERS:
        raise ValueError(f"unknown need {need!r}: known are {', '.join(sorted(_FINDERS))}")
    return _FINDERS[need]()


def require(need: str) -> Found:
    """Like `find`, but ends the running test with the reason when the need cannot be met."""
    found = find(need)
    if isinstance(found, Missing):
        not_run(need, found.why)
    return found


def not_run(need: str, why: str) -> NoReturn:
    """End the running test as not run. Under CI=true that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{PREFIX}{need}, because {why}", pytrace=False)
    pytest.skip(f"{PREFIX}{need}, because {why}")


@functools.cache
def _chromium() -> Found | Missing:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return Path(path) if path else Missing(_install_hint("chromium"))


@functools.cache
def _bwrap() -> Found | Missing:
    path = shutil.which("bwrap")
    if not path:
        return Missing(_install_hint("bubblewrap"))
    probe = [path, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    tried = subprocess.run(probe, capture_output=True, text=True, timeout=20, check=False)
    if tried.returncode != 0:
        return Missing(f"this kernel refuses bubblewrap its namespaces: {tried.stderr.strip()}")
    return Path(path)


@functools.cache
def _postgres() -> Found | Missing:
    for folder in _postgres_folders():
        if all((folder / name).is_file() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    return Missing(_install_hint("postgresql"))


def _postgres_folders() -> list[Path]:
    on_path = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda bin_: -_leading_number(bin_.parent.name))
    return ([Path(on_path).resolve().parent] if on_path else []) + debian + _wheel_postgres()


def _wheel_postgres() -> list[Path]:
    folder = os.environ.get("FORGEHAND_TEST_POSTGRES")
    return [Path(folder)] if folder else []


@functools.cache
def _node() -> Found | Missing:
    path = shutil.which("node") or os.environ.get("FORGEHAND_TEST_NODE")
    if not path:
        return Missing(_install_hint("nodejs"))
    if not (TESTS / "node_modules" / "@octokit").is_dir():
        tried = os.environ.get("FORGEHAND_DEV_NPM")
        return Missing(tried or "the npm packages of tests/package.json are not there; `./dev test` installs them")
    return Path(path)


def _install_hint(package: str) -> str:
    tried = os.environ.get("FORGEHAND_DEV_INSTALL", "")
    return f"{package} is not installed; {tried or 'run ./dev test as root, or install the Debian package ' + package}"


def _leading_number(text: str) -> int:
    digits = text.split(".")[0]
    return int(digits) if digits.isdigit() else 0


_FINDERS: dict[str, Callable[[], Found | Missing]] = {
    "bwrap": _bwrap,
    "chromium": _chromium,
    "node": _node,
    "postgres": _postgres,
}
