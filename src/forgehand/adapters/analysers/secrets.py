"""Finding secrets: kingfisher's rules and a few of our own. What is found leaves here only as its first characters.

kingfisher sees the files under plain numbers, since it passes over names (`node_modules`, lock files, images) behind
which a secret can hide. Ignore comments, ignore files and baselines in the tree are not obeyed; nothing is sent out.
https://github.com/mongodb/kingfisher
"""

import asyncio
import hashlib
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

from forgehand.adapters.analysers.copies import number, put
from forgehand.adapters.analysers.parts import Broke, in_parts
from forgehand.adapters.analysers.program import LIMITS, Program
from forgehand.adapters.analysers.secret_patterns import matches
from forgehand.domain.findings import Finding, Severity
from forgehand.ports.analysers import Analysis
from forgehand.ports.children import Children, Limits

FOUND = 200
"""kingfisher's exit code when it found something."""
_PINNED = (
    *("--no-validate", "--no-update-check", "--redact", "--quiet", "--format", "json", "--jobs", "2"),
    *("--no-ignore", "--no-ignore-if-contains", "--no-dedup", "--git-history", "none", "--no-extract-archives"),
)
_FILES_AT_ONCE = 1_000
MOST = 1_000
"""Matches of our own patterns in one file."""
_PATTERN_SECONDS = 60.0
_ADVICE = (
    "It stays in the history even when the line is removed: revoke it at its issuer, put the new one where secrets"
    " live, and read it from the environment."
)


class Secrets:
    """`cache` keeps kingfisher's compiled rules between runs (5 s to compile, 0.2 s to read); it must be ours alone."""

    name = "secrets"

    def __init__(self, children: Children, cache: Path, program: str = "", limits: Limits = LIMITS) -> None:
        self._program = Program(self.name, children, [program or _bundled()], limits, quiet=True)
        self._cache = cache.resolve()
        self._compiling = asyncio.Lock()
        self._compiled = False

    def wants(self, path: str, start: bytes = b"") -> bool:
        return True

    async def analyse(self, tree: Path, paths: Sequence[str]) -> Analysis:
        """See `ports.analysers.Analyser`. A file that breaks kingfisher is unread."""
        self._cache.mkdir(parents=True, exist_ok=True, mode=0o700)

        async def look(files: Sequence[str]) -> Analysis:
            with tempfile.TemporaryDirectory(prefix="forgehand-secrets-") as folder:
                numbered = await asyncio.to_thread(_number, tree, files, Path(folder))
                report = await self._scan_after_the_first(Path(folder))
                return await asyncio.to_thread(_analysis, tree, numbered, report)

        # Without files it still compiles its rules.
        seen, guilty = await in_parts(self.name, paths, _FILES_AT_ONCE, look) if paths else ([await look(())], {})
        unread = {path: why for one in seen for path, why in one.unread.items()}
        findings = {finding for one in seen for finding in one.findings}
        return Analysis(tuple(sorted(findings)), unread | {path: broke.why for path, broke in guilty.items()})

    async def _scan_after_the_first(self, folder: Path) -> bytes:
        """The first scan may have to compile the rules; others wait for it rather than compile them too."""
        if self._compiled:
            return await self._scan(folder)
        async with self._compiling:
            report = await self._scan(folder)
            self._compiled = True
            return report

    async def _scan(self, folder: Path) -> bytes:
        cached = ["--rule-cache-dir", str(self._cache)]
        return (await self._program.run(["scan", *_PINNED, *cached, "--", str(folder)], folder, (0, FOUND))).stdout


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a secret stands: columns count bytes from 0, `end` is past it. `value` is as much of it as we show from."""

    path: str
    line: int
    start: int
    end: int
    rule: str
    what: str
    value: bytes


def _bundled() -> str:
    """kingfisher's binary inside its wheel: without the Python that its script would start."""
    inside = Path(str(resources.files("kingfisher"))) / "bin" / "kingfisher"
    return str(inside) if inside.is_file() else "kingfisher"


def _number(tree: Path, paths: Sequence[str], folder: Path) -> dict[str, str]:
    numbered = number(paths, lambda at, _: str(at))
    for name, path in numbered.items():
        put(tree / path, folder / name)
    return numbered


def _analysis(tree: Path, numbered: Mapping[str, str], report: bytes) -> Analysis:
    """One file in memory at a time."""
    by_path: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in _rows(report):
        by_path[numbered[Path(row["finding"]["path"]).name]].append(row)
    ends = time.monotonic() + _PATTERN_SECONDS
    findings: list[Finding] = []
    unread: dict[str, str] = {}
    for path in numbered.values():
        content = (tree / path).read_bytes()
        spots = _spots(path, content, by_path[path])
        matched = list(islice(matches(content, lambda: time.monotonic() < ends), MOST + 1))
        spots += [_Spot(path, m.line, m.start, m.end, m.rule, m.what, m.value) for m in matched[:MOST]]
        findings += map(_finding, _once(spots))
        if len(matched) > MOST:
            unread[path] = f"it has more than {MOST:,} likely secrets"
        elif time.monotonic() >= ends:
            unread[path] = f"its lines were not all matched within {_PATTERN_SECONDS:.0f} s"
    return Analysis(tuple(sorted(findings)), unread)


def _rows(report: bytes) -> Sequence[Mapping[str, Any]]:
    try:
        read = json.loads(report)
        rows: Sequence[Mapping[str, Any]] = read["findings"]
        broken = read["audit"]["summary"]["scan_failed"] + read["audit"]["summary"]["scan_partial"]
    except (ValueError, KeyError):
        raise Broke("kingfisher's report is not in the form we know") from None
    if broken:
        raise Broke("kingfisher could not read all files")
    return rows


def _spots(path: str, content: bytes, rows: Sequence[Mapping[str, Any]]) -> list[_Spot]:
    if not rows:
        return []
    lines = content.split(b"\n")
    return [_spot(row, path, lines) for row in rows]


def _spot(row: Mapping[str, Any], path: str, lines: Sequence[bytes]) -> _Spot:
    found = row["finding"]
    line, start, end = found["line"], found["column_start"], found["column_end"] + 1
    value = lines[line - 1][start:end] if 1 <= line <= len(lines) else b""
    return _Spot(path, line, start, end, row["rule"]["name"], row["rule"]["name"].replace("-", " "), value)


def _once(spots: Iterable[_Spot]) -> list[_Spot]:
    """One for each place: the first of several rules that see the same characters."""
    kept: list[_Spot] = []
    for spot in sorted(spots, key=lambda s: (s.path, s.line, s.start, -s.end, s.rule)):
        last = kept[-1] if kept else None
        if last and (last.path, last.line) == (spot.path, spot.line) and spot.start < last.end:
            continue
        kept.append(spot)
    return kept


def _finding(spot: _Spot) -> Finding:
    shown = redacted(spot.value)
    digest = hashlib.sha256(b"forgehand\0" + spot.value).hexdigest()[:8]
    return Finding(
        path=spot.path,
        line=spot.line,
        rule=spot.rule,
        severity=Severity.MAJOR,
        title=f"A secret: {spot.what}, {shown}",
        body=_ADVICE,
        tool=Secrets.name,
        # 32 bits tell this secret from another on the same file, and are too few to confirm a guess.
        text=f"{shown} {digest}",
    )


def redacted(value: bytes) -> str:
    """`AKIA…(20 characters)`: enough to know which one is meant, of long ones only."""
    text = value.decode("ascii", "replace")
    start = text[:4] if len(text) >= 16 and text[:4].isascii() and text[:4].isprintable() else ""
    return f"{start}…({len(text)} characters)"
