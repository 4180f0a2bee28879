"""The review's judgement, from plain values."""

from dataclasses import replace

import pytest

from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.findings import Finding, Severity
from forgehand.domain.rulings import Ruling, State
from forgehand.workers.review.rules import Depth, Entry, Facts, File, Policy, judge

FILE = File("a.py", "modified", shown=frozenset(range(1, 11)), looked=("ruff", "secrets"))
FACTS = Facts("f" * 40, "main", "open", draft=False, files=(FILE,))


def _finding(line: int = 3, severity: Severity = Severity.MAJOR, tool: str = "ruff", text: str = "") -> Finding:
    return Finding("a.py", line, "F821", severity, "Undefined name `x`", "", tool, text or f"line {line}")


def _ruling(facts: Facts, rule: str) -> Ruling:
    return next(part for part in judge(facts, Policy()).ruling.parts if part.rule == rule)


def test_nothing_found_is_a_success() -> None:
    verdict = judge(FACTS, Policy())
    assert (verdict.conclusion, verdict.blocker, verdict.inline) == (Conclusion.SUCCESS, None, ())
    assert verdict.ruling.reason == "Nothing stands in the way."
    assert {part.state for part in verdict.ruling.parts} == {State.SATISFIED}


def test_a_major_finding_blocks_and_is_named() -> None:
    verdict = judge(replace(FACTS, findings=(_finding(), _finding(4, Severity.MINOR))), Policy())
    assert verdict.conclusion is Conclusion.FAILURE
    assert verdict.blocker is not None
    assert (verdict.blocker.rule, verdict.blocker.reason) == ("static review", "1 major finding and 1 minor one.")
    assert [part.reason for part in verdict.blocker.parts] == ["a.py:3 Undefined name `x`"]
    assert verdict.ruling.reason == "static review: 1 major finding and 1 minor one."


def test_minor_findings_do_not_block() -> None:
    facts = replace(FACTS, findings=(_finding(severity=Severity.MINOR),))
    assert judge(facts, Policy()).conclusion is Conclusion.SUCCESS
    assert _ruling(facts, "static review").reason == "1 minor finding, none major."


def test_a_secret_is_judged_by_its_own_rule() -> None:
    facts = replace(FACTS, findings=(_finding(tool="secrets"),))
    assert _ruling(facts, "secrets").state is State.VIOLATED
    assert _ruling(facts, "static review").state is State.SATISFIED
    assert judge(facts, Policy()).conclusion is Conclusion.FAILURE


def test_the_first_violated_rule_is_the_blocker() -> None:
    facts = replace(FACTS, findings=(_finding(), _finding(5, tool="secrets")), failures=(("ruff", "it broke"),))
    blocker = judge(facts, Policy()).blocker
    assert blocker is not None
    assert blocker.rule == "static review"


def test_a_broken_analyser_is_never_silently_clean() -> None:
    missed = replace(FILE, looked=("secrets",), missed=(("ruff", "it took longer than 60 s"),))
    facts = replace(FACTS, files=(missed,), failures=(("ruff", "it took longer than 60 s"),))
    verdict = judge(facts, Policy())
    assert verdict.conclusion is Conclusion.ACTION_REQUIRED
    assert verdict.blocker is not None
    assert verdict.blocker.reason == "ruff could not finish: it took longer than 60 s"
    assert verdict.manifest == (Entry("a.py", Depth.PARTIAL, "by secrets; not by ruff: it took longer than 60 s"),)


def test_a_file_that_an_analyser_could_not_read_makes_the_review_incomplete() -> None:
    facts = replace(FACTS, files=(FILE, replace(FILE, path="b.py", missed=(("ruff", "not UTF-8"),))))
    verdict = judge(facts, Policy())
    assert verdict.conclusion is Conclusion.ACTION_REQUIRED
    assert _ruling(facts, "complete").reason == "1 file could not be read by an analyser: ruff on b.py (not UTF-8)."


def test_a_major_finding_outweighs_an_incomplete_review() -> None:
    facts = replace(FACTS, findings=(_finding(),), failures=(("secrets", "it broke"),))
    assert judge(facts, Policy()).conclusion is Conclusion.FAILURE


@pytest.mark.parametrize(
    ("changed", "rule"),
    [({"state": "closed"}, "open"), ({"draft": True}, "not a draft")],
)
def test_closed_and_draft_come_before_everything(changed: dict[str, object], rule: str) -> None:
    verdict = judge(replace(FACTS, findings=(_finding(),), **changed), Policy())  # type: ignore[arg-type]
    assert verdict.blocker is not None
    assert (verdict.blocker.rule, verdict.conclusion) == (rule, Conclusion.NEUTRAL)


