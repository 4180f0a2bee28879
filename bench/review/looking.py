"""A change as two commits of a real repository, looked at as the review worker does it. Called by `__main__`."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.git import Bare, Content

from forgehand.adapters.analysers import analysers
from forgehand.adapters.git import GitComparisons
from forgehand.adapters.sandbox import ChildProcesses
from forgehand.crafts.analysis import Seen, added, look
from forgehand.domain.findings import Finding
from forgehand.domain.repositories import Repo
from forgehand.ports.git import Comparison
from forgehand.ports.github import Token

REPO = Repo(1, 42, "acme/shop")


class NoTokens:
    async def token(self, repo: Repo, permissions: Mapping[str, str]) -> Token:
        raise AssertionError("a folder needs no token")


@dataclass(frozen=True)
class Looked:
    findings: tuple[Finding, ...]
    seen: tuple[Seen, ...]
    comparison: Comparison
    seconds: float

    def outside(self) -> list[Finding]:
        """Findings on lines that the change did not add; of a file that is gone or lost lines alone there is none."""
        added_by = {file.path: file.added for file in self.comparison.files if file.added}
        return [
            f for f in self.findings if f.path in added_by and not any(f.line in lines for lines in added_by[f.path])
        ]


class Looker:
    """Keeps one repository below `folder` in which each change is two commits without history."""

    def __init__(self, folder: Path) -> None:
        (folder / "server" / "acme").mkdir(parents=True)
        self._origin = Bare(folder / "server" / "acme" / "shop.git")
        self._loop = asyncio.Runner()
        children = ChildProcesses()
        self._comparisons = GitComparisons(children, NoTokens(), folder / "git", f"file://{folder / 'server'}")
        self._analysers = analysers(children, folder / "cache")

    def warm(self) -> None:
        """The secret scanner compiles its rules once in an installation's life."""
        self.look({"a": "x\n"}, {"a": "y\n"})

    def look(self, base: Mapping[str, Content], head: Mapping[str, Content]) -> Looked:
        before = self._origin.commit(base)
        after = self._origin.commit(head, before)
        return self._loop.run(self._look(before, after))

    async def _look(self, before: str, after: str) -> Looked:
        started = time.monotonic()
        async with self._comparisons.compare(REPO, 1, before, after) as comparison:
            seen = await look(comparison, self._analysers)
            findings = added(comparison, seen)
        return Looked(findings, seen, comparison, time.monotonic() - started)


def unread(looked: Sequence[Looked]) -> list[str]:
    return [
        f"{one.name} on {path}: {why}" for each in looked for one in each.seen for path, why in one.head.unread.items()
    ] + [f"{one.name}: {one.failed}" for each in looked for one in each.seen if one.failed]
