"""Single files of a repository at a commit, through GitHub's API. Implemented by `adapters.github`."""

from typing import Protocol

from forgehand.domain.repositories import Repo


class Contents(Protocol):
    async def file(self, repo: Repo, path: str, ref: str, *, most: int) -> bytes | None:
        """The bytes of a regular file; None where there is none (a folder, link or submodule is none). Raises
        Unprocessable for one of more than `most` bytes, and Unreachable where GitHub does not show `ref` (yet)."""
        ...

    async def org_repository(self, repo: Repo) -> Repo | None:
        """The owner's `.github` repository, where our App reaches it."""
        ...
