"""Who may do what in a repository. Implemented by `adapters.github`; asked before anything expensive or lasting."""

from enum import StrEnum
from typing import Protocol

from forgehand.domain.repositories import Repo


class Permission(StrEnum):
    """GitHub's roles, the least first."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    @property
    def writes(self) -> bool:
        return self in (Permission.WRITE, Permission.MAINTAIN, Permission.ADMIN)


class People(Protocol):
    async def permission(self, repo: Repo, login: str) -> Permission:
        """What this account may do; NONE for strangers. An App's bot (`name[bot]`) has NONE: nobody vouches for it."""
        ...
