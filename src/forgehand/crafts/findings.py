"""What a change adds: findings of its head that its base did not have, on lines that it touched. And of what was said,
what is fixed. For workers."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

from forgehand.domain.findings import Finding, Severity

MAX_TITLE = 140
MAX_BODY = 600


def new_findings(
    base: Iterable[Finding],
    head: Iterable[Finding],
    *,
    renames: Mapping[str, str],
    added: Mapping[str, Container[int]],
) -> tuple[Finding, ...]:
    """Findings on added lines that are not among the base's, counted: a second copy of a known flaw is new, a flaw
    that only moved is not. `renames` maps a base path to its head path, `added` a head path to its added lines."""
    known = Counter(replace(f, path=renames.get(f.path, f.path)).fingerprint for f in base)
    on_added: dict[str, list[Finding]] = defaultdict(list)
    for finding in sorted(set(head)):
        if finding.line in added.get(finding.path, ()):
            on_added[finding.fingerprint].append(finding)
        else:
            # It stands on a line the change left alone, so it is one of the known ones.
            known[finding.fingerprint] -= 1
    new: list[Finding] = []
    for fingerprint, findings in on_added.items():
        new += findings[max(0, known[fingerprint]) :]
    return in_order(map(shortened, new))


@dataclass(frozen=True, slots=True)
class Said:
    """A finding that one of our comments carries."""

    fingerprint: str
    path: str


def fixed(said: Iterable[Said], found: Iterable[Finding], unsure: Container[str] = ()) -> tuple[Said, ...]:
    """Of what was said, what is not found any more, counted: of two that were said alike and one that is found, the
    later is fixed. `found` are all findings of the change, told or not; `unsure` are paths that some analyser could not
    read, where silence means nothing."""
    still = Counter(finding.fingerprint for finding in found)
    gone: list[Said] = []
    for one in said:
        if still[one.fingerprint] > 0:
            still[one.fingerprint] -= 1
        elif one.path not in unsure:
            gone.append(one)
    return tuple(gone)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Major first, then by path and line: the same order for the same findings, however they came."""
    return tuple(sorted(findings, key=_weight))


def shortened(finding: Finding) -> Finding:
    """The finding with title and body within their limits."""
    return replace(finding, title=shorten(finding.title, MAX_TITLE), body=shorten(finding.body, MAX_BODY))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _weight(finding: Finding) -> tuple[bool, Finding]:
    return finding.severity is not Severity.MAJOR, finding
