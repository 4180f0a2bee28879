"""The main flow, whole: the product's own processes, a practice GitHub, real git, real analysers, HTTP only."""

import re
from pathlib import Path

from forgehand.practice.records import Quirks
from support.openapi import assert_conforms
from support.product import (
    FLAWED,
    REPO,
    assert_said_once,
    at_rest,
    decided,
    decisions,
    open_flawed_pull,
    passed,
    product,
    reviewed,
    until,
)

AWKWARD = Quirks(stale_lists_seconds=1.0, mergeable_seconds=0.2)


def test_a_webhook_becomes_one_review_one_summary_and_one_check_run(tmp_path: Path) -> None:
    with product(tmp_path, quirks=AWKWARD, settle_seconds=2.0) as run:
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        assert_said_once(run.forge, pull.number, pull.head_sha)
        (review,) = run.forge.reviews(REPO, pull.number)
        (check,) = decisions(run.forge, pull.head_sha)
        (comment,) = run.forge.comments(REPO, pull.number)
        assert review.state == "COMMENTED"
        assert check.conclusion == "failure"
        assert "F821" in run.forge.review_comments(REPO, pull.number)[0].body
        assert "shop/cart.py" in comment.body
        assert re.fullmatch(rf"{run.admin_url}/pulls/\d+/{pull.number}", check.details_url or "")
        assert_conforms(run.forge.calls)
        assert run.forge.unmodelled() == ()
        assert [call.path for call in run.forge.calls if call.status == 422] == []


def test_a_clean_pull_request_gets_a_green_check_and_no_review(tmp_path: Path) -> None:
    with product(tmp_path) as run:
        sha = run.forge.commit(REPO, "docs", {"README.md": "# Shop\n\nOpen on Sundays.\n"}, "Say when we open")
        pull = run.forge.open_pull(REPO, "docs", title="Say when we open")
        passed(run.forge, sha)
        assert until(lambda: decided(run.forge, sha), "the check run").conclusion == "success"
        assert run.forge.reviews(REPO, pull.number) == ()


def test_a_second_push_edits_the_summary_and_does_not_say_a_thing_twice(tmp_path: Path) -> None:
    with product(tmp_path) as run:
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the first review")
        second = run.forge.commit(
            REPO, "feature-1", {"shop/till.py": "import os\n\n\ndef ring() -> int:\n    return 1\n"}
        )
        until(lambda: decided(run.forge, second), "the second check run")
        until(lambda: len(run.forge.reviews(REPO, pull.number)) == 2, "the second review")
        said = [(each.path, each.line) for each in run.forge.review_comments(REPO, pull.number)]
        assert sorted(said) == [("shop/cart.py", 5), ("shop/till.py", 1)]
        assert len(run.forge.comments(REPO, pull.number)) == 1


def test_what_was_flawed_before_the_change_is_not_held_against_it(tmp_path: Path) -> None:
    with product(tmp_path) as run:
        base = run.forge.commit(REPO, "main", FLAWED, "A bug of old")
        sha = run.forge.commit(
            REPO, "rename", {"shop/cart.py": "# Ours.\n" + FLAWED["shop/cart.py"]}, "Say whose", parent=base
        )
        pull = run.forge.open_pull(REPO, "rename")
        passed(run.forge, sha)
        assert until(lambda: decided(run.forge, sha), "the check run").conclusion == "success"
        assert run.forge.reviews(REPO, pull.number) == ()


def test_a_draft_is_left_alone_until_it_is_ready(tmp_path: Path) -> None:
    with product(tmp_path) as run:
        run.forge.commit(REPO, "feature-1", FLAWED)
        pull = run.forge.open_pull(REPO, "feature-1", draft=True)
        run.forge.set_draft(REPO, pull.number, False)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        assert_said_once(run.forge, pull.number, pull.head_sha)


def test_webhooks_doubled_and_out_of_order_end_in_the_same_state(tmp_path: Path) -> None:
    with product(tmp_path) as run:
        run.forge.webhooks.mode = "doubled"
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        run.forge.webhooks.mode = "shuffled"
        for text in ("one", "two", "three"):
            last = run.forge.commit(REPO, "feature-1", {"NOTES.md": text})
        run.forge.webhooks.release()
        until(lambda: decided(run.forge, last), "the check of the last push")
        assert len(run.forge.reviews(REPO, pull.number)) == 1
        assert len(run.forge.comments(REPO, pull.number)) == 1
        assert len(decisions(run.forge, last)) == 1


def test_every_write_used_a_token_of_one_repository_and_one_permission(tmp_path: Path) -> None:
    with product(tmp_path) as run:
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        # What is edited by then depends on who comes first; this has both edited.
        run.forge.report_status(REPO, pull.head_sha, "unit", "failure")
        until(lambda: "unit failed" in run.forge.comments(REPO, pull.number)[0].body, "the edited summary")
        until(lambda: at_rest(run), "the edited check")
        writes = {call.route: dict(call.permissions) for call in run.forge.mutations()}
        assert writes == {
            "/repos/{owner}/{repo}/pulls/{pull_number}/reviews": {"metadata": "read", "pull_requests": "write"},
            "/repos/{owner}/{repo}/issues/{issue_number}/comments": {"metadata": "read", "pull_requests": "write"},
            "/repos/{owner}/{repo}/issues/comments/{comment_id}": {"metadata": "read", "pull_requests": "write"},
            "/repos/{owner}/{repo}/check-runs": {"metadata": "read", "checks": "write"},
            "/repos/{owner}/{repo}/check-runs/{check_run_id}": {"metadata": "read", "checks": "write"},
        }
        mints = [call for call in run.forge.calls if (call.route or "").endswith("/access_tokens")]
        assert mints
        assert all(len(call.request["repository_ids"]) == 1 for call in mints if "repository_ids" in call.request)
        assert {call.request["permissions"].get("contents", "read") for call in mints} == {"read"}
