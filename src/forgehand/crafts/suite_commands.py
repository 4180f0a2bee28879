"""Which commands run a repository's tests: found in its files, with the reason. Which of them is run, `suite_choice`
says. Used by the testing worker and by `forgehand test`.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from forgehand.crafts.suites import Command

READ = ("package.json", "pyproject.toml", "tox.ini", "setup.cfg", "Makefile", "makefile", "GNUmakefile")
"""The files that are looked into."""
_PYTEST = (
    'python3 -m pytest --junitxml="$FORGEHAND_REPORTS/junit.xml" -o junit_family=xunit1 '
    "$(python3 -c 'import pytest_cov' 2>/dev/null && "
    'echo "--cov=. --cov-report=json:$FORGEHAND_REPORTS/coverage.json")'
)
_TEST_FILE = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")
_NO_TEST = "no test specified"
_MAKE_TARGET = re.compile(r"^test\s*:(?!=)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Tree:
    """What is known of the repository: every path, and the text of those in READ that are there."""

    paths: Collection[str]
    texts: Mapping[str, str]

    def has(self, *names: str) -> str:
        """The first of these that is there."""
        return next((name for name in names if name in self.paths), "")


def configured(line: str) -> Command:
    """A command that the repository's policy names."""
    return Command(line, "it is configured")


def detect(tree: Tree) -> tuple[Command, ...]:
    """One for each kind of project that the tree gives a reason for, the first before the others. What only calls other
    tools stands for a kind of its own where nothing else does."""
    found = tuple(command for kind in _KINDS if (command := kind(tree)))
    return found or tuple(command for kind in _CALLERS if (command := kind(tree)))[:1]


def _pytest(tree: Tree) -> Command | None:
    said = {
        "pytest.ini": "pytest.ini" in tree.paths,
        "[tool.pytest] in pyproject.toml": "[tool.pytest" in tree.texts.get("pyproject.toml", ""),
        "[pytest] in tox.ini": "[pytest]" in tree.texts.get("tox.ini", ""),
        "[tool:pytest] in setup.cfg": "[tool:pytest]" in tree.texts.get("setup.cfg", ""),
    }
    why = next((what for what, there in said.items() if there), "")
    if not why:
        why = next(iter(sorted(path for path in tree.paths if path.rpartition("/")[2] == "conftest.py")), "")
    if not why:
        why = next(iter(sorted(path for path in tree.paths if _TEST_FILE.search(path))), "")
    if not why:
        return None
    return Command(_PYTEST, f"there is {why}", (), "pytest", "python3 -c 'import pytest'", always_reports=True)


def _npm(tree: Tree) -> Command | None:
    try:
        package = json.loads(tree.texts.get("package.json", "{}"))
        script = package.get("scripts", {}).get("test", "")
    except (ValueError, AttributeError, RecursionError):
        return None
    if not isinstance(script, str) or not script.strip() or _NO_TEST in script:
        return None
    reports = ("junit.xml", "coverage/lcov.info")
    return Command("npm test", "package.json has a test script", reports, "npm", _on_path("npm", "node"))


def _simple(line: str, *names: str) -> Callable[[Tree], Command | None]:
    program = line.partition(" ")[0]

    def kind(tree: Tree) -> Command | None:
        found = tree.has(*names)
        return Command(line, f"there is {found}", (), program, _on_path(program)) if found else None

    return kind


def _wrapped(wrapper: str, program: str, *names: str, reports: tuple[str, ...]) -> Callable[[Tree], Command | None]:
    def kind(tree: Tree) -> Command | None:
        if not (found := tree.has(*names)):
            return None
        if wrapper in tree.paths:
            return Command(f"sh {wrapper} test", f"there is {found}", reports, "java", _on_path("java"))
        return Command(f"{program} test", f"there is {found}", reports, program, _on_path(program))

    return kind


def _make(tree: Tree) -> Command | None:
    for name in ("Makefile", "makefile", "GNUmakefile"):
        if _MAKE_TARGET.search(tree.texts.get(name, "")):
            return Command("make test", f"{name} has a target test", (), "make", _on_path("make"))
    return None


def _on_path(*programs: str) -> str:
    return " && ".join(f"command -v {program}" for program in programs)


_KINDS: tuple[Callable[[Tree], Command | None], ...] = (
    _pytest,
    _npm,
    _simple("go test ./...", "go.mod"),
    _simple("cargo test", "Cargo.toml"),
    _wrapped("mvnw", "mvn", "pom.xml", reports=("*target/surefire-reports/*.xml",)),
    _wrapped("gradlew", "gradle", "build.gradle", "build.gradle.kts", reports=("*build/test-results/*.xml",)),
)
_CALLERS: tuple[Callable[[Tree], Command | None], ...] = (
    _simple("tox", "tox.ini"),
    _simple("nox", "noxfile.py"),
    _make,
)
