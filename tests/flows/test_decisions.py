"""What is decided about pull requests of every kind, said once each: the whole product beside a practice GitHub whose
first answer about mergeability is always that it does not know. One product for all; each test has its own branch.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forgehand.adapters.sql import SqlStore
from forgehand.domain.facts import Fact
from forgehand.practice.records import Quirks
from support.product import (
    CLEAN,
    REPO,
    Product,
    at_rest,
    decided,
    decisions,
    open_flawed_pull,
    passed,
    product,
    stored,
    until,
)
from support.secrets import Fakes

NOTES = {"NOTES.md": "Open on Sundays.\n"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    quirks = Quirks(mergeable_seconds=0.2, stale_lists_seconds=0.3)
    with product(tmp_path_factory.mktemp("decisions"), quirks=quirks, settle_seconds=1.5) as made:
        yield made


def _open(run: Product, branch: str, files: dict[str, Any], **more: Any) -> Any:
    run.forge.commit(REPO, branch, files, f"Change {branch}", parent=more.pop("parent", None))
    return run.forge.open_pull(REPO, branch, title=f"Change {branch}", **more)


def _check(run: Product, pull: Any) -> Any:
    """The one check run, once it is concluded."""
    found = until(lambda: decided(run.forge, pull.head_sha), f"a decision about #{pull.number}")
    assert len(decisions(run.forge, pull.head_sha)) == 1
    return found


def _concludes(run: Product, pull: Any, conclusion: str) -> bool:
    check = decided(run.forge, pull.head_sha)
    return check is not None and check.conclusion == conclusion


def _summary(run: Product, pull: Any) -> str:
    (comment,) = run.forge.comments(REPO, pull.number)
    return comment.body.replace("\\", "")


def test_a_clean_one_is_ready_and_a_person_merges_it(run: Product) -> None:
    pull = _open(run, "clean", NOTES)
    passed(run.forge, pull.head_sha)
    check = _check(run, pull)
    assert (check.conclusion, check.title) == (
        "success",
        "Ready. Forgehand only comments here (FORGEHAND_MODE=comment-only): a person merges it",
    )
    until(lambda: "Automated review passed. Ready: a person merges it." in _summary(run, pull), "the summary")
    assert "- Tests: ✅ Passing\n- Code review: ✅ Approved\n- Merge conflicts: ✅ None\n" in _summary(run, pull)
    assert run.forge.reviews(REPO, pull.number) == ()


def test_a_drafts_check_stays_in_progress_and_alone_until_it_is_ready(run: Product) -> None:
    pull = _open(run, "draft", NOTES, draft=True)
    (check,) = until(lambda: decisions(run.forge, pull.head_sha), "a check that says it is a draft")
    assert (check.status, check.title) == ("in_progress", "Not a draft: The pull request is a draft")
    assert run.forge.comments(REPO, pull.number) == ()
    passed(run.forge, pull.head_sha)
    run.forge.set_draft(REPO, pull.number, False)
    until(lambda: _concludes(run, pull, "success"), "the decision once it is ready")
    assert len(decisions(run.forge, pull.head_sha)) == 1
    assert len(run.forge.comments(REPO, pull.number)) == 1


def test_a_conflict_blocks_and_an_unknown_mergeability_does_not(run: Product) -> None:
    old = run.forge.branch(REPO, "main")
    run.forge.commit(REPO, "main", {"README.md": "# Shop, on the right\n"}, "Right")
    pull = _open(run, "conflict", {"README.md": "# Shop, on the left\n"}, parent=old)
    passed(run.forge, pull.head_sha)
    check = _check(run, pull)
    assert (check.conclusion, check.title) == (
        "failure",
        "Merge conflicts: It conflicts with main: merge main into it",
    )
    until(lambda: "- Merge conflicts: ❌" in _summary(run, pull), "the summary")


def test_pending_is_not_yet_and_failing_is_a_failure(run: Product) -> None:
    pull = _open(run, "pending", NOTES)
    run.forge.report_status(REPO, pull.head_sha, "unit", "pending")
    until(
        lambda: any("unit has not finished yet" in check.title for check in decisions(run.forge, pull.head_sha)),
        "a check that says what it waits for",
    )
    assert decisions(run.forge, pull.head_sha)[0].status == "in_progress"
    run.forge.report_check(REPO, pull.head_sha, "lint", "failure")
    check = _check(run, pull)
    assert (check.conclusion, check.title) == ("failure", "Tests: lint failed (failure)")
    run.forge.report_check(REPO, pull.head_sha, "lint", "success")
    passed(run.forge, pull.head_sha)
    until(lambda: _concludes(run, pull, "success"), "the decision once all is green")


def test_a_required_check_that_has_not_reported_is_waited_for(run: Product) -> None:
    run.forge.set_branch(REPO, "stable", run.forge.branch(REPO, "main"))
    run.forge.protect(REPO, "stable", checks=["e2e", "Forgehand review"])
    pull = _open(run, "required", NOTES, base="stable")
    passed(run.forge, pull.head_sha)
    says = "The required check e2e has not reported on"
    until(lambda: any(says in check.title for check in decisions(run.forge, pull.head_sha)), "what it waits for")
    passed(run.forge, pull.head_sha, "e2e")
    assert _check(run, pull).conclusion == "success"


def test_a_secret_blocks_and_is_shown_nowhere(run: Product) -> None:
    token = Fakes(7).github_token()
    pull = _open(run, "secret", {"shop/keys.py": f'"""Keys."""\n\nTOKEN = "{token}"\n'})
    check = _check(run, pull)
    assert (check.conclusion, check.title) == ("failure", "Secrets: 1 secret")
    until(lambda: "- Code review: ❌" in _summary(run, pull), "the summary")
    assert token not in _summary(run, pull) + check.summary


def test_what_is_too_large_to_read_asks_for_a_person(run: Product) -> None:
    pull = _open(run, "large", {"shop/data.py": "x = 1\n" * 400_000})
    assert _check(run, pull).conclusion == "action_required"
    until(lambda: "could not be read: shop/data.py" in _summary(run, pull), "the summary")


def test_a_rejected_head_is_reviewed_and_counted_once_however_often_it_is_looked_at(run: Product) -> None:
    pull = open_flawed_pull(run.forge, 77)
    assert _check(run, pull).conclusion == "failure"
    # What asks for another look, one after the other.
    run.forge.create_label(REPO, "urgent")
    run.forge.set_labels(REPO, pull.number, ["urgent"])
    run.forge.close_pull(REPO, pull.number)
    run.forge.reopen_pull(REPO, pull.number)
    run.forge.report_status(REPO, pull.head_sha, "unit", "failure")
    until(lambda: "unit failed" in _summary(run, pull), "the last look")
    assert len(run.forge.reviews(REPO, pull.number)) == 1
    assert len(run.forge.review_comments(REPO, pull.number)) == 1
    assert len(decisions(run.forge, pull.head_sha)) == 1
    assert len(_judged(run, pull.number)) == 1


def test_polls_of_a_rejected_head_count_it_once_and_say_nothing_again(tmp_path: Path) -> None:
    with product(tmp_path, poll_seconds=0.5) as polled:
        polled.forge.webhooks.mode = "lost"
        pull = open_flawed_pull(polled.forge)
        _check(polled, pull)
        until(lambda: at_rest(polled), "all that the first poll gives cause for")
        before = len(polled.forge.mutations())

        def polls() -> int:
            jobs = stored(polled, lambda store: store.jobs(500))
            return sum(job.type == "reconcile" and job.state.ended for job in jobs)

        seen = polls()
        until(lambda: polls() >= seen + 3, "three more polls")
        assert len(_judged(polled, pull.number)) == 1
        assert len(polled.forge.mutations()) == before


def _judged(run: Product, number: int) -> list[Fact]:
    async def facts(store: SqlStore) -> list[Fact]:
        jobs = [job for job in await store.jobs(500) if (job.type, job.subject) == ("review", f"pull/{number}")]
        return [fact for job in jobs for fact in await store.facts_of(job=job.id) if fact.kind == "review.judged"]

    return stored(run, facts)


def test_a_clean_file_is_all_that_a_change_of_nothing_shows(run: Product) -> None:
    pull = _open(run, "same", {**CLEAN, "shop/till.py": '"""A till."""\n'})
    passed(run.forge, pull.head_sha)
    assert _check(run, pull).conclusion == "success"
