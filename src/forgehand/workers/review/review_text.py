"""What is said of findings: inline comments, a review's body, a table, annotations. Pure, so the same findings give
the same bytes. Called by `review_worker` and `decision_text`.

File names, source and analyser messages come from strangers: `markdown` makes them harmless before they stand here.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from forgehand.crafts.markdown import code, link_path, prose
from forgehand.domain.effects.check_run import Annotation
from forgehand.domain.effects.review import InlineComment
from forgehand.domain.findings import SECRETS, Finding, Severity
from forgehand.workers.review.rules.static import Told, count, kind, tally

_FINDING = re.compile(r"<!-- forgehand-finding:([0-9a-f]{16}) -->")
_PLAIN_URL = re.compile(r"https://[\w.-]+(?:/[\w./-]*)?")
_BADGE = {SECRETS: "🔴 secret", Severity.MAJOR: "🔴 major", Severity.MINOR: "🟡 minor"}


def said_fingerprints(body: str) -> tuple[str, ...]:
    """The findings that one of our inline comments carries."""
    return tuple(_FINDING.findall(body))


def inline_comments(findings: Sequence[Finding]) -> tuple[InlineComment, ...]:
    """One comment for each line, with everything there is to say about it."""
    by_line = groupby(sorted(findings, key=_place), key=_place)
    return tuple(
        InlineComment(path, line, "\n\n".join(_inline_one(finding) for finding in there))
        for (path, line), there in by_line
    )


def review_body(new: Sequence[Finding], head_sha: str) -> str:
    """No link to the job: another job that reviews the same head must say the same, since a review stays as it is."""
    head = head_sha[:7]
    body = f"New in {head}: {tally(new)}" if new else f"No new findings in {head}"
    return f"{body}. The check run says how this was decided.\n"


def findings_table(told: Told) -> list[str]:
    """Lines of Markdown; none where there is nothing to tell."""
    if not told.findings:
        return []
    rows = ["| | where | what | rule |", "|---|---|---|---|"]
    rows += [
        f"| {_BADGE[kind(f)]} | {link_path(f.path, f.line)} | {prose(f.title, table=True)} | {_rule(f, f.rule)} |"
        for f in told.findings
    ]
    if told.beyond:
        rows += ["", f"… and {count(told.beyond, 'more finding')} that this comment leaves out."]
    return [*rows, ""]


def annotations(findings: Iterable[Finding]) -> tuple[Annotation, ...]:
    """GitHub shows these as plain text, the title above the message."""
    return tuple(
        Annotation(
            path=finding.path,
            start_line=finding.line,
            end_line=finding.line,
            level="failure" if finding.severity is Severity.MAJOR else "warning",
            title=f"{finding.rule}: {finding.title}" if finding.body else finding.rule,
            message=finding.body or finding.title,
        )
        for finding in findings
    )


def _place(finding: Finding) -> tuple[str, int]:
    return finding.path, finding.line


def _inline_one(finding: Finding) -> str:
    rule = _rule(finding, f"{finding.tool} {finding.rule}")
    head = f"**{_BADGE[kind(finding)]}** · {prose(finding.title)} · {rule}"
    body = f"\n\n{prose(finding.body)}" if finding.body else ""
    return f"{head}{body}\n<!-- forgehand-finding:{finding.fingerprint} -->"


def _rule(finding: Finding, name: str) -> str:
    """The rule, linked to where it is explained."""
    shown = code(name, table=True)
    return f"[{shown}]({finding.url})" if _PLAIN_URL.fullmatch(finding.url) else shown
