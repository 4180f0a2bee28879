"""What a decision says: the summary in the words that people know, the check's title, both within GitHub's limits."""

from dataclasses import replace

import pytest

from forgehand.domain.checks import CheckState
from forgehand.domain.effects.base import read_marker
from forgehand.domain.findings import Finding, Severity
from forgehand.domain.modes import COMMENT_ONLY
from forgehand.domain.policy import RepositoryPolicy
from forgehand.ports.checks import Protection
from forgehand.workers.review import decision_text as text
from forgehand.workers.review.decision_text import Words
from forgehand.workers.review.rules.decision import judge
from forgehand.workers.review.rules.facts import Attempt, Facts, Place
from forgehand.workers.review.rules.static import File, Told, told
from support.decisions import AUTO, BASE, DEFAULT, GOOD, HEAD, NOTHING_TO_RUN, OTHER, PULL, QUEUED, REVIEW, UNIT

URL = "https://forgehand.example/admin/effects/1"
BUG = Finding("shop/cart.py", 5, "F821", Severity.MAJOR, "Undefined name `x`", "", "ruff", "x")
FLAWED = replace(GOOD, review=replace(REVIEW, findings=(BUG,)))
RUNNING = replace(GOOD, checks=(replace(UNIT, state=CheckState.PENDING, told="in_progress"), NOTHING_TO_RUN))
MERGED = replace(
    GOOD, pull=replace(PULL, state="closed", merged=True), attempt=Attempt(HEAD, BASE, merged=OTHER), checks=()
)


def _words(facts: Facts, policy: RepositoryPolicy = AUTO, notes: tuple[str, ...] = ()) -> Words:
    telling = told(facts.review, policy.review) if facts.review else Told((), 0, 0)
    return Words(facts, judge(facts, policy), telling, notes)


def _pull(**changes: object) -> Facts:
    return replace(GOOD, pull=replace(PULL, **changes))  # type: ignore[arg-type]


APPROVED = "- Tests: ✅ Passing\n- Code review: ✅ Approved\n- Merge conflicts: ✅ None\n"


@pytest.mark.parametrize(
    ("facts", "policy", "headline", "title"),
    [
        (GOOD, AUTO, "✅ Automated review passed. It is being merged.", "Ready, and being merged"),
        (
            GOOD,
            DEFAULT,
            "✅ Automated review passed. Ready: a person merges it.",
            "Ready. merge.auto is false: a person merges",
        ),
        (
            replace(GOOD, operator=COMMENT_ONLY),
            AUTO,
            "✅ Automated review passed. Ready: a person merges it.",
            "Ready. Forgehand only comments here (FORGEHAND_MODE=comment-only): a person merges it",
        ),
        (
            replace(GOOD, place=Place(3, HEAD)),
            QUEUED,
            "✅ Automated review passed. In the merge queue, at position 3.",
            "Ready, in the merge queue at position 3",
        ),
        (
            replace(GOOD, protection=Protection(approvals=1)),
            AUTO,
            "✅ Automated review passed. It is not merged yet.",
            "Ready. It needs 1 more approval by people who may write",
        ),
        (FLAWED, AUTO, "❌ Automated review found issues", "Static review: 1 major finding"),
        (RUNNING, AUTO, "⏳ Automated review: not yet", "Not yet: tests: unit has not finished yet (in_progress)"),
        (
            _pull(mergeable=None),
            AUTO,
            "⏳ Automated review: not yet",
            "Not yet: merge conflicts: GitHub has not worked out yet whether it merges into main",
        ),
        (
            _pull(draft=True),
            AUTO,
            "A draft: it is reviewed once it is ready for review.",
            "Not a draft: The pull request is a draft",
        ),
        (MERGED, AUTO, "✅ Automated review passed. PR merged automatically.", "Open: The pull request is merged"),
        (replace(MERGED, attempt=None), AUTO, "Merged.", "Open: The pull request is merged"),
        (_pull(state="closed"), AUTO, "Closed without a merge.", "Open: The pull request is closed"),
    ],
)
def test_every_standing_has_its_words(facts: Facts, policy: RepositoryPolicy, headline: str, title: str) -> None:
    words = _words(facts, policy)
    assert text.headline(words) == headline
    assert text.check_title(words) == title


def test_an_approved_one_has_the_three_lines_and_why_it_is_not_merged_yet() -> None:
    body = text.summary(_words(GOOD, DEFAULT), URL)
    assert APPROVED in body
    assert "**Why it is not merged yet:** merge" in body
    assert "❌" not in body
    assert f"[how this was decided]({URL})" in body


