"""Our own rules, over files on disk."""

import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from forgehand.adapters.analysers.own import MOST, ChangeRules, OwnRules
from forgehand.ports.git import Comparison, FileDiff
from support.secrets import Fakes

Plant = Callable[[Mapping[str, str | bytes]], tuple[Path, list[str]]]
pytestmark = pytest.mark.anyio

CONFLICT = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\nd\n"


async def test_every_rule_looks_at_every_file(plant: Plant) -> None:
    files = {"a.txt": CONFLICT, "b.js": "// TODO: mend\nconsole.log(x);\n", "c.test.js": "it.only('x', f);\n"}
    got = await OwnRules().analyse(*plant(files))
    assert [(f.path, f.rule) for f in got.findings] == [
        ("a.txt", "conflict-marker"),
        ("b.js", "unfinished"),
        ("b.js", "debugging"),
        ("c.test.js", "focused-test"),
    ]


async def test_no_finding_repeats_a_secret(plant: Plant) -> None:
    secret = Fakes(3).github_token()
    got = await OwnRules().analyse(*plant({"a.py": f"# TODO: hide {secret}\n"}))
    assert [f.rule for f in got.findings] == ["unfinished"]
    assert secret not in repr(got)


async def test_the_rules_about_a_change_see_both_sides(plant: Plant) -> None:
    tree, _ = plant(
        {
            "base/old_test.py": "def test_a(): ...\ndef test_b(): ...\n",
            "head/new_test.py": "def test_b(): ...\n",
            "head/.github/workflows/ci.yml": "on: push\n",
        }
    )
    files = (
        FileDiff(".github/workflows/ci.yml", "added", None, (range(1, 2),)),
        FileDiff("large.py", "added", None, (range(1, 2_000),), left_out="larger than 2 bytes"),
        FileDiff("new_test.py", "renamed", "old_test.py"),
        FileDiff("test_gone.py", "removed", None),
    )
    got = await ChangeRules().judge(Comparison("b" * 40, "a" * 40, tree / "base", tree / "head", files))
    assert [(f.path, f.rule) for f in got.findings] == [
        (".github/workflows/ci.yml", "workflow-edit"),
        ("large.py", "large-change"),
        ("new_test.py", "deleted-tests"),
        ("test_gone.py", "deleted-test-file"),
    ]


async def test_a_file_of_line_breaks_takes_neither_time_nor_memory(plant: Plant) -> None:
    tree, paths = plant({f"{n}.txt": b"\n" * 1_900_000 for n in range(3)})
    tracemalloc.start()
    try:
        got = await OwnRules().analyse(tree, paths)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [f.title for f in got.findings] == ["A file of 1,900,001 lines"] * 3
    assert peak < 8_000_000


async def test_a_flood_of_findings_ends_and_says_so(plant: Plant) -> None:
    got = await OwnRules().analyse(*plant({"a.txt": CONFLICT * 1_500, "b.txt": CONFLICT}))
    assert len(got.findings) == MOST + 1
    assert got.unread == {"a.txt": "it has more than 1,000 findings"}
