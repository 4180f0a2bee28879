"""Hiding what looks like a secret in an analyser's own words, which quote source. Used by the analysers.

A review, an annotation, a mail and the ledger carry these words; the rule that finds the secret says it redacted.
"""

import re

from forgehand.adapters.analysers.secret_patterns import looks_random, matches
from forgehand.domain.redaction import redact

_RUN = re.compile(r"[A-Za-z0-9_+/=.-]{20,}")
_STRING = re.compile(r"""(?P<q>["'])(?:\\.|(?!(?P=q)).)*(?P=q)""", re.DOTALL)
SHOWN = "…"
_KEPT = 2_000
"""Characters: more than anybody is told."""


def conceal(text: str) -> str:
    """The beginning of the text, without known kinds of secrets and without long runs that look drawn, not typed."""
    line = text[:_KEPT].encode("utf-8", "replace")
    for match in sorted(matches(line), key=lambda each: -each.start):
        line = line[: match.start] + SHOWN.encode() + line[match.end :]
    return _RUN.sub(_hidden, redact(line.decode("utf-8", "replace")))


def without_strings(text: str) -> str:
    """The text without the contents of quoted strings."""
    return _STRING.sub(lambda found: f"{found['q']}{SHOWN}{found['q']}", text)


def _hidden(found: re.Match[str]) -> str:
    return SHOWN if looks_random(found[0].encode()) else found[0]
