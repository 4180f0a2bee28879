"""Our own rules as two analysers: `OwnRules` over files, `ChangeRules` over a change. The rules are in `rules`."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from forgehand.adapters.analysers.concealing import conceal
from forgehand.adapters.analysers.rules import CHANGE_RULES, FILE_RULES
from forgehand.adapters.analysers.rules.changes import CHANGE_NAME, Change, ChangedFile
from forgehand.adapters.analysers.rules.lines import NAME
from forgehand.adapters.analysers.rules.test_files import is_test_file, names_of_tests
from forgehand.domain.findings import Finding
from forgehand.ports.analysers import Analysis
from forgehand.ports.git import Comparison, FileDiff

MOST = 1_000
"""Findings in one file."""


class OwnRules:
    name = NAME

    def wants(self, path: str, start: bytes = b"") -> bool:
        return True

    async def analyse(self, tree: Path, paths: Sequence[str]) -> Analysis:
        """See `ports.analysers.Analyser`."""
        return await asyncio.to_thread(_analysis, tree, paths)


class ChangeRules:
    name = CHANGE_NAME

    async def judge(self, comparison: Comparison) -> Analysis:
        """See `ports.analysers.ChangeAnalyser`."""
        change = await asyncio.to_thread(_change, comparison)
        return Analysis(tuple(sorted(finding for rule in CHANGE_RULES for finding in rule(change))))


def _analysis(tree: Path, paths: Sequence[str]) -> Analysis:
    """One file in memory at a time, and never as a list of lines: a file may be nothing but line breaks."""
    findings: list[Finding] = []
    unread: dict[str, str] = {}
    for path in paths:
        content = (tree / path).read_bytes()
        found = list(islice((finding for rule in FILE_RULES for finding in rule(path, content)), MOST + 1))
        findings += (replace(finding, text=conceal(finding.text)) for finding in found[:MOST])
        if len(found) > MOST:
            unread[path] = f"it has more than {MOST:,} findings"
    return Analysis(tuple(sorted(findings)), unread)


def _change(comparison: Comparison) -> Change:
    return Change(tuple(_changed(comparison, file) for file in comparison.files))


def _changed(comparison: Comparison, file: FileDiff) -> ChangedFile:
    at_hand = not file.left_out and not file.binary and file.status != "removed"
    before = file.previous_path or file.path
    return ChangedFile(
        path=file.path,
        status=file.status,
        previous_path=file.previous_path,
        added=sum(len(lines) for lines in file.added),
        first=file.added[0].start if file.added else 1,
        tests_before=_tests(comparison.base, before) if at_hand and file.status != "added" else (),
        tests_after=_tests(comparison.head, file.path) if at_hand else (),
    )


def _tests(tree: Path, path: str) -> tuple[str, ...]:
    return tuple(names_of_tests((tree / path).read_bytes())) if is_test_file(path) else ()
