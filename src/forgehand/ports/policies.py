"""The policy of a repository, read from its default branch. Implemented by `crafts.policies`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from forgehand.domain.facts import name_of
from forgehand.domain.policy import Problem, RepositoryPolicy
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import Ruling


@dataclass(frozen=True, slots=True)
class Loaded:
    """A policy in force. `sha` is the commit of the default branch at which it was read, and `source` names what it
    was made of, for people. `problems` are those of a file that cannot be used: the last valid one is then in force,
    or the defaults. `notes` say what was asked for and the operator does not allow. `keep` are documents for the Change
    of whoever read it: what stays in force should a file become invalid."""

    policy: RepositoryPolicy
    sha: str
    source: str = "defaults"
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    keep: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The same for the same policy, whatever it was made of."""
        return name_of(self.policy)


class Policies(Protocol):
    async def policy(self, repo: Repo, base_ref: str) -> Loaded:
        """The policy for pull requests into `base_ref`, read at one commit of the default branch; read again before
        a merge. Raises a GitHubError where GitHub does not answer: then nobody knows the policy."""
        ...

    async def proposal(self, repo: Repo, base_ref: str, head_sha: str) -> Ruling:
        """What a pull request whose head changes the file would make of the policy, or why its file cannot be used."""
        ...
