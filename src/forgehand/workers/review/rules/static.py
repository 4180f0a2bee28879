"""What the analysers saw of one head, and the rulings on it. Made by `analysis`, kept as a document, judged here.

A rule that has nothing to judge says so and is left out of what people read.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.findings import SECRETS, Finding, Severity
from forgehand.domain.policy import ReviewPolicy
from forgehand.domain.rulings import Ruling, State, reasons


@dataclass(frozen=True, slots=True)
class File:
    """A changed file. `looked` are the analysers that read it, `missed` those that should have, each with why not, and
    `partly` those that read it as far as it can be; `left_out` says why nobody could, and `excused` that there is
    nothing in it to read."""

    path: str
    status: str
    looked: tuple[str, ...] = ()
    missed: tuple[tuple[str, str], ...] = ()
    left_out: str = ""
    excused: bool = False
    binary: bool = False
    previous_path: str | None = None
    additions: int = 0
    deletions: int = 0
    partly: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StaticReview:
    """What is known of the change from `base_ref` to `head_sha`. `findings` are those that it adds, in order. It counts
    from `merge_base`, where the two parted; empty in what an older version kept."""

    head_sha: str
    base_ref: str
    files: tuple[File, ...]
    findings: tuple[Finding, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()
    """Analysers that broke, each with why."""
    not_compared: str = ""
    """Why the two sides could not be compared at all."""
    merge_base: str = ""

    def is_of(self, base_ref: str, merge_base: str) -> bool:
        """Whether this head would still land the same there. Without a push to it another commit counts where the base
        branch was moved back, or took in a part of what the head holds. An empty one is not known."""
        return self.base_ref == base_ref and merge_base in ("", self.merge_base)


@dataclass(frozen=True, slots=True)
class Told:
    """The findings that people read, and how many more there are that only count. A secret is counted as such, and
    not among the major ones."""

    findings: tuple[Finding, ...]
    beyond: int
    majors: int
    secrets: int = 0


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


def told(review: StaticReview, policy: ReviewPolicy) -> Told:
    """What policy wants told; of these at most `max_findings` one by one."""
    counting = _counting(review, policy)
    kinds = Counter(map(kind, counting))
    beyond = max(0, len(counting) - policy.max_findings)
    return Told(counting[: policy.max_findings], beyond, kinds[Severity.MAJOR], kinds[SECRETS])


def judge_review(review: StaticReview, policy: ReviewPolicy) -> Ruling:
    """The verdict on what the analysers saw, with the rulings it is made of. All that are violated name it."""
    rulings = no_secrets(review, policy), static_review(review, policy), complete(review)
    violated = [ruling for ruling in rulings if ruling.state is State.VIOLATED]
    if not violated:
        return Ruling("code review", State.SATISFIED, "Nothing stands in the way.", parts=rulings)
    return Ruling("code review", State.VIOLATED, reasons(violated), violated[0].costs, rulings)


def static_review(review: StaticReview, policy: ReviewPolicy) -> Ruling:
    return _by_findings("static review", review, policy, lambda finding: finding.tool != SECRETS)


def no_secrets(review: StaticReview, policy: ReviewPolicy) -> Ruling:
    return _by_findings("secrets", review, policy, lambda finding: finding.tool == SECRETS)


def complete(review: StaticReview) -> Ruling:
    """Silence counts only from an analyser that looked. GitHub takes a neutral check for a passed one, and the author
    of a change can make a file too large or too odd to be read: so somebody has to look."""
    reasons = [*_not_compared(review), *_unread(review)]
    if reasons:
        parts = tuple(Ruling("complete", State.VIOLATED, reason, Conclusion.ACTION_REQUIRED) for reason in reasons)
        return Ruling("complete", State.VIOLATED, reasons[0], Conclusion.ACTION_REQUIRED, parts)
    excused = sum(bool(file.left_out) and file.status != "removed" for file in review.files)
    but = f"; {count(excused, 'file')} had nothing to read" if excused else ""
    partly = sum(bool(file.partly) for file in review.files)
    but += f"; {count(partly, 'file')} only in part" if partly else ""
    return Ruling("complete", State.SATISFIED, f"Every analyser read its files{but}.", Conclusion.ACTION_REQUIRED)


def manifest(review: StaticReview) -> tuple[Entry, ...]:
    """Every changed file with what happened to it, in order of paths."""
    return tuple(_entry(file) for file in sorted(review.files, key=lambda file: file.path))


def unsaid(
    findings: Iterable[Finding], said: Iterable[str], shown: Mapping[str, Container[int]]
) -> tuple[Finding, ...]:
    """Those that no comment of ours carries yet, on lines that can carry one. `said` are fingerprints, one for each
    time; `shown` maps a path to the lines of its new side that GitHub's diff shows."""
    left = Counter(said)
    new: list[Finding] = []
    for finding in findings:
        if left[finding.fingerprint] > 0:
            left[finding.fingerprint] -= 1
        elif finding.line in shown.get(finding.path, ()):
            new.append(finding)
    return tuple(new)


