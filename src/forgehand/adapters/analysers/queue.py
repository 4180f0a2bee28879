"""Children that wait for their turn. Shared by the analysers of a process."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from forgehand.ports.children import Children, Finished, Limits


class Queue:
    """Children of which at most `at_once` run; the others wait, and their time starts when they do."""

    def __init__(self, children: Children, at_once: int) -> None:
        self._children = children
        self._room = asyncio.Semaphore(at_once)

    async def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> Finished:
        """See `ports.children.Children`."""
        async with self._room:
            return await self._children.run(argv, cwd=cwd, env=env, stdin=stdin, limits=limits)
