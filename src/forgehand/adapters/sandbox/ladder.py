"""The sandbox of this machine: the first tier that works, found by trying it. Built by assembly, as `ports.sandbox`."""

import asyncio
import io
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from forgehand.adapters.sandbox.bwrap import Bwrap
from forgehand.adapters.sandbox.container import Container
from forgehand.adapters.sandbox.session import Prepared, run_in
from forgehand.adapters.sandbox.userns import UserNamespaces
from forgehand.ports.sandbox import Bounds, Ran, SandboxFailed, Strength, Task, Tier

AUTO = "auto"
AGAIN_SECONDS = 60.0
"""After which a ladder without a rung that works is climbed again."""
_WORD = b"works"
_SAYS = {
    Tier.CONTAINER: "the container around this process; tests run in it as another user, with the network that it has",
    Tier.BWRAP: "bubblewrap",
    Tier.USERNS: "plain user namespaces: fit for code of people who may write to the repository, not for strangers'",
}


class Rung(Protocol):
    """A tier, as the ladder climbs it."""

    @property
    def tier(self) -> Tier: ...

    @property
    def remedy(self) -> str: ...

    def unfit(self) -> str:
        """Why it cannot be tried at all; empty where it can."""
        ...

    def prepare(self, task: Task) -> AbstractContextManager[Prepared]:
        """Raises SandboxFailed."""
        ...


class SandboxLadder:
    """`choice` is auto or one tier's name. `readable` are folders to show inside, as they are, besides the system's.
    `protected` are paths that nothing inside may reach: showing one, or a folder that holds it, is refused."""

    def __init__(
        self,
        choice: str = AUTO,
        *,
        readable: Sequence[Path] = (),
        protected: Sequence[Path] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._choice = choice
        self._readable = tuple(path.absolute() for path in readable)
        self._protected = tuple(path.absolute() for path in protected)
        self._clock = clock
        self._found: tuple[Strength, Rung | None] | None = None
        self._found_at = 0.0
        self._finding = asyncio.Lock()

    async def strength(self) -> Strength:
        """See `ports.sandbox.Sandbox`."""
        return (await self._climbed())[0]

    async def run(self, task: Task) -> Ran:
        """See `ports.sandbox.Sandbox`."""
        strength, rung = await self._climbed()
        if rung is None:
            raise SandboxFailed(f"{strength.says}. {strength.remedy}")
        with rung.prepare(task) as prepared:
            return await run_in(prepared, task)

    async def _climbed(self) -> tuple[Strength, Rung | None]:
        async with self._finding:
            if self._found is None or self._worth_another_try():
                self._found = await self._climb()
                self._found_at = self._clock()
            return self._found

    def _worth_another_try(self) -> bool:
        """What works goes on working; what did not may have lacked nothing but a moment of a busy machine's time."""
        return self._found is not None and self._found[1] is None and self._clock() - self._found_at >= AGAIN_SECONDS

    async def _climb(self) -> tuple[Strength, Rung | None]:
        if self._choice == Tier.NONE:
            return Strength(Tier.NONE, "FORGEHAND_SANDBOX is none", "Let FORGEHAND_SANDBOX be auto"), None
        if wrong := self._wrongly_shown():
            return Strength(Tier.NONE, wrong, "Take it out of FORGEHAND_SANDBOX_READABLE"), None
        reasons: list[str] = []
        remedies: list[str] = []
        for rung in self._rungs():
            why = rung.unfit() or await _tried(rung)
            if not why:
                better = f"For strangers' code, too: {remedies[0]}" if rung.tier is Tier.USERNS and remedies else ""
                return Strength(rung.tier, _SAYS[rung.tier], better), rung
            reasons.append(f"{rung.tier}: {why}")
            remedies.append(rung.remedy)
        return Strength(Tier.NONE, f"no sandbox works here ({'; '.join(reasons)})", f"Remedy: {remedies[0]}"), None

    def _rungs(self) -> Iterator[Rung]:
        """The container only where the operator says that there is one: nothing here could tell what it keeps out."""
        if self._choice == Tier.CONTAINER:
            yield Container(self._readable, self._protected)
        if self._choice in (AUTO, Tier.BWRAP):
            yield Bwrap(self._readable)
        if self._choice in (AUTO, Tier.USERNS):
            yield UserNamespaces(self._readable)

    def _wrongly_shown(self) -> str:
        for shown in self._readable:
            if not shown.exists():
                return f"FORGEHAND_SANDBOX_READABLE names {shown}, which is not there"
            for kept in self._protected:
                if kept.resolve().is_relative_to(shown.resolve()) or shown.resolve().is_relative_to(kept.resolve()):
                    return f"FORGEHAND_SANDBOX_READABLE would show {shown}, but {kept} is to stay hidden"
        return ""


async def _tried(rung: Rung) -> str:
    """Why a small run in this tier does not work; empty where it does."""
    with tempfile.NamedTemporaryFile(prefix="forgehand-probe-") as archive:
        archive.write(_probe())
        archive.flush()
        small = Bounds(seconds=20, disk=16 * 1024**2, output=4096)
        task = Task("cat word && : > more", Path(archive.name), bounds=small)
        try:
            with rung.prepare(task) as prepared:
                ran = await run_in(prepared, task)
        except (SandboxFailed, OSError) as error:
            return str(error)
    if ran.code == 0 and ran.output == _WORD:
        return ""
    return " ".join(ran.output.decode(errors="replace").split())[:300] or f"it ended with code {ran.code}"


def _probe() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo("word")
        member.size = len(_WORD)
        tar.addfile(member, io.BytesIO(_WORD))
    return buffer.getvalue()
