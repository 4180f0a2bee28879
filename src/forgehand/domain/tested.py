"""What our own tests said of a commit, and for which base branch: its policy judged them. Kept as a document under
`key`, written by the testing worker in the Change that ends its job, counted by whatever decides about merges. Pure.

GitHub knows one check of a name for a commit, and a commit can be the head of several pull requests, each into a
branch with rules of its own. So the check shows, and the document counts.
"""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Tested:
    """`conclusion` and `title` are those of the check run."""

    base: str
    conclusion: str
    title: str


def key(repository_id: int, subject: str, sha: str) -> str:
    """The key of the document about this commit of a subject: `pull/7`, or `commit/SHA` for a merge queue's."""
    return f"tests:{repository_id}:{subject}:{sha}"


def to_json(tested: Tested) -> str:
    return json.dumps(asdict(tested))


def from_json(text: str | None) -> Tested | None:
    """What `to_json` wrote; None where there is no document, or one of another version."""
    try:
        return Tested(**json.loads(text)) if text else None
    except (ValueError, TypeError):
        return None
