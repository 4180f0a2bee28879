"""Analysers of source, behind one port. Implemented in `adapters.analysers`, used by the review worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from forgehand.domain.findings import Finding
from forgehand.ports.git import Comparison


class AnalyserFailed(Exception):
    """The analyser itself broke (not: found something). `why` says how; its files count as not analysed."""

    def __init__(self, analyser: str, why: str) -> None:
        super().__init__(f"{analyser}: {why}")
        self.analyser = analyser
        self.why = why


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one analyser saw. `unread` maps a path that it could not read to why: silence about it means nothing. So it
    does of one in `partly`, which it read as far as such files can be read."""

    findings: tuple[Finding, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)
    partly: Mapping[str, str] = field(default_factory=dict)


class Analyser(Protocol):
    name: str

    def wants(self, path: str, start: bytes = b"") -> bool:
        """Whether a file of this path, which starts with these bytes, is its business."""
        ...

    async def analyse(self, tree: Path, paths: Sequence[str]) -> Analysis:
        """Findings in `paths` (relative to `tree`), with pinned configuration: nothing in the tree can change how it
        looks. Raises AnalyserFailed."""
        ...


@runtime_checkable
class ChangeAnalyser(Protocol):
    """One that judges a change as a whole, such as its size or a test that is gone."""

    name: str

    async def judge(self, comparison: Comparison) -> Analysis:
        """Findings about the change; the line of one that is about no line is 1. Raises AnalyserFailed."""
        ...
