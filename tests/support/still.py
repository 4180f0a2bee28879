"""Branches of which none moves unless a test moves it."""

from forgehand.domain.repositories import Repo
from forgehand.ports.checks import Compared


class Still:
    """Every branch points at `tip_of_all`; every head parted from it at `parted`."""

    tip_of_all: str = "b" * 40
    parted: str = "b" * 40

    async def tip(self, repo: Repo, branch: str) -> str | None:
        return self.tip_of_all

    async def compared(self, repo: Repo, base: str, head: str) -> Compared:
        return Compared(0, self.parted if base == self.tip_of_all else base)
