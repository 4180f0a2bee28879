"""More pushes within an hour than the operator allows: what is beyond waits and says until when."""

from functools import partial
from pathlib import Path
from typing import Any

from forgehand.domain.jobs import Job, JobState
from support.product import REPO, Product, decided, decisions, passed, product, stored, until


def test_pushes_beyond_the_cap_are_told_to_wait_and_none_but_the_last_is_kept(tmp_path: Path) -> None:
    with product(tmp_path, pull_runs_per_hour=1) as run:
        pull = _pushed(run, "One.\n")
        until(lambda: decided(run.forge, pull.head_sha), "the decision about what is within the cap")
        for text in ("Two.\n", "Three.\n"):
            last = run.forge.commit(REPO, "busy", {"NOTES.md": text})
            passed(run.forge, last)
            # Webhooks of two pushes at once may be taken in either order.
            until(partial(_told, run, last), "a decision that says until when")
        waiting = until(lambda: _held_back(run), "the reviews that wait")
        assert {(job.type, job.revision) for job in waiting} == {("review", last), ("testing", last)}
        assert len({job.run_at for job in waiting}) == 1
        assert decided(run.forge, last) is None


def _pushed(run: Product, text: str) -> Any:
    sha = run.forge.commit(REPO, "busy", {"NOTES.md": text}, "A busy branch")
    passed(run.forge, sha)
    return run.forge.open_pull(REPO, "busy", title="A busy branch")


def _told(run: Product, sha: str) -> bool:
    said = f"have not run on {sha[:7]} yet: #1 had 1 run within an hour (FORGEHAND_PULL_RUNS_PER_HOUR): it begins at"
    return any(said in (check.title or "") for check in decisions(run.forge, sha))


def _held_back(run: Product) -> list[Job]:
    jobs = [job for job in stored(run, lambda store: store.jobs(100, JobState.PENDING)) if job.payload.get("held_back")]
    return jobs if len(jobs) == 2 else []
