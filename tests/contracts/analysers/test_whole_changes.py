"""All analysers over a whole change out of a real repository, as the review worker uses them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from forgehand.adapters.analysers import analysers
from forgehand.adapters.git.comparisons import GitComparisons
from forgehand.adapters.sandbox.children import ChildProcesses
from forgehand.crafts.analysis import Seen, added, look
from forgehand.domain.findings import Finding
from forgehand.domain.repositories import Repo
from forgehand.ports.git import Comparison
from forgehand.ports.github import Token
from support.git import Bare, Content
from support.product import compiled_rules

pytestmark = pytest.mark.anyio
REPO = Repo(1, 42, "acme/shop")


class NoTokens:
    async def token(self, repo: Repo, permissions: Mapping[str, str]) -> Token:
        raise AssertionError("a folder needs no token")


async def _look(
    tmp_path: Path, base: Mapping[str, Content], head: Mapping[str, Content]
) -> tuple[Comparison, tuple[Seen, ...], tuple[Finding, ...]]:
    (tmp_path / "server" / "acme").mkdir(parents=True)
    origin = Bare(tmp_path / "server" / "acme" / "shop.git")
    before = origin.commit(base)
    after = origin.commit(head, before)
    children = ChildProcesses()
    comparisons = GitComparisons(children, NoTokens(), tmp_path / "git", f"file://{tmp_path / 'server'}")
    async with comparisons.compare(REPO, 1, before, after) as comparison:
        seen = await look(comparison, analysers(children, compiled_rules()))
        return comparison, seen, added(comparison, seen)


async def test_a_change_of_many_files_forgets_none(tmp_path: Path) -> None:
    kinds = {"a.py": "x = 1\n", "a.js": "export const x = 1;\n", "a.sh": "echo x\n", "a.yml": "a: 1\n", "a.md": "x\n"}
    head = {f"part{number}/{name}": text for number in range(100) for name, text in kinds.items()}
    comparison, seen, findings = await _look(tmp_path, {"README": "x\n"}, head)
    assert {file.path for file in comparison.files} == set(head)
    assert not any(one.failed or one.head.unread for one in seen)
    by_name = {one.name: one.head_paths for one in seen}
    assert by_name["secrets"] == by_name["rules"] == set(head)
    assert len(by_name["oxlint"]) == len(by_name["shellcheck"]) == len(by_name["yamllint"]) == 100
    assert findings == ()


async def test_what_a_stranger_hides_behind_is_left_out_by_name_and_the_rest_is_read(tmp_path: Path) -> None:
    head: dict[str, Content] = {
        "bug.py": "print(undefined_name)\n",
        "new\nline.py": "print(undefined_name)\n",
        "link.py": ("120000", b"/etc/passwd"),
        "out.sh": ("120000", b"../../../../etc/shadow"),
        "module": ("160000", b"1" * 40),
        ".gitmodules": '[submodule "module"]\n\tpath = module\n\turl = file:///etc\n',
        ".gitattributes": "*.py filter=evil diff=evil -text\n",
        "huge.js": b"x" * 100_000_000,
        "mypy.ini": "[mypy]\nplugins = evil.py\n",
    }
    comparison, seen, findings = await _look(tmp_path, {"README": "x\n"}, head)
    left_out = {file.path: file.left_out for file in comparison.files if file.left_out}
    assert left_out == {
        "link.py": "a symbolic link",
        "out.sh": "a symbolic link",
        "module": "a submodule",
        "huge.js": "larger than 2,000,000 bytes",
        "new\nline.py": "its name has a control character",
    }
    assert not any(one.failed for one in seen)
    assert sorted(f.rule for f in findings) == ["F821"]


async def test_the_same_change_gives_the_same_findings_byte_by_byte(tmp_path: Path) -> None:
    head = {
        "a.py": "import os\nprint(nowhere)\n",
        "a.js": "debugger;\n",
        "a.sh": "[ -n $x ]\n",
        "a.yml": "a: 1\na: 2\n",
    }
    first, second = [(await _look(tmp_path / run, {"README": "x\n"}, head))[2] for run in ("one", "two")]
    assert repr(first) == repr(second)
    assert len(first) == 5


async def test_a_change_that_breaks_a_file_is_told_wherever_that_is_noticed(tmp_path: Path) -> None:
    base = {"a.py": "def f():\n    return (\n        1\n    )\n\n\nx = 1\n"}
    head = {"a.py": "def f():\n    return (\n        2\n\n\nx = 1\n"}
    _, _, findings = await _look(tmp_path, base, head)
    assert [(f.path, f.rule, f.severity) for f in findings] == [("a.py", "invalid-syntax", "major")]