def tally(findings: Iterable[Finding]) -> str:
    """`1 secret, 2 major findings and 1 minor one`. Everybody who counts findings counts them so."""
    kinds = Counter(map(kind, findings))
    majors, minors = kinds[Severity.MAJOR], kinds[Severity.MINOR]
    said = [count(kinds[SECRETS], "secret")] if kinds[SECRETS] else []
    said += [count(majors, "major finding")] if majors else []
    said += [count(minors, "minor one" if majors else "minor finding")] if minors else []
    return " and ".join(filter(None, (", ".join(said[:-1]), *said[-1:])))


def kind(finding: Finding) -> str:
    """What people are told that it is: `secret` outweighs every severity."""
    return SECRETS if finding.tool == SECRETS else finding.severity


def count(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _counting(review: StaticReview, policy: ReviewPolicy) -> tuple[Finding, ...]:
    return tuple(finding for finding in review.findings if policy.tells(finding))


def _by_findings(rule: str, review: StaticReview, policy: ReviewPolicy, mine: Callable[[Finding], bool]) -> Ruling:
    findings = [finding for finding in _counting(review, policy) if mine(finding)]
    blocking = [finding for finding in findings if policy.blocks(finding)]
    if blocking:
        named = blocking[: policy.max_findings]
        parts = tuple(Ruling(f.rule, State.VIOLATED, f"{f.path}:{f.line} {f.title}") for f in named)
        return Ruling(rule, State.VIOLATED, f"{tally(findings)}.", parts=parts)
    if not any(file.looked for file in review.files):
        return Ruling(rule, State.NOT_APPLICABLE, "There was no file to look at.")
    if findings:
        return Ruling(rule, State.SATISFIED, f"{tally(findings)}, none major.")
    return Ruling(rule, State.SATISFIED, "Nothing found on the changed lines.")


def _not_compared(review: StaticReview) -> list[str]:
    reasons = [f"The change could not be compared: {review.not_compared}"] if review.not_compared else []
    return reasons + [f"{name} could not finish: {why}" for name, why in review.failures]


def _unread(review: StaticReview) -> list[str]:
    reasons = []
    left_out = [file for file in review.files if file.left_out and not file.excused and file.status != "removed"]
    if left_out:
        reasons.append(f"{count(len(left_out), 'file')} could not be read: {_and_others(left_out)}")
    broken = {name for name, _ in review.failures}
    missed = [(file, name, why) for file in review.files for name, why in file.missed if name not in broken]
    if missed:
        file, name, why = min(missed, key=lambda each: (each[0].path, each[1]))
        which = f"{count(len({each[0].path for each in missed}), 'file')} could not be read by an analyser"
        reasons.append(f"{which}: {name} on {file.path} ({why}).")
    return reasons


def _and_others(files: list[File]) -> str:
    first = min(files, key=lambda file: file.path)
    others = f" and {count(len(files) - 1, 'other')}" if len(files) > 1 else ""
    return f"{first.path} ({first.left_out}){others}."


def _entry(file: File) -> Entry:
    if file.status == "removed":
        return Entry(file.path, Depth.SKIPPED, "deleted")
    if file.left_out:
        return Entry(file.path, Depth.SKIPPED, file.left_out)
    looked = ", ".join(file.looked)
    if file.missed or file.partly:
        missed = [f"not by {name}: {why}" for name, why in file.missed]
        partly = [f"only in part by {name}: {why}" for name, why in file.partly]
        return Entry(file.path, Depth.PARTIAL, "; ".join([*([f"by {looked}"] if looked else []), *missed, *partly]))
    if not file.looked:
        return Entry(file.path, Depth.SKIPPED, "no analyser reads such files")
    if file.binary:
        return Entry(file.path, Depth.PARTIAL, f"binary, by {looked}")
    return Entry(file.path, Depth.REVIEWED, f"by {looked}")
