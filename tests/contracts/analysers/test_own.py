"""Our own rules, over files on disk."""

import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from forgehand.adapters.analysers.own import GIANT_LINES, MOST, OwnRules
from forgehand.domain.findings import Severity

Plant = Callable[[Mapping[str, str | bytes]], tuple[Path, list[str]]]
pytestmark = pytest.mark.anyio

CONFLICT = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\nd\n"


@pytest.mark.parametrize(
    "text", [CONFLICT, CONFLICT.replace("\n", "\r\n"), CONFLICT.replace("=======", "||||||| base\nx\n=======")]
)
async def test_a_merge_conflict_is_found_where_it_starts(plant: Plant, text: str) -> None:
    (finding,) = (await OwnRules().analyse(*plant({"a.txt": text}))).findings
    assert (finding.line, finding.rule, finding.severity) == (2, "conflict-marker", Severity.MAJOR)
    assert finding.text == "<<<<<<< HEAD"


@pytest.mark.parametrize(
    "text",
    [
        "Title\n=======\n",
        "<<<<<<< only a start\n",
        "======= \n>>>>>>> no start\n",
        "    <<<<<<< HEAD\n    =======\n    >>>>>>> indented, as in a document\n",
        "<<<<<<<<<< ten\n=======\n>>>>>>>>>> ten\n",
    ],
)
async def test_signs_that_are_no_conflict_are_left_alone(plant: Plant, text: str) -> None:
    assert (await OwnRules().analyse(*plant({"a.rst": text}))).findings == ()


async def test_a_giant_file_is_minor_and_generated_ones_are_spared(plant: Plant) -> None:
    giant = "x\n" * (GIANT_LINES + 1)
    got = await OwnRules().analyse(
        *plant({"a.c": giant, "b.c": "x\n" * 10, "uv.lock": giant, "d/data.csv": giant, "bin": "\0" + giant})
    )
    assert [(f.path, f.line, f.rule, f.severity) for f in got.findings] == [("a.c", 1, "giant-file", Severity.MINOR)]


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
