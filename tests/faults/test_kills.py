"""kill -9 at every step between the receipt of a webhook and the posted review. Nothing is lost, nothing is doubled.

At the step, server and worker are both killed, and the product is started again on the same store. The webhook was
acknowledged before, or it is redelivered because our sweep asks for it; either way exactly one review, one summary
and one check run stand in the end.
"""

from pathlib import Path

import pytest

from forgehand.domain.jobs import JobState
from forgehand.engine.steps import Step
from support.product import Product, assert_said_once, open_flawed_pull, product, reviewed, stored, until

EFFECTS = ("review", "comment", "check_run")
STEPS = [
    (Step.DELIVERY_RECORDED, "pull_request"),
    *(
        (step, job)
        for job in ("plan", "review", "decide")
        for step in (Step.JOB_CLAIMED, Step.JOB_SETTLING, Step.JOB_SETTLED)
    ),
    *(
        (step, kind)
        for kind in EFFECTS
        for step in (
            Step.EFFECT_INTENDED,
            Step.EFFECT_LOOKED_UP,
            Step.EFFECT_SENDING,
            Step.EFFECT_PERFORMED,
            Step.EFFECT_RECEIPTED,
        )
    ),
]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    return {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("postgres_url")}


@pytest.mark.parametrize(("step", "about"), STEPS, ids=[f"{step} ({about})" for step, about in STEPS])
def test_killed_at_a_step_the_outcome_is_the_same(
    tmp_path: Path, database: dict[str, str], step: Step, about: str
) -> None:
    with product(tmp_path, start=False, sweep_seconds=1.0, **database) as run:
        run.trap = f"{step}|{about}|both|{tmp_path / 'trapped'}"
        run.start()
        pull = open_flawed_pull(run.forge)
        until((tmp_path / "trapped").exists, f"the step “{step}” of {about}")
        run.wait_dead()
        run.start()
        finished(run, pull.number, pull.head_sha)


@pytest.mark.parametrize(
    ("step", "about"),
    [(Step.JOB_CLAIMED, "review"), (Step.EFFECT_SENDING, "review"), (Step.EFFECT_PERFORMED, "comment")],
)
def test_a_worker_that_is_killed_alone_is_started_again_and_goes_on(tmp_path: Path, step: Step, about: str) -> None:
    with product(tmp_path, start=False) as run:
        run.trap = f"{step}|{about}|worker|{tmp_path / 'trapped'}"
        run.start()
        pull = open_flawed_pull(run.forge)
        finished(run, pull.number, pull.head_sha)
        assert (tmp_path / "trapped").exists()
        assert run.process is not None
        assert run.process.poll() is None


def finished(run: Product, number: int, sha: str) -> None:
    until(lambda: reviewed(run.forge, number, sha) and idle(run), "the review after the restart")
    assert_said_once(run.forge, number, sha)


def idle(run: Product) -> bool:
    """Whether no job that a webhook made is unfinished."""
    jobs = [job for job in stored(run, lambda store: store.jobs(100)) if job.type in ("plan", "review", "decide")]
    return bool(jobs) and all(job.state in (JobState.COMPLETED, JobState.SUPERSEDED) for job in jobs)
