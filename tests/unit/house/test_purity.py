"""The domain and the workers' rules are pure: the standard library only, and no clock, chance, environment or I/O.

import-linter forbids the modules; this reads the code for what an import alone does not show.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[3] / "src"
PURE = sorted([*SOURCE.glob("forgehand/domain/**/*.py"), *SOURCE.glob("forgehand/workers/*/rules.py")])
CLOCKS = {"now", "utcnow", "today"}
DOORS = {"open", "input", "print", "exec", "eval", "__import__"}


def test_there_is_something_to_look_at() -> None:
    assert len(PURE) > 5


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_pure_module_reads_nothing_from_the_world(path: Path) -> None:
    problems = list(_problems(ast.parse(path.read_text())))
    assert not problems, f"{path.relative_to(SOURCE)}: {problems}"


def _problems(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (f"imports {alias.name}" for alias in names if not _allowed(alias.name))
            case ast.ImportFrom(module=str(module)) if not _allowed(module):
                yield f"imports {module}"
            case ast.Call(func=ast.Name(id=name)) if name in DOORS:
                yield f"line {node.lineno} calls {name}()"
            case ast.Call(func=ast.Attribute(value=ast.Name(id=("datetime" | "date")), attr=name)) if name in CLOCKS:
                yield f"line {node.lineno} reads the clock: {name}()"


def _allowed(module: str) -> bool:
    top, *rest = module.split(".")
    if top == "forgehand":
        return rest[:1] in (["domain"], ["ports"], ["crafts"], ["workers"])
    return top in sys.stdlib_module_names
