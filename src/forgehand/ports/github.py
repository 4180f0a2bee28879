"""Reading GitHub, narrow: a worker or poll asks for the one it needs. Implemented by `adapters.github`.

Every verb raises one of the `GitHubError`s; the engine turns them into outcomes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from forgehand.domain.repositories import Repo


class GitHubError(Exception):
    """GitHub did not do what was asked; `why` is a sentence for the operator. `reason` is a word for it that a kind of
    effect has, for who decides by it."""

    reason: str = ""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NotPermitted(GitHubError):
    """401, 403 or 404 that trying again cannot mend: it names the permission or repository that is missing."""


class NotFound(GitHubError):
    """404: it is not there (or the App may not see it)."""


class Unprocessable(GitHubError):
    """A 4xx about what we sent: sending it again is pointless."""


class Conflict(Unprocessable):
    """409: things are not as the request takes them to be (a head that moved, a merge with conflicts)."""


class Throttled(GitHubError):
    """A primary or secondary rate limit; wait `after` seconds."""

    def __init__(self, why: str, after: float) -> None:
        super().__init__(why)
        self.after = after


class Unreachable(GitHubError):
    """No answer or a 5xx. For a write this is ambiguous: it may have happened, unless `sent` is False, which says that
    nothing which changes anything had gone onto the wire."""

    def __init__(self, why: str, *, sent: bool = True) -> None:
        super().__init__(why)
        self.sent = sent


class TooLate(GitHubError):
    """The time until which this might be sent had passed before anything was sent."""


@dataclass(frozen=True, slots=True)
class Token:
    """An installation token; `repr` hides it. `expires_at` is epoch seconds."""

    value: str
    expires_at: float

    def __repr__(self) -> str:
        return "Token(…)"


class Tokens(Protocol):
    async def token(self, repo: Repo, permissions: Mapping[str, str]) -> Token:
        """A token for this one repository with exactly these permissions, cached until shortly before it expires."""
        ...


@dataclass(frozen=True, slots=True)
class PullRequest:
    """`head_repository` is None once a fork was deleted. `mergeable` None: GitHub has not worked it out yet.
    `merge_commit` is the commit that landed, where it is merged; of an open one it means nothing. `ours`: we opened it,
    so that GitHub lets us comment on it but not judge it; of one in a list nobody asked. `updated_at` is when anything
    was last done to it, a label, a review or a comment too: epoch seconds, by GitHub's clock."""

    number: int
    title: str
    state: Literal["open", "closed"]
    merged: bool
    draft: bool
    author: str
    head_sha: str
    head_ref: str
    head_repository: str | None
    base_sha: str
    base_ref: str
    mergeable: bool | None
    html_url: str
    labels: tuple[str, ...] = ()
    changed_files: int = 0
    additions: int = 0
    deletions: int = 0
    merge_commit: str = ""
    body: str = ""
    author_is_bot: bool = False
    ours: bool = False
    updated_at: float = 0.0


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file of a pull request. `patch` is GitHub's, None for binary and very large ones."""

    path: str
    status: str
    previous_path: str | None
    additions: int
    deletions: int
    patch: str | None


@dataclass(frozen=True, slots=True)
class ReviewComment:
    """An inline comment. `original_commit` is the sha it was made on. `ours`: written by our App. `review`: the id of
    the review that it belongs to."""

    id: int
    path: str
    line: int | None
    body: str
    original_commit: str
    ours: bool
    review: int = 0


class PullRequests(Protocol):
    async def pull(self, repo: Repo, number: int) -> PullRequest: ...

    async def files(self, repo: Repo, number: int) -> Sequence[ChangedFile]:
        """All files that GitHub lists (at most 3,000)."""
        ...

    async def review_comments(self, repo: Repo, number: int) -> Sequence[ReviewComment]:
        """All inline comments, read to the last page."""
        ...


class PullsAbout(Protocol):
    """The open pull requests that something other than themselves concerns."""

    async def at(self, repo: Repo, sha: str) -> Sequence[PullRequest]:
        """Those whose head is this commit, a fork's included."""
        ...

    async def into(self, repo: Repo, branch: str) -> Sequence[PullRequest]:
        """Those that would be merged into this branch."""
        ...


class PullsOnBranch(Protocol):
    async def on_branch(self, repo: Repo, branch: str) -> Sequence[int]:
        """The numbers of the open pull requests that come from this branch of the repository or would be merged into
        it: GitHub closes or changes each of them when the branch goes."""
        ...


class OpenPulls(Protocol):
    async def repositories(self) -> Sequence[Repo]:
        """Every repository of every installation of the App."""
        ...

    async def open_pulls(self, repo: Repo, etag: str | None) -> tuple[Sequence[PullRequest], str | None] | None:
        """All open pull requests and the ETag to ask with next time; None when nothing changed (304)."""
        ...

    async def tip(self, repo: Repo, branch: str, etag: str | None) -> tuple[str | None, str | None] | None:
        """The commit that a branch points at, None where it is gone, and the ETag to ask with next time; None when
        nothing changed."""
        ...


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """One attempt of GitHub to deliver a webhook. `delivered_at` is epoch seconds."""

    id: int
    guid: str
    delivered_at: float
    ok: bool
    event: str


class Hooks(Protocol):
    async def hook_deliveries(self, since: float) -> Sequence[HookDelivery]:
        """The App's delivery attempts, newest first, back to `since`."""
        ...
