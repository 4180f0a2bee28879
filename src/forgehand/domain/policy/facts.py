"""What a policy judges: a pull request as it was read. Kept as JSON, so that another policy can be tried on it later.

What could not be read is None and is not guessed at: no condition holds of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from forgehand.domain.checks import CheckState
from forgehand.domain.permissions import Permission


@dataclass(frozen=True, slots=True)
class FileFact:
    path: str
    additions: int = 0
    deletions: int = 0
    previous_path: str | None = None


@dataclass(frozen=True, slots=True)
class CheckFact:
    """A check run or status of the head. Our own decision is none of them; our test run is."""

    name: str
    state: CheckState
    app: int = 0


class Opinion(StrEnum):
    """The state of a submitted review."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes requested"
    COMMENTED = "commented"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class ReviewFact:
    """A submitted review. `permission` is what its author may do, None where that is unknown. `current`: it was made
    on the present head. `at`, in epoch seconds, puts it in order among others, and is not kept: their order is."""

    author: str
    opinion: Opinion
    permission: Permission | None = None
    current: bool = True
    at: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class PullFacts:
    """A pull request. `files_complete` False: there are more files than could be listed. `reviews` stand in the order
    in which they were submitted. `fork`: the head lives in another repository."""

    author: str
    base: str
    head: str
    title: str = ""
    body: str = ""
    draft: bool = False
    author_is_bot: bool = False
    author_permission: Permission | None = None
    fork: bool = False
    labels: tuple[str, ...] = ()
    files: tuple[FileFact, ...] | None = None
    files_complete: bool = True
    checks: tuple[CheckFact, ...] | None = None
    reviews: tuple[ReviewFact, ...] | None = None

    @property
    def lines(self) -> int | None:
        """Added plus deleted lines of the files that are known."""
        return None if self.files is None else sum(file.additions + file.deletions for file in self.files)


def to_json(facts: PullFacts) -> dict[str, Any]:
    """The facts as small JSON: what is unknown or as by default is left out."""
    told: dict[str, Any] = {"author": facts.author, "base": facts.base, "head": facts.head}
    for name in ("title", "body", "draft", "author_is_bot", "fork"):
        if value := getattr(facts, name):
            told[name] = value
    if facts.author_permission is not None:
        told["author_permission"] = str(facts.author_permission)
    if facts.labels:
        told["labels"] = list(facts.labels)
    if facts.files is not None:
        told["files"] = [_file_to_json(file) for file in facts.files]
    if not facts.files_complete:
        told["files_complete"] = False
    if facts.checks is not None:
        told["checks"] = [_check_to_json(check) for check in facts.checks]
    if facts.reviews is not None:
        told["reviews"] = [_review_to_json(review) for review in facts.reviews]
    return told


def _file_to_json(file: FileFact) -> dict[str, Any]:
    told: dict[str, Any] = {"path": file.path, "additions": file.additions, "deletions": file.deletions}
    return told if file.previous_path is None else told | {"previous_path": file.previous_path}


def _check_to_json(check: CheckFact) -> dict[str, Any]:
    told: dict[str, Any] = {"name": check.name, "state": str(check.state)}
    return told | {"app": check.app} if check.app else told


def _review_to_json(review: ReviewFact) -> dict[str, Any]:
    told: dict[str, Any] = {"author": review.author, "opinion": str(review.opinion)}
    if review.permission is not None:
        told["permission"] = str(review.permission)
    return told if review.current else told | {"current": False}


def from_json(told: Mapping[str, Any]) -> PullFacts:
    """The facts that `to_json` told. Raises ValueError, TypeError or LookupError for anything else."""
    files, checks, reviews = (told.get(name) for name in ("files", "checks", "reviews"))
    return PullFacts(
        author=told["author"],
        base=told["base"],
        head=told["head"],
        title=told.get("title", ""),
        body=told.get("body", ""),
        draft=told.get("draft", False),
        author_is_bot=told.get("author_is_bot", False),
        author_permission=_permission(told.get("author_permission")),
        fork=told.get("fork", False),
        labels=tuple(told.get("labels", ())),
        files=None if files is None else tuple(FileFact(**file) for file in files),
        files_complete=told.get("files_complete", True),
        checks=None if checks is None else tuple(_check(check) for check in checks),
        reviews=None if reviews is None else tuple(_review(review) for review in reviews),
    )


def _check(told: Mapping[str, Any]) -> CheckFact:
    return CheckFact(told["name"], CheckState(told["state"]), told.get("app", 0))


def _review(told: Mapping[str, Any]) -> ReviewFact:
    permission = _permission(told.get("permission"))
    return ReviewFact(told["author"], Opinion(told["opinion"]), permission, told.get("current", True))


def _permission(told: str | None) -> Permission | None:
    return None if told is None else Permission(told)
