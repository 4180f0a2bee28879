"""Who may do what in a repository. Implemented by `adapters.github`; asked before anything expensive or lasting."""

from typing import Protocol

from forgehand.domain.permissions import Permission
from forgehand.domain.repositories import Repo

__all__ = ["People", "Permission"]


class People(Protocol):
    async def permission(self, repo: Repo, login: str) -> Permission:
        """What this account may do; NONE for strangers. An App's bot (`name[bot]`) has NONE: nobody vouches for it."""
        ...
