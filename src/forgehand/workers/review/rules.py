"""The judgement: facts and policy in, one explained verdict out. Pure; called by `worker`, spoken by `text`.

The rules stand in the order in which a person would ask; the first that is violated is the blocker. A rule that has
nothing to judge says so and is left out of what people read.
"""

from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from enum import StrEnum

from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.findings import SECRETS, Finding, Severity
from forgehand.domain.rulings import Ruling, State, first


@dataclass(frozen=True, slots=True)
class File:
    """A changed file. `shown` are the lines of its new side that GitHub's diff shows. `looked` are the analysers that
    read it, `missed` those that should have, each with why not; `left_out` says why nobody could, and `excused` that
    there is nothing in it to read."""

    path: str
    status: str
    shown: Container[int] = frozenset()
    looked: tuple[str, ...] = ()
    missed: tuple[tuple[str, str], ...] = ()
    left_out: str = ""
    excused: bool = False
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a pull request at `head_sha`. `findings` are those that the change adds, in order. `said`
    are fingerprints that our comments on earlier commits carry, one for each time."""

    head_sha: str
    base_ref: str
    state: str
    draft: bool
    files: tuple[File, ...]
    findings: tuple[Finding, ...] = ()
    said: tuple[str, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()
    """Analysers that broke, each with why."""
    not_compared: str = ""
    """Why the two sides could not be compared at all."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator and the repository ask for. `max_findings` are told apart; the rest is counted."""

    max_findings: int = 25


class Depth(StrEnum):
    REVIEWED = "reviewed"
    PARTIAL = "partial"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened to one changed file, and why."""

    path: str
    depth: Depth
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`ruling` is the root of the tree. `findings` are those told (`beyond` more are counted); of these `inline` are
    new and stand on a line that can carry a comment."""

    head_sha: str
    ruling: Ruling
    conclusion: Conclusion
    blocker: Ruling | None
    findings: tuple[Finding, ...]
    inline: tuple[Finding, ...]
    beyond: int
    manifest: tuple[Entry, ...]
    failures: tuple[tuple[str, str], ...] = field(default=())

    @property
    def majors(self) -> int:
        return sum(f.severity is Severity.MAJOR for f in self.findings)


def judge(facts: Facts, policy: Policy) -> Verdict:
    """The verdict on a pull request: the same facts and policy always give the same."""
    rulings = tuple(rule(facts) for rule in _RULES)
    blocker = first(rulings, State.VIOLATED)
    told = facts.findings[: policy.max_findings]
    return Verdict(
        head_sha=facts.head_sha,
        ruling=_root(rulings, blocker),
        conclusion=blocker.costs if blocker else Conclusion.SUCCESS,
        blocker=blocker,
        findings=told,
        inline=_inline(told, facts),
        beyond=len(facts.findings) - len(told),
        manifest=tuple(_entry(file) for file in sorted(facts.files, key=lambda file: file.path)),
        failures=facts.failures,
    )


def _open(facts: Facts) -> Ruling:
    if facts.state != "open":
        return Ruling("open", State.VIOLATED, "The pull request is closed.", Conclusion.NEUTRAL)
    return Ruling("open", State.SATISFIED, "The pull request is open.")


def _not_a_draft(facts: Facts) -> Ruling:
    if facts.draft:
        return Ruling("not a draft", State.VIOLATED, "The pull request is a draft.", Conclusion.NEUTRAL)
    return Ruling("not a draft", State.SATISFIED, "The pull request is ready for review.")


def _static_review(facts: Facts) -> Ruling:
    return _by_findings("static review", facts, lambda finding: finding.tool != SECRETS)


def _no_secrets(facts: Facts) -> Ruling:
    return _by_findings("secrets", facts, lambda finding: finding.tool == SECRETS)


