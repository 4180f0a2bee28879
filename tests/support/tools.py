"""A folder with a Python that has pytest and coverage, as an operator gives it to the sandbox."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import Distribution, distribution
from pathlib import Path

_PACKAGES = ("pytest", "pluggy", "iniconfig", "packaging", "pygments", "coverage", "pytest-cov")


@contextmanager
def python_with_pytest() -> Iterator[Path]:
    """Where every user of this machine can read it, which pytest's own temporary folders are not."""
    with tempfile.TemporaryDirectory(prefix="forgehand-tools-") as made:
        folder = Path(made)
        site = folder / "site"
        for name in _PACKAGES:
            _copy(distribution(name), site)
        (folder / "bin").mkdir()
        python = folder / "bin" / "python3"
        python.write_text(f'#!/bin/sh\nPYTHONPATH={site} exec {_system_python()} "$@"\n')
        for path in (folder, python):
            path.chmod(0o755)
        yield folder


def _copy(package: Distribution, site: Path) -> None:
    for file in package.files or ():
        if ".." not in file.parts and "__pycache__" not in file.parts:
            target = site / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(file.locate()), target)


def _system_python() -> Path:
    """One that can be seen inside: below /usr."""
    ours = Path(sys.executable).resolve()
    return ours if ours.is_relative_to("/usr") else Path("/usr/bin/python3")
