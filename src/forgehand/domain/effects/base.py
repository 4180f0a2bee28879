"""What every effect has: a slot (which remote object), a revision (which content), a power, permissions, a class.

Slot and revision are what make a retried job harmless: the ledger remembers, per slot, the remote id and the last
revision, and job ids never enter either, because a retry is another job for the same object.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar

from forgehand.domain.modes import Power
from forgehand.domain.repositories import Repo


class Exactness(StrEnum):
    """How sure we can be that an effect happens once. A fence cannot reach GitHub, so each kind says it honestly."""

    EXACT = "exactly once"
    """The server compares and sets: a second send is refused or changes nothing."""
    ONCE_BUT_FOR_THE_WINDOW = "once, unless a worker freezes just before it sends"
    """Found again before it is created; only the moment between the last check and the wire stays open."""
    NEVER_TWO = "never twice; where nobody can tell, a person decides"
    AT_MOST_ONCE = "at most once"
    AT_LEAST_ONCE = "at least once"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One write to the world.

    `subject` is what it is about (`pull/7`), `worker` and `purpose` tell apart what one or several workers say about
    it, `sha` enters the slot only where a new commit means a new object.
    """

    kind: ClassVar[str]
    exactness: ClassVar[Exactness]
    not_content: ClassVar[frozenset[str]] = frozenset()
    """Fields of a kind that do not belong to the content, such as what was read before."""

    repo: Repo
    subject: str
    worker: str
    purpose: str
    sha: str = ""

    @property
    def power(self) -> Power:
        raise NotImplementedError

    @property
    def permissions(self) -> Mapping[str, str]:
        """The least permissions of an installation token that may perform this, by GitHub's names."""
        raise NotImplementedError

    @property
    def slot(self) -> str:
        """The remote object, as 32 hex digits."""
        parts = (self.repo.installation, self.repo.id, self.kind, self.subject, self.worker, self.purpose, self.sha)
        return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]

    @property
    def digest(self) -> str:
        """The content, as 32 hex digits."""
        return hashlib.sha256(json.dumps(self.content(), sort_keys=True).encode()).hexdigest()[:32]

    def content(self) -> dict[str, Any]:
        """What would be written, as JSON: for the digest, the dry run and the audit."""
        own = {f.name for f in fields(Effect)} | self.not_content
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name not in own}

    def describe(self) -> str:
        """One line a person understands."""
        return f"{self.kind} on {self.repo.full_name} {self.subject}"


_MARKER = re.compile(r"<!-- forgehand:([0-9a-f]{32}) -->")
_SIGNATURE = re.compile(r"<!-- forgehand(?:-finding)?:[0-9a-f]+ -->\s*\Z")


def marker(slot: str) -> str:
    """A comment that Markdown hides and we find again. It counts only on objects whose author is our own App."""
    return f"<!-- forgehand:{slot} -->"


def read_marker(body: str | None) -> str | None:
    """The slot that a body carries: the last marker in it, since text that we quote comes before our own."""
    found = _MARKER.findall(body or "")
    return found[-1] if found else None


def signed(body: str | None) -> bool:
    """Whether a body ends as all that we say does: with our marker, or below a line of code with that of the finding.
    Whoever quotes us goes on in words of their own."""
    return _SIGNATURE.search(body or "") is not None


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return value