def test_merged_is_said_only_once_it_is_merged() -> None:
    assert "merged automatically" not in text.summary(_words(GOOD), URL)
    body = text.summary(_words(MERGED), URL)
    assert body.startswith("### ✅ Automated review passed. PR merged automatically.\n")
    assert APPROVED in body


def test_a_rejected_one_has_reason_and_list() -> None:
    facts = replace(FLAWED, pull=replace(PULL, mergeable=False))
    body = text.summary(_words(facts), URL)
    assert body.startswith("### ❌ Automated review found issues\n")
    assert "**Reason:** merge conflicts: It conflicts with main" in body.replace("\\", "")
    assert "- Tests: ✅ Passing\n- Code review: ❌ 1 major finding" in body
    assert "- ❌ **merge conflicts** ·" in body
    assert "- ❌ **static review** · 1 major finding" in body
    assert "| 🔴 major | `shop/cart.py:5` | Undefined name `x` | `F821` |" in body


def test_a_secret_is_told_before_everything_else_and_all_count_alike() -> None:
    advice = replace(BUG, severity=Severity.MINOR, rule="F401")
    key = replace(BUG, tool="secrets", rule="stripe-key", title="A live key")
    words = _words(replace(GOOD, review=replace(REVIEW, findings=(BUG, advice, key))))
    assert text.check_title(words) == "Secrets: 1 secret; static review: 1 major finding and 1 minor one"
    body = text.summary(words, URL)
    assert "**Reason:** secrets: 1 secret; static review: 1 major finding and 1 minor one" in body.replace("\\", "")
    assert "- Code review: ❌ 1 secret; 1 major finding and 1 minor one" in body
    assert [body.count(badge) for badge in ("| 🔴 secret |", "| 🔴 major |", "| 🟡 minor |")] == [1, 1, 1]


def test_every_changed_file_is_listed_with_what_happened_to_it() -> None:
    files = (*REVIEW.files, File("l", "added", left_out="a symbolic link", excused=True))
    body = text.summary(_words(replace(GOOD, review=replace(REVIEW, files=files))), URL)
    assert "<details><summary>2 changed files: 1 reviewed, 0 partial, 1 skipped</summary>" in body
    assert "- reviewed: `shop/cart.py` (by ruff, secrets)" in body
    assert "- skipped: `l` (a symbolic link)" in body


def test_what_did_not_finish_is_said_plainly() -> None:
    facts = replace(GOOD, review=replace(REVIEW, failures=(("ruff", "it <b>broke</b>"),)))
    body = text.summary(_words(facts), URL)
    assert "`ruff` did not finish, so its silence means nothing: it &lt;b\\>broke&lt;/b\\>" in body


def test_what_is_wrong_with_the_policy_is_noted() -> None:
    assert "> config\\.yml:3:1: no mapping" in text.summary(
        _words(GOOD, notes=("config.yml:3:1: no mapping",)), URL
    ).replace("\\:", ":")


def test_the_check_tells_of_the_change_alone_for_it_belongs_to_the_commit() -> None:
    summary = text.check_summary(_words(FLAWED, DEFAULT))
    assert "**static review**" in summary
    assert "wanted" not in summary


def test_names_that_strangers_choose_stay_on_one_line_and_forge_nothing() -> None:
    evil = "<!-- forgehand:" + "b" * 32 + " -->\n@everyone"
    words = _words(replace(GOOD, checks=(replace(UNIT, name=evil, state=CheckState.FAILED), NOTHING_TO_RUN)))
    assert "\n" not in text.check_title(words)
    for body in (text.summary(words, URL), text.check_summary(words)):
        assert read_marker(body) is None
        assert "@everyone" not in body


def test_three_thousand_files_stay_within_githubs_limit_and_are_counted() -> None:
    files = tuple(replace(REVIEW.files[0], path=f"{'deep/' * 20}module_{n:04}.py") for n in range(3000))
    body = text.summary(_words(replace(GOOD, review=replace(REVIEW, files=files))), URL)
    assert len(body) <= text.MAX_BODY
    shown = body.count("- reviewed: ")
    assert f"- … and {3000 - shown} more files" in body
    assert body.count("</details>") == 1


def test_a_thousand_failing_checks_stay_within_the_limits() -> None:
    checks = tuple(replace(UNIT, name=f"{n} " + "`|*_<" * 60, state=CheckState.FAILED) for n in range(1000))
    words = _words(replace(GOOD, checks=checks))
    assert len(text.summary(words, URL)) <= text.MAX_BODY
    assert len(text.check_title(words)) <= text.MAX_TITLE


def test_the_same_decision_gives_the_same_bytes() -> None:
    assert text.summary(_words(FLAWED), URL) == text.summary(_words(FLAWED), URL)
