"""Running a program over many files so that a file that breaks it costs only itself. Used by `ruff` and `secrets`.

A stranger can write a file that crashes an analyser, floods it or makes it slow. What broke is halved until the guilty
file stands alone; it is named, and the findings in the others stay.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from forgehand.ports.analysers import AnalyserFailed

MOST_RUNS_MORE = 80
"""Runs beyond those that a harmless change needs."""
_SECONDS = 300.0
_NOT_REACHED = "other files broke the analyser too often to get to it"
_Result = TypeVar("_Result")


class Broke(Exception):
    """A run did not end as it should. `flooded` when it said more than we keep."""

    def __init__(self, why: str, *, flooded: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.flooded = flooded


async def in_parts(
    name: str, paths: Sequence[str], at_once: int, look: Callable[[Sequence[str]], Awaitable[_Result]]
) -> tuple[list[_Result], dict[str, Broke]]:
    """What `look` gave for all the parts, and the files that broke it. Raises AnalyserFailed, in the name of the
    analyser, when every file did without a word about them: then it is the analyser's fault."""
    waiting = [paths[start : start + at_once] for start in range(0, len(paths), at_once)][::-1]
    runs, ends = len(waiting) + MOST_RUNS_MORE, time.monotonic() + _SECONDS
    results: list[_Result] = []
    guilty: dict[str, Broke] = {}
    while waiting:
        part = waiting.pop()
        if runs <= 0 or time.monotonic() > ends:
            guilty |= {path: Broke(_NOT_REACHED) for path in part}
            continue
        runs -= 1
        try:
            results.append(await look(part))
        except Broke as broke:
            if len(part) == 1:
                guilty[part[0]] = broke
            else:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
    if paths and not results and not any(broke.flooded for broke in guilty.values()):
        raise AnalyserFailed(name, guilty[paths[0]].why)
    return results, guilty