def test_a_rule_with_nothing_to_look_at_does_not_apply() -> None:
    facts = replace(FACTS, files=(File("a.bin", "removed"),))
    assert _ruling(facts, "static review").state is State.NOT_APPLICABLE
    assert judge(facts, Policy()).conclusion is Conclusion.SUCCESS


def test_only_lines_that_the_diff_shows_carry_comments() -> None:
    verdict = judge(replace(FACTS, findings=(_finding(3), _finding(11))), Policy())
    assert [f.line for f in verdict.inline] == [3]
    assert [f.line for f in verdict.findings] == [3, 11]


def test_a_file_without_a_patch_carries_no_comments() -> None:
    facts = replace(FACTS, files=(replace(FILE, shown=frozenset()),), findings=(_finding(),))
    assert judge(facts, Policy()).inline == ()


def test_what_was_said_on_an_earlier_commit_is_not_said_again_but_still_counts() -> None:
    verdict = judge(replace(FACTS, findings=(_finding(),), said=(_finding().fingerprint,)), Policy())
    assert verdict.inline == ()
    assert verdict.conclusion is Conclusion.FAILURE
    assert len(verdict.findings) == 1


def test_a_second_copy_of_what_was_said_is_said() -> None:
    twins = (_finding(3, text="same"), _finding(7, text="same"))
    verdict = judge(replace(FACTS, findings=twins, said=(twins[0].fingerprint,)), Policy())
    assert [f.line for f in verdict.inline] == [7]


def test_no_more_than_the_policys_number_is_told_and_the_rest_is_counted() -> None:
    many = tuple(_finding(1 + n % 10, text=f"{n}") for n in range(40))
    verdict = judge(replace(FACTS, findings=many), Policy(max_findings=25))
    assert (len(verdict.findings), len(verdict.inline), verdict.beyond) == (25, 25, 15)


@pytest.mark.parametrize(
    ("file", "entry"),
    [
        (FILE, Entry("a.py", Depth.REVIEWED, "by ruff, secrets")),
        (replace(FILE, status="removed", looked=()), Entry("a.py", Depth.SKIPPED, "deleted")),
        (replace(FILE, left_out="a symbolic link", looked=()), Entry("a.py", Depth.SKIPPED, "a symbolic link")),
        (replace(FILE, binary=True, looked=("secrets",)), Entry("a.py", Depth.PARTIAL, "binary, by secrets")),
        (replace(FILE, looked=()), Entry("a.py", Depth.SKIPPED, "no analyser reads such files")),
        (replace(FILE, looked=(), missed=(("ruff", "x"),)), Entry("a.py", Depth.PARTIAL, "not by ruff: x")),
    ],
)
def test_every_file_has_exactly_one_status_with_its_reason(file: File, entry: Entry) -> None:
    assert judge(replace(FACTS, files=(file,)), Policy()).manifest == (entry,)


def test_files_that_have_nothing_to_read_are_counted() -> None:
    facts = replace(FACTS, files=(FILE, File("l", "added", left_out="a symbolic link", excused=True)))
    assert _ruling(facts, "complete").reason == "Every analyser read its files; 1 file had nothing to read."
    assert judge(facts, Policy()).conclusion is Conclusion.SUCCESS


def test_a_file_that_nobody_could_read_is_not_taken_for_a_clean_one() -> None:
    left_out = tuple(File(path, "added", left_out="larger than 2,000,000 bytes") for path in ("z.py", "m.py"))
    verdict = judge(replace(FACTS, files=(FILE, *left_out)), Policy())
    assert verdict.conclusion is Conclusion.ACTION_REQUIRED
    assert verdict.blocker is not None
    assert verdict.blocker.reason == "2 files could not be read: m.py (larger than 2,000,000 bytes) and 1 other."


def test_a_removed_file_needs_no_reader() -> None:
    facts = replace(FACTS, files=(FILE, File("gone", "removed", left_out="its name is not UTF-8")))
    assert judge(facts, Policy()).conclusion is Conclusion.SUCCESS


def test_sides_that_could_not_be_compared_are_nothing_to_pass() -> None:
    verdict = judge(replace(FACTS, files=(), not_compared="no common history"), Policy())
    assert verdict.conclusion is Conclusion.ACTION_REQUIRED
    assert verdict.ruling.reason == "complete: The change could not be compared: no common history"


def test_the_manifest_is_in_order_of_paths() -> None:
    files = tuple(replace(FILE, path=path) for path in ("z", "a", "m"))
    assert [entry.path for entry in judge(replace(FACTS, files=files), Policy()).manifest] == ["a", "m", "z"]
