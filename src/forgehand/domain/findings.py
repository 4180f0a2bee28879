"""A finding: something an analyser says about one line. Shared by analysers (adapters) and the review worker."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

SECRETS = "secrets"
"""The tool whose findings nothing can mute."""
SYNTAX = "invalid-syntax"
"""The rule of a file that cannot be parsed. The line where that is noticed need not be the one that broke it."""


class Severity(StrEnum):
    MAJOR = "major"
    MINOR = "minor"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`path` is relative to the repository, `line` counts from 1. `text` is the stripped source line it stands on,
    which keeps the fingerprint when lines move; for a secret it must be redacted or a digest, never the secret."""

    path: str
    line: int
    rule: str
    severity: Severity
    title: str
    body: str
    tool: str
    text: str = ""
    url: str = ""
    """Where the rule is explained, https only."""

    @property
    def fingerprint(self) -> str:
        """The same flaw in the same place, whatever its line number: 16 hex digits."""
        parts = (self.tool, self.rule, self.path, self.text)
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
