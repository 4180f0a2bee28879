"""What the review worker says on GitHub. Pure, so the same verdict gives the same bytes. Called by `worker`.

File names, source and analyser messages come from strangers: `markdown` makes them harmless before they stand here.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from forgehand.crafts.markdown import code, link_path, prose, visible
from forgehand.domain.effects.check_run import Annotation, Conclusion
from forgehand.domain.effects.review import InlineComment
from forgehand.domain.findings import Finding, Severity
from forgehand.domain.rulings import Ruling, State
from forgehand.workers.review.rules import Depth, Entry, Verdict, count, tally

MAX_BODY = 65_000
"""GitHub refuses bodies of more than 65,536 characters."""
MAX_CHECK_TITLE = 255
_RESERVE = 2_000

_FINDING = re.compile(r"<!-- forgehand-finding:([0-9a-f]{16}) -->")
_PLAIN_URL = re.compile(r"https://[\w.-]+(?:/[\w./-]*)?")
_SIGN = {State.SATISFIED: "✅", State.VIOLATED: "❌", State.PENDING: "⏳", State.NOT_APPLICABLE: "➖"}
_BADGE = {Severity.MAJOR: "🔴 major", Severity.MINOR: "🟡 minor"}


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


def review_body(verdict: Verdict) -> str:
    """No link to the job: another job that reviews the same head must say the same, since a review stays as it is."""
    new, majors = len(verdict.inline), sum(f.severity is Severity.MAJOR for f in verdict.inline)
    body = f"{count(new, 'new finding')} in {verdict.head_sha[:7]}"
    if majors:
        body += f", {majors} major"
    if not new:
        body = f"No new findings in {verdict.head_sha[:7]}"
    return f"{body}. The check run says how this was decided.\n"


def summary(verdict: Verdict, details_url: str) -> str:
    """The sticky comment: verdict, rules, findings, and every changed file with what happened to it."""
    top = "\n".join(
        [
            f"### {prose(headline(verdict))}",
            "",
            *_rule_lines(verdict.ruling.parts),
            "",
            *_not_analysed(verdict),
            *_findings_table(verdict),
        ]
    )
    bottom = f"\n<sub>Reviewed {code(verdict.head_sha[:7])} · [how this was decided]({details_url})</sub>\n"
    room = MAX_BODY - _RESERVE - len(top) - len(bottom)
    return f"{_within(top, MAX_BODY - _RESERVE)}\n{_manifest(verdict.manifest, room)}{bottom}"


def headline(verdict: Verdict) -> str:
    """The verdict in one line, the same on the check run and in the comment."""
    if verdict.majors:
        return f"Changes needed: {tally(verdict.majors, len(verdict.findings) + verdict.beyond - verdict.majors)}"
    if verdict.blocker is not None and verdict.conclusion is Conclusion.FAILURE:
        return f"Changes needed: {verdict.blocker.reason.rstrip('.')}"
    if verdict.blocker is not None:
        return f"Not fully reviewed: {verdict.blocker.reason.rstrip('.')}"
    if verdict.findings:
        return f"Nothing serious: {count(len(verdict.findings) + verdict.beyond, 'minor finding')}"
    return "No findings"


def check_title(verdict: Verdict) -> str:
    title = visible(headline(verdict))
    return title if len(title) <= MAX_CHECK_TITLE else title[: MAX_CHECK_TITLE - 1] + "…"


def check_summary(verdict: Verdict) -> str:
    lines = [*_rule_lines(verdict.ruling.parts), "", *_not_analysed(verdict), *_findings_table(verdict)]
    return _within("\n".join(lines), MAX_BODY)


def annotations(findings: Iterable[Finding]) -> tuple[Annotation, ...]:
    """GitHub shows these as plain text."""
    return tuple(
        Annotation(
            path=finding.path,
            start_line=finding.line,
            end_line=finding.line,
            level="failure" if finding.severity is Severity.MAJOR else "warning",
            title=f"{finding.rule}: {finding.title}",
            message=finding.body or finding.title,
        )
        for finding in findings
    )


def _place(finding: Finding) -> tuple[str, int]:
    return finding.path, finding.line


def _inline_one(finding: Finding) -> str:
    rule = _rule(finding, f"{finding.tool} {finding.rule}")
    head = f"**{_BADGE[finding.severity]}** · {prose(finding.title)} · {rule}"
    body = f"\n\n{prose(finding.body)}" if finding.body else ""
    return f"{head}{body}\n<!-- forgehand-finding:{finding.fingerprint} -->"


def _rule(finding: Finding, name: str) -> str:
    """The rule, linked to where it is explained."""
    shown = code(name, table=True)
    return f"[{shown}]({finding.url})" if _PLAIN_URL.fullmatch(finding.url) else shown


def _rule_lines(rulings: Iterable[Ruling]) -> list[str]:
    """Each rule that had something to judge."""
    return [
        f"- {_SIGN[ruling.state]} **{ruling.rule}** · {prose(ruling.reason)}"
        for ruling in rulings
        if ruling.state is not State.NOT_APPLICABLE
    ]


def _not_analysed(verdict: Verdict) -> list[str]:
    if not verdict.failures:
        return []
    lines = [
        f"> {code(name)} did not finish, so its silence means nothing: {prose(why)}" for name, why in verdict.failures
    ]
    return [*lines, ""]


def _findings_table(verdict: Verdict) -> list[str]:
    if not verdict.findings:
        return []
    rows = ["| | where | what | rule |", "|---|---|---|---|"]
    rows += [
        f"| {_BADGE[f.severity]} | {link_path(f.path, f.line)} | {prose(f.title)} | {_rule(f, f.rule)} |"
        for f in verdict.findings
    ]
    if verdict.beyond:
        rows += ["", f"… and {count(verdict.beyond, 'more finding')} that this comment leaves out."]
    return [*rows, ""]


def _manifest(entries: Sequence[Entry], room: int) -> str:
    """Every changed file, folded; where there is no room left, the rest is counted."""
    counts = ", ".join(f"{sum(e.depth is depth for e in entries)} {depth}" for depth in Depth)
    lines = [f"<details><summary>{count(len(entries), 'changed file')}: {counts}</summary>", ""]
    used = sum(len(line) + 1 for line in lines)
    for done, entry in enumerate(entries):
        line = f"- {entry.depth}: {code(entry.path)} ({prose(entry.reason)})"
        used += len(line) + 1
        if used > room:
            lines.append(f"- … and {count(len(entries) - done, 'more file')}")
            break
        lines.append(line)
    return "\n".join([*lines, "", "</details>", ""])


def _within(text: str, limit: int) -> str:
    """The text's whole lines within `limit` characters."""
    if len(text) <= limit:
        return text
    return text[:limit].rpartition("\n")[0] + "\n\n… (shortened)\n"
