"""Learning from GitHub who somebody is. Implemented by `adapters.github`, used by `web.admin`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Person:
    """`circles` are those of the circles asked about that the person belongs to: organizations as `acme`, teams as
    `acme/platform`."""

    login: str
    circles: frozenset[str]


class People(Protocol):
    def door(self, state: str, challenge: str) -> str:
        """The address of the page on which a person agrees to be known to us. GitHub sends them back to us with a code
        and the same `state`; `challenge` is the S256 of the verifier that must come with the code."""
        ...

    async def who(self, code: str, verifier: str, circles: Sequence[str]) -> Person:
        """Who agreed. Raises a GitHubError; a code works once."""
        ...
