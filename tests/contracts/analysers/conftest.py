"""Real analysers over trees written by the tests."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from forgehand.adapters.analysers.hadolint import Hadolint
from forgehand.adapters.analysers.oxlint import Oxlint
from forgehand.adapters.analysers.secrets import Secrets
from forgehand.adapters.analysers.shellcheck import Shellcheck
from forgehand.adapters.analysers.yamllint import Yamllint
from forgehand.adapters.analysers.zizmor import Zizmor
from forgehand.adapters.sandbox.children import ChildProcesses
from support.product import compiled_rules

Plant = Callable[[Mapping[str, str | bytes]], tuple[Path, list[str]]]


@pytest.fixture
def children() -> ChildProcesses:
    """Programs of the running environment first: there ruff lives."""
    return ChildProcesses(path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin")


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Writes files into a tree and returns the tree and their paths."""

    def write(files: Mapping[str, str | bytes]) -> tuple[Path, list[str]]:
        tree = tmp_path / "tree"
        for path, content in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_bytes(content.encode() if isinstance(content, str) else content)
        return tree, list(files)

    return write


@pytest.fixture
def secrets(children: ChildProcesses) -> Secrets:
    return Secrets(children, compiled_rules())


@pytest.fixture
def shellcheck(children: ChildProcesses) -> Shellcheck:
    return Shellcheck(children)


@pytest.fixture
def yamllint(children: ChildProcesses) -> Yamllint:
    return Yamllint(children)


@pytest.fixture
def zizmor(children: ChildProcesses) -> Zizmor:
    return Zizmor(children)


@pytest.fixture
def hadolint(children: ChildProcesses) -> Hadolint:
    return Hadolint(children)


@pytest.fixture
def oxlint(children: ChildProcesses) -> Oxlint:
    return Oxlint(children)
