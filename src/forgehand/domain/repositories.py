"""A repository as every layer names it. Built by `events.parse` and by the readers of GitHub."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository through one installation of our App.

    `id` is GitHub's numeric id, which survives a rename; `full_name` is `owner/name` as last seen.
    """

    installation: int
    id: int
    full_name: str

    @property
    def owner(self) -> str:
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        return self.full_name.partition("/")[2]