def _complete(facts: Facts) -> Ruling:
    """Silence counts only from an analyser that looked. GitHub takes a neutral check for a passed one, and the author
    of a change can make a file too large or too odd to be read: so somebody has to look."""
    broken = {name for name, _ in facts.failures}
    reasons = [f"The change could not be compared: {facts.not_compared}"] if facts.not_compared else []
    reasons += [f"{name} could not finish: {why}" for name, why in facts.failures]
    left_out = [file for file in facts.files if file.left_out and not file.excused and file.status != "removed"]
    if left_out:
        reasons.append(f"{count(len(left_out), 'file')} could not be read: {_and_others(left_out)}")
    missed = [(file, name, why) for file in facts.files for name, why in file.missed if name not in broken]
    if missed:
        file, name, why = min(missed, key=lambda each: (each[0].path, each[1]))
        which = f"{count(len({each[0].path for each in missed}), 'file')} could not be read by an analyser"
        reasons.append(f"{which}: {name} on {file.path} ({why}).")
    if reasons:
        parts = tuple(Ruling("complete", State.VIOLATED, reason, Conclusion.ACTION_REQUIRED) for reason in reasons)
        return Ruling("complete", State.VIOLATED, reasons[0], Conclusion.ACTION_REQUIRED, parts)
    excused = sum(bool(file.left_out) and file.status != "removed" for file in facts.files)
    but = f"; {count(excused, 'file')} had nothing to read" if excused else ""
    return Ruling("complete", State.SATISFIED, f"Every analyser read its files{but}.", Conclusion.ACTION_REQUIRED)


def _and_others(files: list[File]) -> str:
    first = min(files, key=lambda file: file.path)
    others = f" and {count(len(files) - 1, 'other')}" if len(files) > 1 else ""
    return f"{first.path} ({first.left_out}){others}."


_RULES: tuple[Callable[[Facts], Ruling], ...] = (_open, _not_a_draft, _static_review, _no_secrets, _complete)


def _by_findings(rule: str, facts: Facts, mine: Callable[[Finding], bool]) -> Ruling:
    findings = [finding for finding in facts.findings if mine(finding)]
    majors = [finding for finding in findings if finding.severity is Severity.MAJOR]
    minors = len(findings) - len(majors)
    if majors:
        parts = tuple(Ruling(f.rule, State.VIOLATED, f"{f.path}:{f.line} {f.title}") for f in majors)
        return Ruling(rule, State.VIOLATED, f"{tally(len(majors), minors)}.", parts=parts)
    if not any(file.looked for file in facts.files):
        return Ruling(rule, State.NOT_APPLICABLE, "There was no file to look at.")
    if minors:
        return Ruling(rule, State.SATISFIED, f"{count(minors, 'minor finding')}, none major.")
    return Ruling(rule, State.SATISFIED, "Nothing found on the changed lines.")


def _root(rulings: tuple[Ruling, ...], blocker: Ruling | None) -> Ruling:
    if blocker is None:
        return Ruling("review", State.SATISFIED, "Nothing stands in the way.", parts=rulings)
    return Ruling("review", State.VIOLATED, f"{blocker.rule}: {blocker.reason}", blocker.costs, rulings)


def _inline(told: tuple[Finding, ...], facts: Facts) -> tuple[Finding, ...]:
    """Those of `told` that no comment on an earlier commit carries, on lines that can carry one."""
    said = Counter(facts.said)
    shown = {file.path: file.shown for file in facts.files if not file.left_out}
    inline: list[Finding] = []
    for finding in told:
        if said[finding.fingerprint] > 0:
            said[finding.fingerprint] -= 1
        elif finding.line in shown.get(finding.path, frozenset()):
            inline.append(finding)
    return tuple(inline)


def _entry(file: File) -> Entry:
    if file.status == "removed":
        return Entry(file.path, Depth.SKIPPED, "deleted")
    if file.left_out:
        return Entry(file.path, Depth.SKIPPED, file.left_out)
    looked = ", ".join(file.looked)
    if file.missed:
        missed = "; ".join(f"not by {name}: {why}" for name, why in file.missed)
        return Entry(file.path, Depth.PARTIAL, f"{looked and f'by {looked}; '}{missed}")
    if not file.looked:
        return Entry(file.path, Depth.SKIPPED, "no analyser reads such files")
    if file.binary:
        return Entry(file.path, Depth.PARTIAL, f"binary, by {looked}")
    return Entry(file.path, Depth.REVIEWED, f"by {looked}")


def tally(majors: int, minors: int) -> str:
    """`2 major findings and 1 minor one`."""
    return count(majors, "major finding") + (f" and {count(minors, 'minor one')}" if minors else "")


def count(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
