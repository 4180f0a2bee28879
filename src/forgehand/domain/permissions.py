"""What a GitHub account may do in a repository. Read through `ports.people`, judged by workers and by policy."""

from enum import StrEnum


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
        return self.at_least(Permission.WRITE)

    def at_least(self, other: "Permission") -> bool:
        roles = list(Permission)
        return roles.index(self) >= roles.index(other)
