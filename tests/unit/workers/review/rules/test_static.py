"""What the analysers saw, judged from plain values."""

from dataclasses import replace

import pytest

from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.findings import Finding, Severity
from forgehand.domain.policy import ReviewPolicy
from forgehand.domain.rulings import Ruling, State, first
from forgehand.workers.review.rules.static import (
    Depth,
    Entry,
    File,
    StaticReview,
    judge_review,
    manifest,
    tally,
    told,
    unsaid,
)

FILE = File("a.py", "modified", looked=("ruff", "secrets"))
REVIEW = StaticReview("f" * 40, "main", (FILE,))
POLICY = ReviewPolicy()


def _finding(line: int = 3, severity: Severity = Severity.MAJOR, tool: str = "ruff", text: str = "") -> Finding:
    return Finding("a.py", line, "F821", severity, "Undefined name `x`", "", tool, text or f"line {line}")


def _ruling(review: StaticReview, rule: str) -> Ruling:
    return next(part for part in judge_review(review, POLICY).parts if part.rule == rule)


def _blocker(review: StaticReview) -> Ruling:
    blocker = first(judge_review(review, POLICY).parts, State.VIOLATED)
    assert blocker is not None
    return blocker


def _passes(review: StaticReview, policy: ReviewPolicy = POLICY) -> bool:
    return judge_review(review, policy).state is State.SATISFIED


def test_nothing_found_passes() -> None:
    ruling = judge_review(REVIEW, POLICY)
    assert (ruling.state, ruling.reason) == (State.SATISFIED, "Nothing stands in the way.")
    assert {part.state for part in ruling.parts} == {State.SATISFIED}


def test_a_major_finding_blocks_and_is_named() -> None:
    review = replace(REVIEW, findings=(_finding(), _finding(4, Severity.MINOR)))
    ruling = judge_review(review, POLICY)
    assert (ruling.state, ruling.costs) == (State.VIOLATED, Conclusion.FAILURE)
    assert ruling.reason == "static review: 1 major finding and 1 minor one."
    assert [part.reason for part in _blocker(review).parts] == ["a.py:3 Undefined name `x`"]


def test_minor_findings_do_not_block() -> None:
    review = replace(REVIEW, findings=(_finding(severity=Severity.MINOR),))
    assert _passes(review)
    assert _ruling(review, "static review").reason == "1 minor finding, none major."


def test_minor_findings_block_where_policy_wants_it() -> None:
    review = replace(REVIEW, findings=(_finding(severity=Severity.MINOR),))
    ruling = judge_review(review, ReviewPolicy(blocking=Severity.MINOR))
    assert ruling.reason == "static review: 1 minor finding."


def test_what_policy_does_not_want_told_neither_blocks_nor_counts_but_a_secret_does() -> None:
    ignoring = ReviewPolicy(ignore=("a.py",))
    assert _passes(replace(REVIEW, findings=(_finding(),)), ignoring)
    secret = replace(REVIEW, findings=(_finding(), _finding(5, tool="secrets")))
    assert judge_review(secret, ignoring).reason == "secrets: 1 secret."
    assert [each.tool for each in told(secret, ignoring).findings] == ["secrets"]


def test_a_secret_is_judged_by_its_own_rule() -> None:
    review = replace(REVIEW, findings=(_finding(tool="secrets"),))
    assert _ruling(review, "secrets").state is State.VIOLATED
    assert _ruling(review, "static review").state is State.SATISFIED


def test_all_that_is_wrong_is_named_and_a_secret_first() -> None:
    findings = (_finding(), _finding(4, Severity.MINOR), _finding(5, tool="secrets"))
    review = replace(REVIEW, findings=findings, failures=(("ruff", "it broke"),))
    assert _blocker(review).rule == "secrets"
    said = "secrets: 1 secret; static review: 1 major finding and 1 minor one"
    assert judge_review(review, POLICY).reason == f"{said}; complete: ruff could not finish: it broke"


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        ((1, 0, 0), "1 secret"),
        ((2, 1, 0), "2 secrets and 1 major finding"),
        ((1, 0, 2), "1 secret and 2 minor findings"),
        ((1, 1, 3), "1 secret, 1 major finding and 3 minor ones"),
        ((0, 2, 1), "2 major findings and 1 minor one"),
        ((0, 0, 2), "2 minor findings"),
    ],
)
def test_findings_are_counted_by_what_they_are(counted: tuple[int, int, int], said: str) -> None:
    secrets, majors, minors = counted
    findings = [_finding(tool="secrets")] * secrets + [_finding()] * majors + [_finding(3, Severity.MINOR)] * minors
    assert tally(findings) == said


def test_a_broken_analyser_is_never_silently_clean() -> None:
    missed = replace(FILE, looked=("secrets",), missed=(("ruff", "it took longer than 60 s"),))
    review = replace(REVIEW, files=(missed,), failures=(("ruff", "it took longer than 60 s"),))
    blocker = _blocker(review)
    assert (blocker.costs, blocker.reason) == (
        Conclusion.ACTION_REQUIRED,
        "ruff could not finish: it took longer than 60 s",
    )
    assert manifest(review) == (Entry("a.py", Depth.PARTIAL, "by secrets; not by ruff: it took longer than 60 s"),)


