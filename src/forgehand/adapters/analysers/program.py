"""Running one analyser's program, each run on the same terms. Used by the analysers that are a program of their own."""

from collections.abc import Collection, Sequence
from pathlib import Path

from forgehand.adapters.analysers.concealing import conceal
from forgehand.adapters.analysers.parts import Broke
from forgehand.ports.analysers import AnalyserFailed
from forgehand.ports.children import Children, Finished, Limits

LIMITS = Limits(output=16_000_000)
_FEW_THREADS = {"RAYON_NUM_THREADS": "2", "TOKIO_WORKER_THREADS": "2", "MALLOC_ARENA_MAX": "4"}
"""On a machine of many processors, a program's threads alone would ask for more memory than it has."""
_STDERR = 10_000
_CANNOT_START = 127


class Program:
    """`argv` starts the program; `name` is the analyser's. A `quiet` one's own words are not repeated, since they may
    hold what it read."""

    def __init__(
        self, name: str, children: Children, argv: Sequence[str], limits: Limits = LIMITS, *, quiet: bool = False
    ) -> None:
        self._name = name
        self._children = children
        self._argv = tuple(argv)
        self._limits = limits
        self._quiet = quiet

    async def run(self, arguments: Sequence[str], cwd: Path, codes: Collection[int] = (0, 1)) -> Finished:
        """How it ended. Raises Broke where it did not end with one of the codes, within its limits; AnalyserFailed
        where it cannot be started at all."""
        done = await self._children.run([*self._argv, *arguments], cwd=cwd, env=_FEW_THREADS, limits=self._limits)
        if done.timed_out:
            raise Broke(f"it took longer than {self._limits.seconds:.0f} s")
        said = "" if self._quiet else conceal(" ".join(done.stderr[:_STDERR].decode(errors="replace").split()))[:200]
        code = f"{Path(self._argv[0]).name} ended with code {done.code}"
        if done.code == _CANNOT_START:
            raise AnalyserFailed(self._name, said or code)
        if done.cut:
            raise Broke("it found more than can be told", flooded=True)
        if done.code not in codes:
            raise Broke(said or code)
        return done
