"""GitHub answers late, wrongly or not at all while we write. Exactly one of each stands in the end."""

from pathlib import Path

import pytest

from forgehand.engine.steps import Step
from support.product import REPO, assert_said_once, open_flawed_pull, product, reviewed, until

WRITES = {
    "review": "/repos/{owner}/{repo}/pulls/{pull_number}/reviews",
    "comment": "/repos/{owner}/{repo}/issues/{issue_number}/comments",
    "check run": "/repos/{owner}/{repo}/check-runs",
}
PULL = "/repos/{owner}/{repo}/pulls/{pull_number}"
COMMENT = "/repos/{owner}/{repo}/issues/comments/{comment_id}"


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("fault", ["error_before", "error_after", "cut_before", "cut_after", "lands_later"])
def test_a_write_without_a_clear_answer_happens_once(tmp_path: Path, write: str, fault: str) -> None:
    with product(tmp_path, settle_seconds=1.5) as run:
        struck = run.forge.faults.add(fault, route=WRITES[write], method="POST", seconds=0.7)  # type: ignore[arg-type]
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        assert struck.hits == 1
        assert_said_once(run.forge, pull.number, pull.head_sha)


def test_a_worker_killed_after_a_write_that_lands_later_does_not_repeat_it(tmp_path: Path) -> None:
    with product(tmp_path, start=False, settle_seconds=2.0) as run:
        run.trap = f"{Step.JOB_SETTLING}|review|both|{tmp_path / 'trapped'}"
        run.start()
        run.forge.faults.add("lands_later", route=WRITES["review"], method="POST", seconds=1.0)
        pull = open_flawed_pull(run.forge)
        until((tmp_path / "trapped").exists, "the step")
        run.wait_dead()
        run.start()
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        assert_said_once(run.forge, pull.number, pull.head_sha)


@pytest.mark.parametrize("fault", ["secondary", "primary", "content"])
def test_a_rate_limit_delays_and_loses_nothing(tmp_path: Path, fault: str) -> None:
    write = WRITES["review" if fault == "content" else "comment"]
    with product(tmp_path) as run:
        limit = run.forge.faults.add(fault, route=write, method="POST", retry_after=2)  # type: ignore[arg-type]
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        assert limit.hits == 1
        assert_said_once(run.forge, pull.number, pull.head_sha)
        posts = [call for call in run.forge.calls if call.route == write and call.method == "POST"]
        assert posts[1].at - posts[0].at >= 2


def test_a_pull_request_that_a_copy_of_github_does_not_have_yet_is_reviewed(tmp_path: Path) -> None:
    with product(tmp_path) as run:
        late = run.forge.faults.add("error_before", route=PULL, count=2, status=404)
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        assert late.hits == 2
        assert_said_once(run.forge, pull.number, pull.head_sha)


def test_a_command_that_a_copy_of_github_does_not_have_yet_is_obeyed(tmp_path: Path) -> None:
    with product(tmp_path) as run:
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        late = run.forge.faults.add("error_before", route=COMMENT, method="GET", count=2, status=404)
        asked = run.forge.comment(REPO, pull.number, "dev", "/forgehand review")
        until(lambda: "+1" in {each.content for each in run.forge.reactions(asked)}, "the answer")
        assert late.hits == 2


def test_a_repository_that_the_app_lost_fails_with_what_is_missing(tmp_path: Path) -> None:
    import asyncio

    from forgehand.adapters.sql import SqlStore

    with product(tmp_path) as run:
        run.forge.faults.add("error_before", route=PULL, count=None, status=404)
        open_flawed_pull(run.forge)

        async def why() -> str:
            store = SqlStore(run.settings.database_url)
            await store.open()
            try:
                return next((job.why for job in await store.jobs(10) if job.type == "review" and job.state.ended), "")
            finally:
                await store.close()

        assert "acme/shop" in until(lambda: asyncio.run(why()), "the failed job")
        assert run.forge.reviews(REPO, 1) == ()