def test_a_file_that_an_analyser_could_not_read_makes_the_review_incomplete() -> None:
    review = replace(REVIEW, files=(FILE, replace(FILE, path="b.py", missed=(("ruff", "not UTF-8"),))))
    reason = "1 file could not be read by an analyser: ruff on b.py (not UTF-8)."
    assert (_blocker(review).costs, _blocker(review).reason) == (Conclusion.ACTION_REQUIRED, reason)


def test_a_major_finding_outweighs_an_incomplete_review() -> None:
    review = replace(REVIEW, findings=(_finding(),), failures=(("secrets", "it broke"),))
    assert judge_review(review, POLICY).costs is Conclusion.FAILURE


def test_a_rule_with_nothing_to_look_at_does_not_apply() -> None:
    review = replace(REVIEW, files=(File("a.bin", "removed"),))
    assert _ruling(review, "static review").state is State.NOT_APPLICABLE
    assert _passes(review)


def test_only_lines_that_the_diff_shows_carry_comments() -> None:
    shown = {"a.py": range(1, 11)}
    assert [f.line for f in unsaid((_finding(3), _finding(11)), (), shown)] == [3]


def test_a_file_that_the_diff_does_not_show_carries_no_comments() -> None:
    assert unsaid((_finding(),), (), {}) == ()


def test_what_was_said_on_an_earlier_commit_is_not_said_again() -> None:
    assert unsaid((_finding(),), (_finding().fingerprint,), {"a.py": range(1, 11)}) == ()


def test_a_second_copy_of_what_was_said_is_said() -> None:
    twins = (_finding(3, text="same"), _finding(7, text="same"))
    assert [f.line for f in unsaid(twins, (twins[0].fingerprint,), {"a.py": range(1, 11)})] == [7]


def test_no_more_than_the_policys_number_is_told_and_the_rest_is_counted() -> None:
    many = tuple(_finding(1 + n % 10, text=f"{n}") for n in range(40))
    telling = told(replace(REVIEW, findings=many), ReviewPolicy(max_findings=25))
    assert (len(telling.findings), telling.beyond, telling.majors, telling.secrets) == (25, 15, 40, 0)
    keys = tuple(replace(each, tool="secrets") for each in many[:2])
    telling = told(replace(REVIEW, findings=keys + many[2:]), POLICY)
    assert (telling.majors, telling.secrets) == (38, 2)


@pytest.mark.parametrize(
    ("file", "entry"),
    [
        (FILE, Entry("a.py", Depth.REVIEWED, "by ruff, secrets")),
        (replace(FILE, status="removed", looked=()), Entry("a.py", Depth.SKIPPED, "deleted")),
        (replace(FILE, left_out="a symbolic link", looked=()), Entry("a.py", Depth.SKIPPED, "a symbolic link")),
        (replace(FILE, binary=True, looked=("secrets",)), Entry("a.py", Depth.PARTIAL, "binary, by secrets")),
        (replace(FILE, looked=()), Entry("a.py", Depth.SKIPPED, "no analyser reads such files")),
        (replace(FILE, looked=(), missed=(("ruff", "x"),)), Entry("a.py", Depth.PARTIAL, "not by ruff: x")),
        (
            replace(FILE, looked=("secrets",), partly=(("ruff", "x"),)),
            Entry("a.py", Depth.PARTIAL, "by secrets; only in part by ruff: x"),
        ),
    ],
)
def test_every_file_has_exactly_one_status_with_its_reason(file: File, entry: Entry) -> None:
    assert manifest(replace(REVIEW, files=(file,))) == (entry,)


def test_files_that_were_read_in_part_are_counted() -> None:
    review = replace(REVIEW, files=(FILE, replace(FILE, path="b.yml", partly=(("yamllint", "a template"),))))
    assert _ruling(review, "complete").reason == "Every analyser read its files; 1 file only in part."
    assert _passes(review)


def test_files_that_have_nothing_to_read_are_counted() -> None:
    review = replace(REVIEW, files=(FILE, File("l", "added", left_out="a symbolic link", excused=True)))
    assert _ruling(review, "complete").reason == "Every analyser read its files; 1 file had nothing to read."
    assert _passes(review)


def test_a_file_that_nobody_could_read_is_not_taken_for_a_clean_one() -> None:
    left_out = tuple(File(path, "added", left_out="larger than 2,000,000 bytes") for path in ("z.py", "m.py"))
    blocker = _blocker(replace(REVIEW, files=(FILE, *left_out)))
    assert blocker.costs is Conclusion.ACTION_REQUIRED
    assert blocker.reason == "2 files could not be read: m.py (larger than 2,000,000 bytes) and 1 other."


def test_a_removed_file_needs_no_reader() -> None:
    assert _passes(replace(REVIEW, files=(FILE, File("gone", "removed", left_out="its name is not UTF-8"))))


def test_sides_that_could_not_be_compared_are_nothing_to_pass() -> None:
    ruling = judge_review(replace(REVIEW, files=(), not_compared="no common history"), POLICY)
    assert ruling.costs is Conclusion.ACTION_REQUIRED
    assert ruling.reason == "complete: The change could not be compared: no common history"


def test_the_manifest_is_in_order_of_paths() -> None:
    files = tuple(replace(FILE, path=path) for path in ("z", "a", "m"))
    assert [entry.path for entry in manifest(replace(REVIEW, files=files))] == ["a", "m", "z"]
